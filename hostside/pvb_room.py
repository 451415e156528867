#!/usr/bin/env python3
"""pvb_room - says whether a host has room for what is to be made, before it is made. Imported by other programs here.

CHANGES       nothing
REQUIREMENTS  Python 3.6, iproute2; LVM where a volume group is asked about
OVERHEAD      a short process for addresses, for routes and for a volume group
UNDONE        nothing to undo
"""

import ipaddress
import json
import os
import subprocess

MIB = 1 << 20
MEMORY_KEPT = 256 * MIB  # for two guests' device models and the tools: a dom0 without memory kills one of them
DISK_KEPT = 256 * MIB  # for the guests' boot disks, traces, and the logs of everybody else
OURS = "198.18.0.0/15"
WIDE = 8  # a route to this much of the Internet, or more, says nothing of a network in it


class Full(Exception):
    """There is no room; the message says how much is needed, how much there is, and what to do."""


def said(*argv):
    """Return what a program printed."""
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        raise Full(f"{' '.join(argv)}: {done.stderr.decode(errors='replace').strip() or done.returncode}")
    return done.stdout.decode(errors="replace")


def size(amount):
    """Return an amount of bytes for people."""
    return f"{amount / MIB:,.0f} MiB"


def disks(sizes):
    """Return what is to be made, for people."""
    return f"{size(sum(sizes))} for {len(sizes)} scratch disk{'s' * (len(sizes) != 1)}"


def memory(sizes, meminfo="/proc/meminfo"):
    """Raise Full where dom0's memory has no room for scratch disks and what it needs itself."""
    with open(meminfo) as file:
        facts = dict(line.split(":", 1) for line in file)
    there = int(facts["MemAvailable"].split()[0]) * 1024
    if sum(sizes) + MEMORY_KEPT > there:
        raise Full(
            f"dom0's memory has no room: {disks(sizes)}, and {size(MEMORY_KEPT)} must stay free; "
            f"{size(there)} are available: a smaller `scratch:` in the matrix, `storage: disk` in hosts.yaml, "
            "or more memory for dom0"
        )


def folder(path, sizes):
    """Raise Full where a folder's file system has no room for scratch disks and a reserve."""
    found = os.statvfs(path)
    there = found.f_bavail * found.f_frsize
    if sum(sizes) + DISK_KEPT > there:
        raise Full(
            f"no space left in {path}: {disks(sizes)}, and {size(DISK_KEPT)} must stay free; {size(there)} are: "
            "a smaller `scratch:` in the matrix, or another scratch folder in hosts.yaml"
        )


def overlay(path, disk, copy=0):
    """Raise Full where a folder's file system has no room for an image's copy and an overlay that stands on it.

    An overlay grows by all that its guest writes, to the size of the image's disk.
    """
    found = os.statvfs(path)
    there = found.f_bavail * found.f_frsize
    if copy + disk + DISK_KEPT > there:
        image = f"the image has {size(copy)}, " if copy else ""
        raise Full(
            f"no space left in {path}: {image}what the guest writes may come to {size(disk)}, the size of its "
            f"image's disk, and {size(DISK_KEPT)} must stay free; {size(there)} are: an image with a smaller disk, "
            "another scratch folder in hosts.yaml, or `pvbench clean HOST --all`, which removes earlier images"
        )


def group(name, sizes):
    """Raise Full where a volume group has too few free extents for scratch disks."""
    columns = "vg_extent_size,vg_free_count"
    words = said("vgs", "--noheadings", "--units", "b", "--nosuffix", "-o", columns, name).split()
    try:
        extent, free = (int(word) for word in words)
    except ValueError:
        raise Full(f"vgs says nothing of the free extents of the volume group {name}: {' '.join(words)}") from None
    needed = sum(-(-amount // extent) for amount in sizes)
    if needed > free:
        raise Full(
            f"the volume group {name} has no room: {disks(sizes)} are {needed} extents of {size(extent)}, "
            f"{free} are free ({size(free * extent)}): a smaller `scratch:` in the matrix, or vgextend"
        )


def addresses():
    """Raise Full where an address or a route of the host lies in the network that guests get theirs from."""
    for where, network in in_use():
        if ipaddress.ip_network(network, strict=False).overlaps(ipaddress.ip_network(OURS)):
            raise Full(
                f"{OURS}, which pvbench's guests get addresses from, is in use on this host: {where}; "
                "take it off there, or measure on another host"
            )


def in_use():
    """Yield the host's addresses and routes: (in words, network)."""
    for link in json.loads(said("ip", "-json", "-4", "address", "show") or "[]"):
        for each in link.get("addr_info", ()):
            network = f"{each['local']}/{each['prefixlen']}"
            yield f"{network} on {link['ifname']}", network
            if "address" in each:
                yield f"{each['address']}, the other end of {link['ifname']}", each["address"]
    for route in json.loads(said("ip", "-json", "-4", "route", "show", "table", "all") or "[]"):
        network = route.get("dst", "default")
        if network != "default" and ipaddress.ip_network(network, strict=False).prefixlen > WIDE:
            yield f"a route to {network}" + (f" by {route['dev']}" if "dev" in route else ""), network


if __name__ == "__main__":
    addresses()
