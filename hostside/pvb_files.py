#!/usr/bin/env python3
"""pvb_files - puts a file on a host and, told to, the one that was there back. Imported by other programs here.

CHANGES       the files it is given, their originals noted first in the record, with owner, mode and time
REQUIREMENTS  Python 3.6
OVERHEAD      small files, written and synced
UNDONE        byte for byte; a file that somebody changed since is left, and told
"""

import base64
import hashlib
import os
import stat

import pvb_record
from pvb_step import Refused

LARGEST = 4 << 20


def digest(data):
    """Return the SHA-256 of bytes as hex."""
    return hashlib.sha256(data).hexdigest()


def read(path):
    """Return what a file holds, or None where there is none."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def kept(path):
    """Return all that is needed to put a file back; None where there is none."""
    if not os.path.lexists(path):
        return None
    facts = os.lstat(path)
    if not stat.S_ISREG(facts.st_mode) or facts.st_size > LARGEST:
        raise Refused(f"{path} is no file of settings", "pvbench changes no links, folders or large files there")
    data = base64.b64encode(read(path)).decode()
    return {"data": data, "mode": facts.st_mode & 0o7777, "owner": [facts.st_uid, facts.st_gid], "at": facts.st_mtime}


def put(step, path, text, mode=0o644):
    """Have a file hold this text; return whether that changed anything."""
    place, data = step.at(path), text.encode(errors="surrogateescape")
    if read(place) == data and not os.path.islink(place):
        return False
    made = [] if step.record.find("file", path=path) else folders(step, path)
    change = step.record.find("file", path=path)
    if change:
        change["wrote"] = digest(data)
        step.record.save()
    else:
        step.record.note({"kind": "file", "path": path, "before": kept(place), "wrote": digest(data), "folders": made})
    os.makedirs(os.path.dirname(place), exist_ok=True)
    before = os.stat(place) if os.path.exists(place) else None
    pvb_record.write(place, data, before.st_mode & 0o7777 if before else mode)
    if before:
        os.chown(place, before.st_uid, before.st_gid)
    return True


def keep(step, path):
    """Note a file as it is now, for others to change: undo puts it back whatever it holds then."""
    if not step.record.find("file", path=path):
        before = kept(step.at(path))
        step.record.note({"kind": "file", "path": path, "before": before, "wrote": None, "folders": []})


def folders(step, path):
    """Return the folders on the way to a file that are not there yet, the outermost first."""
    missing, folder = [], os.path.dirname(path)
    while folder not in ("", "/") and not os.path.isdir(step.at(folder)):
        missing.insert(0, folder)
        folder = os.path.dirname(folder)
    return missing


def restore(step, change):
    """Put a file back as it was and return a sentence about it. Raises Refused where somebody else changed it."""
    path, before = change["path"], change["before"]
    place, now = step.at(path), read(step.at(path))
    was = base64.b64decode(before["data"]) if before else None
    if now is not None and now != was and change["wrote"] not in (None, digest(now)):
        raise Refused(f"{path} was changed by somebody after pvbench wrote it: left as it is")
    if before is None:
        if now is not None:
            os.unlink(place)
            pvb_record.sync_folder(os.path.dirname(place))
    else:
        os.makedirs(os.path.dirname(place), exist_ok=True)
        pvb_record.write(place, was, before["mode"])
        os.chown(place, *before["owner"])
        os.utime(place, (before["at"], before["at"]))
    for folder in reversed(change["folders"]):
        if os.path.isdir(step.at(folder)) and not os.listdir(step.at(folder)):
            os.rmdir(step.at(folder))
    return "{} {}".format("put back" if before else "removed", path)
