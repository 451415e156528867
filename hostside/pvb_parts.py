#!/usr/bin/env python3
"""pvb_parts - what dom0 has in use for a domain: keys of both ends, backend modules, device model. Imported by others.

CHANGES       nothing
REQUIREMENTS  Python 3.6, a xenstored with its socket; root. By hand: pvb_parts.py DOMID
OVERHEAD      starts no process
UNDONE        nothing to undo

Which build of a module runs is told by its note (Linux, Documentation/ABI/testing/sysfs-module), given here as
hexadecimal; one that is built in has the kernel's own notes.
"""

import json
import os
import sys

import pvb_xenstore


def text(path):
    """Return a file's text without the white space around it, or None."""
    try:
        with open(path, errors="replace") as file:
            return file.read().strip()
    except OSError:
        return None


def raw(path):
    """Return a file's bytes in hexadecimal, or None."""
    try:
        with open(path, "rb") as file:
            return file.read().hex()
    except OSError:
        return None


def lies_at(module, folder):
    """Return the file that modprobe would load for a module, or None: a line of modules.dep (modules.dep(5))."""
    for line in (text(f"{folder}/modules.dep") or "").splitlines():
        path = line.split(":", 1)[0]
        if os.path.basename(path).split(".ko", 1)[0].replace("-", "_") == module:
            return path if path.startswith("/") else f"{folder}/{path}"
    return None


def modules(names, sys_root="/sys", files=None):
    """Return, of each module that runs, whether it is built in, its notes and its file below the folder `files`."""
    files, found = files or f"/lib/modules/{os.uname().release}", {}
    for name in names:
        folder = f"{sys_root}/module/{name}"
        if not os.path.isdir(folder):
            continue
        built_in = not os.path.exists(f"{folder}/initstate")
        notes = f"{sys_root}/kernel/notes" if built_in else f"{folder}/notes/.note.gnu.build-id"
        path = None if built_in else lies_at(name, files)
        found[name] = {"built_in": built_in, "notes": raw(notes), "path": path}
    return found


def keys(domid):
    """Return {path: value} of both ends of every device of a domain, whatever kind of backend serves it."""
    with pvb_xenstore.Xenstore() as store:
        listed = store.ask(pvb_xenstore.DIRECTORY, ["/local/domain/0/backend"])["/local/domain/0/backend"]
        kinds = [kind for kind in (listed or "").split("\0") if kind]
        backends = [f"/local/domain/0/backend/{kind}/{domid}" for kind in kinds]
        return store.trees([f"/local/domain/{domid}/device", *backends])


def model(pid):
    """Return a device model's command line and the file it runs, or None."""
    try:
        with open(f"/proc/{pid}/cmdline", errors="replace") as file:
            argv = file.read().rstrip("\0").split("\0")
        return {"argv": argv, "program": os.readlink(f"/proc/{pid}/exe")}
    except OSError:
        return None


def parts(domid, names, pid):
    """Return all of it for a domain; `pid` is its device model's, 0 where it has none."""
    return {
        "kernel": os.uname().release,
        "modules": modules(names),
        "xenstore": keys(domid),
        "model": model(pid) if pid else None,
    }


if __name__ == "__main__":
    with pvb_xenstore.Xenstore() as asked:
        own = asked.read(f"/local/domain/{int(sys.argv[1])}/image/device-model-pid")
    json.dump(parts(int(sys.argv[1]), ["xen_netback", "xen_blkback"], int(own or 0)), sys.stdout, indent=1)
    sys.stdout.write("\n")
