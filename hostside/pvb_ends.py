#!/usr/bin/env python3
"""pvb_ends - both ends of every vif and virtual disk of a domain, as xenstore has them. Imported by others here.

CHANGES       nothing
REQUIREMENTS  Python 3.6, a xenstored with its socket; root. By hand: pvb_ends.py DOMID
OVERHEAD      starts no process; some dozen answers of xenstored a device
UNDONE        nothing to undo
"""

import json
import re
import sys

import pvb_xenstore

FRONT_CLASSES, BACK_KINDS = ("vif", "vbd"), ("vif", "vbd", "qdisk", "vbd3", "tap")
FRONT_KEYS = {
    "vif": (
        "backend",
        "state",
        "mac",
        "request-rx-copy",
        "multi-queue-num-queues",
        "feature-sg",
        "feature-gso-tcpv4",
        "feature-gso-tcpv6",
        "feature-no-csum-offload",
        "event-channel-tx",
        "queue-0/event-channel-tx",
    ),
    "vbd": (
        "backend",
        "state",
        "device-type",
        "multi-queue-num-queues",
        "ring-page-order",
        "num-ring-pages",
        "feature-persistent",
    ),
}
BACK_KEYS = {
    "vif": (
        "state",
        "hotplug-status",
        "mac",
        "bridge",
        "vifname",
        "multi-queue-max-queues",
    ),
    "vbd": (
        "state",
        "hotplug-status",
        "dev",
        "params",
        "physical-device-path",
        "device-type",
        "multi-queue-max-queues",
        "max-ring-page-order",
        "feature-persistent",
        "feature-max-indirect-segments",
        "feature-flush-cache",
        "feature-barrier",
        "feature-discard",
    ),
}
BACKEND = re.compile(r"/local/domain/(\d+)/backend/([a-z0-9]+)/(\d+)/(\d+)")
LONGEST = 512  # of a value: what a guest writes into its own nodes is its own affair


def values(store, folder, keys):
    """Return {key: value} of those keys of a folder of xenstore that have one."""
    answers = store.ask(pvb_xenstore.READ, [f"{folder}/{key}" for key in keys])
    found = ((key, answers[f"{folder}/{key}"]) for key in keys)
    return {key: value[:LONGEST] for key, value in found if value is not None}


def below(store, folder):
    """Return the names of a folder's nodes."""
    return [name for name in (store.ask(pvb_xenstore.DIRECTORY, [folder])[folder] or "").split("\0") if name]


def devices(store, domid):
    """Return the ends of every vif and disk, by the guest's folder of devices and by dom0's own of backends."""
    backs, fronts = {}, {}
    for kind in BACK_KINDS:
        for number in below(store, f"/local/domain/0/backend/{kind}/{domid}"):
            there = f"/local/domain/0/backend/{kind}/{domid}/{number}"
            backs["vif" if kind == "vif" else "vbd", number] = (kind, there)
    for kind in FRONT_CLASSES:
        for number in below(store, f"/local/domain/{domid}/device/{kind}"):
            here = f"/local/domain/{domid}/device/{kind}/{number}"
            fronts[kind, number] = values(store, here, FRONT_KEYS[kind])
            told = BACKEND.fullmatch(fronts[kind, number].get("backend", ""))
            if told and (told.group(3), told.group(4)) == (str(domid), number):
                backs.setdefault((kind, number), (told.group(2), told.group(0)))
    found = []
    for kind, number in sorted(set(backs) | set(fronts)):
        back_kind, path = backs.get((kind, number), (None, None))
        back = values(store, path, BACK_KEYS[kind]) if path else {}
        backend = {"kind": back_kind, "domid": int(BACKEND.fullmatch(path).group(1))} if path else None
        front = fronts.get((kind, number), {})
        if number.isdigit():
            found.append({"kind": kind, "number": int(number), "front": front, "back": back, "backend": backend})
    return found


if __name__ == "__main__":
    with pvb_xenstore.Xenstore() as connection:
        json.dump(devices(connection, int(sys.argv[1])), sys.stdout, indent=1)
    sys.stdout.write("\n")
