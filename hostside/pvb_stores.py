#!/usr/bin/env python3
"""pvb_stores - which backing store is behind a path: file, block device, volume under its aliases, loop device.

CHANGES       nothing. By hand: pvb_stores.py PATH…
REQUIREMENTS  Python 3.6, Linux's /sys
OVERHEAD      a few small files read for each path
UNDONE        nothing to undo

Two paths are one store where writing to one changes what is read of the other: the same file under two names (links,
hard links, mounts), a block device under its aliases (/dev/vg/lv, /dev/mapper/vg-lv and /dev/dm-0 are one number), a
loop device and its file, a disk and its partition, a volume and the device it lies on. Two partitions of one disk, and
two volumes of one group, are two stores.
"""

import itertools
import json
import os
import stat
import sys

SYS = "/sys/dev/block"


def text(path):
    """Return a small file's text without the newline at its end, or None where there is none."""
    try:
        with open(path, errors="replace") as file:
            return file.read().rstrip("\n")
    except OSError:
        return None


def store(path):
    """Return what a path names: "file DEVICE:INODE" or "block MAJOR:MINOR"; None for neither, or nothing there."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    if stat.S_ISBLK(found.st_mode):
        return f"block {os.major(found.st_rdev)}:{os.minor(found.st_rdev)}"
    if stat.S_ISREG(found.st_mode):
        return f"file {found.st_dev}:{found.st_ino}"
    return None


def beneath(name):
    """Return the stores that one lies on, by what Linux says of it: a partition's disk, a volume's, a loop's file."""
    kind, number = name.split(" ")
    if kind != "block":
        return []
    folder = os.path.join(SYS, number)
    file = text(os.path.join(folder, "loop/backing_file"))
    found = [store(file)] if file else []
    above = os.path.join(os.path.dirname(os.path.realpath(folder)), "dev")
    if os.path.exists(os.path.join(folder, "partition")) and text(above):
        found.append(f"block {text(above)}")
    slaves = os.path.join(folder, "slaves")
    for each in sorted(os.listdir(slaves)) if os.path.isdir(slaves) else ():
        dev = text(os.path.join(slaves, each, "dev"))
        found.append(dev and f"block {dev}")
    return [each for each in found if each]


def lies_on(path):
    """Return the store behind a path and all that it lies on, the path's own first; [] where nothing is there."""
    own = store(path)
    found = [own] if own else []
    for each in found:
        found += [other for other in beneath(each) if other not in found]
    return found


def clash(disks):
    """Return the first two of some disks ({"vdev", "target", "writable"}) that are one store, and how, or None."""
    stores = [(disk, os.path.realpath(disk["target"]), lies_on(disk["target"])) for disk in disks if disk["target"]]
    for (one, path, on), (other, path2, on2) in itertools.combinations(stores, 2):
        if not (one["writable"] or other["writable"]):
            continue
        if path == path2 or (on and on2 and (on[0] in on2 or on2[0] in on)):
            return one, other
    return None


if __name__ == "__main__":
    json.dump({path: lies_on(path) for path in sys.argv[1:]}, sys.stdout, indent=1)
    sys.stdout.write("\n")
