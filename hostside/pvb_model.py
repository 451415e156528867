#!/usr/bin/env python3
"""pvb_model - what the device model of a domain was started with, and what it says over QMP, only asked and never told.

CHANGES       nothing
REQUIREMENTS  Python 3.6, Xen 4.14 or later; root. By hand: pvb_model.py DOMID
OVERHEAD      starts no process; holds a QMP socket for as long as three answers take
UNDONE        nothing to undo

A QMP socket serves one client at a time: one that is busy is left alone after a moment, for a toolstack waits for it.
What a device model says is not trusted: a guest may have broken into it.
"""

import json
import os
import re
import socket
import sys
import time

FOLDER = "/var/run/xen"
SOCKETS = ("qmp-libxenstat-{}", "qmp-libxl-{}")  # the second is the toolstack's own
PATIENCE_S = 3
LONGEST = 1 << 20  # of a line that it says
PID_NODES = ("/local/domain/{}/image/device-model-pid", "/local/domain/{}/qemu-pid")  # of libxl; of xenopsd
QUESTIONS = {
    "blockstats": {"execute": "query-blockstats"},
    "named": {"execute": "qom-list", "arguments": {"path": "/machine/peripheral"}},
    "unnamed": {"execute": "qom-list", "arguments": {"path": "/machine/peripheral-anon"}},
}


def pid_of(store, domid):
    """Return the process of a domain's device model, or None: its own command line must say so, for pids are reused."""
    for node in PID_NODES:
        pid = store.read(node.format(domid)) or ""
        if pid.isdigit() and of_domain(command_line(pid), domid):
            return int(pid)
    return None


def of_domain(argv, domid):
    """Say whether a command line is that of a device model of this domain."""
    return any(
        (word == "-xen-domid" and after == str(domid)) or word == f"qemu-dm-{domid}"
        for word, after in zip(argv, [*argv[1:], ""])
    )


def command_line(pid):
    """Return a process's arguments; [] for one that is gone."""
    try:
        with open(f"/proc/{pid}/cmdline", errors="replace") as file:
            return file.read().rstrip("\0").split("\0")
    except OSError:
        return []


def taps(pid):
    """Return {file descriptor: network interface} of a process that was handed its taps open."""
    found = {}
    try:
        for name in os.listdir(f"/proc/{pid}/fdinfo"):
            with open(f"/proc/{pid}/fdinfo/{name}", errors="replace") as file:
                interface = re.search(r"^iff:\s*(\S+)", file.read(), re.MULTILINE)
            if interface:
                found[name] = interface.group(1)
    except OSError:
        pass
    return found


def answers(path, questions, patience_s):
    """Return {name: what a device model returns to that question, None where it does not know it}.

    Raises socket.timeout where it does not answer, ValueError for what is no answer.
    """
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(patience_s)
        line.connect(path)
        with line.makefile("rw") as stream:
            said(stream)  # its greeting: none comes while it serves another
            told = {}
            for name, question in [("", {"execute": "qmp_capabilities"}), *sorted(questions.items())]:
                stream.write(json.dumps(question) + "\n")
                stream.flush()
                answer, until = said(stream), time.monotonic() + patience_s
                while "event" in answer:
                    if time.monotonic() > until:
                        raise socket.timeout
                    answer = said(stream)
                told[name] = answer.get("return")
    return told


def said(stream):
    """Return the next object that a device model says. Raises ValueError where that is none."""
    told = json.loads(stream.readline(LONGEST))
    if not isinstance(told, dict):
        raise ValueError("it says what is no QMP")
    return told


def counted(blockstats):
    """Return {drive: {"bytes", "ios"}} of what the device model counts of its disks; None of what it does not tell."""
    if blockstats is None:
        return None
    seen = {}
    for disk in blockstats:
        name, stats = disk.get("device") or disk.get("node-name"), disk["stats"]
        if name:
            seen[name] = {
                "bytes": int(stats["rd_bytes"]) + int(stats["wr_bytes"]),
                "ios": int(stats["rd_operations"]) + int(stats["wr_operations"]),
            }
    return seen


def look(domid):
    """Return {"disks", "devices", "silent"}: counters, the devices it has now, and why it says nothing.

    A device is {"name", "type"}; one that the guest unplugged is not there any more.
    """
    reasons = []
    for name in SOCKETS:
        path = os.path.join(FOLDER, name.format(domid))
        if not os.path.exists(path):
            continue
        try:
            told = answers(path, QUESTIONS, PATIENCE_S)
            found = [each for part in ("named", "unnamed") for each in told[part] or ()]
            devices = [
                {"name": each["name"], "type": each["type"][len("child<") : -1]}
                for each in found
                if each["type"].startswith("child<")
            ]
            listed = told["named"] is not None
            return {"disks": counted(told["blockstats"]), "devices": devices if listed else None, "silent": None}
        except socket.timeout:
            reasons.append(f"{path} is in use, or the device model hangs")
        except (OSError, KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            reasons.append(f"{path}: {error}")
    reason = "; ".join(reasons) or f"it has no QMP socket in {FOLDER}"
    return {"disks": None, "devices": None, "silent": reason}


if __name__ == "__main__":
    json.dump(look(int(sys.argv[1])), sys.stdout, indent=1)
    sys.stdout.write("\n")
