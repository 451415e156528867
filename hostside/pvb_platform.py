#!/usr/bin/env python3
"""pvb_platform - which system a dom0 is and what of it differs from host to host. Imported by other programs here.

CHANGES       nothing
REQUIREMENTS  Python 3.6. By hand: pvb_platform.py
OVERHEAD      starts ovs-vsctl where there is one, and nothing else; a pass over /proc
UNDONE        nothing to undo

What is built into a kernel is in no list of modules: what runs is told by the drivers on the bus of the backends.
"""

import glob
import json
import os
import re
import shutil
import subprocess
import sys

MANAGERS = ("apt-get", "dnf", "yum", "zypper", "apk", "pacman")
BACKENDS = {"vif": "xen_netback", "vbd": "xen_blkback"}
TOOLSTACKS = (("xapi", "/etc/xensource-inventory"), ("qubes", "/etc/qubes-release"))


def text(path):
    """Return a file's text without the white space around it; "" where there is none."""
    try:
        with open(path, errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""


def release():
    """Return what os-release(5) says, by name."""
    said = text("/etc/os-release") or text("/usr/lib/os-release")
    pairs = (line.split("=", 1) for line in said.splitlines() if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip().strip("\"'") for name, value in pairs}


def init():
    """Return what started this machine's services."""
    if os.path.isdir("/run/systemd/system"):
        return "systemd"
    return "openrc" if os.path.isdir("/run/openrc") else "other"


def backend(driver, module):
    """Return how the kernel has a backend: "module", "built in", "loadable", or None where it has none."""
    loaded = text(f"/sys/module/{module}/initstate")
    if loaded:
        return "module"
    if os.path.isdir(f"/sys/bus/xen-backend/drivers/{driver}"):
        return "built in"
    folder = f"/lib/modules/{os.uname().release}"
    name = r"/{}\.ko".format(module.replace("_", "[-_]"))
    if re.search(name, text(folder + "/modules.builtin")):
        return "built in"
    return "loadable" if re.search(name, text(folder + "/modules.dep")) else None


def bridges():
    """Return {name: "bridge"|"openvswitch"} of what guests can be ports of."""
    found = {path.split("/")[-2]: "bridge" for path in glob.glob("/sys/class/net/*/bridge")}
    if shutil.which("ovs-vsctl"):
        try:
            done = subprocess.run(
                [shutil.which("ovs-vsctl"), "--timeout=5", "list-br"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                timeout=10,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return found
        found.update((name, "openvswitch") for name in done.stdout.decode(errors="replace").split())
    return found


def xenstored():
    """Return which xenstored answers here, by its name; None where none runs in this domain."""
    names = {text(path) for path in glob.glob("/proc/[0-9]*/comm")}
    return next((name for name in ("oxenstored", "xenstored") if name in names), None)


def security():
    """Return what may keep a device model from a file though root may read it."""
    found = []
    enforced = text("/sys/fs/selinux/enforce")
    if enforced:
        found.append("SELinux, {}".format("enforcing" if enforced == "1" else "permissive"))
    if text("/sys/module/apparmor/parameters/enabled") == "Y":
        found.append("AppArmor")
    return found


def losetup():
    """Return whose losetup this is: busybox has one of the name that knows neither --show nor --direct-io."""
    there = shutil.which("losetup")
    if there is None:
        return None
    return "busybox" if os.path.basename(os.path.realpath(there)) == "busybox" else "util-linux"


def look():
    """Return everything at once."""
    said = release()
    toolstack = next((name for name, mark in TOOLSTACKS if os.path.exists(mark)), None)
    return {
        "id": said.get("ID", "").lower(),
        "like": said.get("ID_LIKE", "").lower().split(),
        "version": said.get("VERSION_ID", ""),
        "toolstack": toolstack or ("xl" if shutil.which("xl") else None),
        "init": init(),
        "packages": next((name for name in MANAGERS if shutil.which(name)), None),
        "xenstored": xenstored(),
        "backends": {driver: backend(driver, module) for driver, module in sorted(BACKENDS.items())},
        "bridges": bridges(),
        "security": security(),
        "losetup": losetup(),
        "python": "{}.{}".format(*sys.version_info[:2]),
    }


if __name__ == "__main__":
    json.dump(look(), sys.stdout, indent=1)
    sys.stdout.write("\n")
