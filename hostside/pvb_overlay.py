#!/usr/bin/env python3
"""pvb_overlay - an empty qcow2 that stands on an image: what a guest writes goes there, and is gone with it.

CHANGES       writes the one file it is told to. By hand: pvb_overlay.py OVERLAY IMAGE FORMAT BYTES
REQUIREMENTS  Python 3.6
OVERHEAD      256 KiB that are nearly all a hole
UNDONE        by removing the file

qemu-img is no part of a Xen host, and this is all of it that is needed: a header, two tables and no cluster. By QEMU's
docs/interop/qcow2.txt, version 3.
"""

import os
import struct
import sys

CLUSTER_BITS = 16
CLUSTER = 1 << CLUSTER_BITS
BACKING_FORMAT = 0xE2792ACA
LONGEST_NAME = 1023


def write(path, image, form, size):
    """Write an overlay of an image: its absolute path, its format ("qcow2", "raw") and its disk's size in bytes."""
    name = os.fsencode(image)
    if not os.path.isabs(image) or len(name) > LONGEST_NAME:
        raise ValueError(f"an image below an overlay has an absolute path of at most {LONGEST_NAME} bytes: {image!r}")
    entries = -(-size // (CLUSTER * CLUSTER // 8))
    table = -(-entries * 8 // CLUSTER)
    # Clusters: the header, the reference table, one block of references, then the table of clusters.
    counted = 3 + table
    if counted > CLUSTER // 2:
        raise ValueError(f"an image of {size} bytes is larger than an overlay of this kind can be")
    extension = struct.pack(">II", BACKING_FORMAT, len(form)) + form.encode() + bytes(-len(form) % 8)
    end = struct.pack(">II", 0, 0)
    header_bytes = 104
    at = header_bytes + len(extension) + len(end)
    header = struct.pack(
        ">4sIQIIQIIQQIIQQQQII",
        b"QFI\xfb",
        3,
        at,
        len(name),
        CLUSTER_BITS,
        size,
        0,
        entries,
        3 * CLUSTER,
        CLUSTER,
        1,
        0,
        0,
        0,
        0,
        0,
        4,
        header_bytes,
    )
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(header + extension + end + name)
        file.truncate(counted * CLUSTER)
        file.seek(CLUSTER)
        file.write(struct.pack(">Q", 2 * CLUSTER))
        file.seek(2 * CLUSTER)
        file.write(struct.pack(">H", 1) * counted)


if __name__ == "__main__":
    write(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
