#!/usr/bin/env python3
"""pvb_record - what a step of the stack changed on a host, written down before each change. Imported by other programs.

CHANGES       <scratch>/stack/<program>.json, and the folder
REQUIREMENTS  Python 3.6
OVERHEAD      a small file written and synced for each change
UNDONE        by the step's undo: what is undone leaves the record, an empty record is removed

A record holds what there was before the first deployment. A second one with other settings leaves that as it is, so
undo always goes back to the host that pvbench found.
"""

import json
import os

STAYS = 0o1600  # by the sticky bit systemd-tmpfiles knows a file that it is not to remove from /var/tmp for its age


def write(path, data, mode=0o600):
    """Write a file whole or not at all, on disk when this returns, its name included."""
    part = path + ".pvbench-part"
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.rename(part, path)
    sync_folder(os.path.dirname(path))


def replace(path, made):
    """Have a file that was made beside another take its place, owner and mode, whole or not at all."""
    before = os.stat(path) if os.path.exists(path) else None
    with open(made, "rb+") as file:
        if before:
            os.fchmod(file.fileno(), before.st_mode & 0o7777)
            os.fchown(file.fileno(), before.st_uid, before.st_gid)
        os.fsync(file.fileno())
    os.rename(made, path)
    sync_folder(os.path.dirname(path))


def sync_folder(folder):
    """Have the names in a folder on disk."""
    there = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(there)
    finally:
        os.close(there)


class Record:
    """What one program changed, the oldest first: [{"kind", …}…]."""

    def __init__(self, scratch, program):
        self.folder = os.path.join(scratch, "stack")
        self.path = os.path.join(self.folder, program + ".json")
        self.changes = []
        if os.path.exists(self.path):
            with open(self.path) as file:
                self.changes = json.load(file)["changes"]

    def find(self, kind, **facts):
        """Return the change of that kind with those facts, or None."""
        for change in self.changes:
            if change["kind"] == kind and all(change.get(key) == value for key, value in facts.items()):
                return change
        return None

    def note(self, change):
        """Note what is about to be changed."""
        self.changes.append(change)
        self.save()

    def forget(self, change):
        """Leave out what was undone; a record without changes is removed."""
        self.changes.remove(change)
        self.save()

    def save(self):
        """Have the record on disk as it is now."""
        if self.changes:
            os.makedirs(self.folder, mode=0o700, exist_ok=True)
            write(self.path, json.dumps({"changes": self.changes}, indent=1).encode(), STAYS)
        elif os.path.exists(self.path):
            os.unlink(self.path)
            sync_folder(self.folder)
