#!/usr/bin/env python3
"""pvb_devices - what the devices of a domain have moved so far, as dom0 counts it. Imported by other programs here.

CHANGES       nothing
REQUIREMENTS  Python 3.6, Xen 4.14 or later; root. By hand: pvb_devices.py DOMID
OVERHEAD      starts no process
UNDONE        nothing to undo
"""

import glob
import json
import os
import sys

import pvb_model


def number(path):
    """Return the number in a file of sysfs."""
    with open(path) as file:
        return int(file.read().strip())


def nics(domid):
    """Return the counters of the domain's vifs and of the taps of its emulated NICs: bytes each way, packets in all."""
    seen = {}
    for path in glob.glob(f"/sys/class/net/vif{domid}.*"):
        counted = {name: number(f"{path}/statistics/{name}") for name in ("rx_bytes", "tx_bytes")}
        packets = sum(number(f"{path}/statistics/{way}_packets") for way in ("rx", "tx"))
        seen[os.path.basename(path)] = {"rx": counted["rx_bytes"], "tx": counted["tx_bytes"], "packets": packets}
    return seen


def vbds(domid):
    """Return blkback's counters of the domain's disks; sectors are of 512 bytes."""
    seen = {}
    for path in glob.glob(f"/sys/bus/xen-backend/devices/vbd-{domid}-*/statistics"):
        sectors = number(f"{path}/rd_sect") + number(f"{path}/wr_sect")
        ios = number(f"{path}/rd_req") + number(f"{path}/wr_req")
        seen[path.split("/")[-2]] = {"bytes": 512 * sectors, "ios": ios}
    return seen


def blockstats(domid):
    """Return the device model's counters of its disks, asked over the QMP socket that libxenstat would use."""
    path = os.path.join(pvb_model.FOLDER, pvb_model.SOCKETS[0].format(domid))
    question = {"blockstats": pvb_model.QUESTIONS["blockstats"]}
    return pvb_model.counted(pvb_model.answers(path, question, patience_s=20)["blockstats"])


def counters(domid, kind):
    """Return {"nics"} or, for disks, {"vbds", "blockstats"}; the last is None where no device model answers."""
    if kind == "net":
        return {"nics": nics(domid)}
    try:
        emulated = blockstats(domid)
    except (OSError, KeyError, TypeError, ValueError, AttributeError, ArithmeticError):
        emulated = None
    return {"vbds": vbds(domid), "blockstats": emulated}


if __name__ == "__main__":
    json.dump([counters(int(sys.argv[1]), kind) for kind in ("net", "block")], sys.stdout)
    sys.stdout.write("\n")
