#!/usr/bin/env python3
"""pvb_backends - loads builds of backend modules in the place of dom0's own, and puts back what there was.

CHANGES       which build of xen_netback and xen_blkback is loaded; a note of what was, written before the first change.
              A module from elsewhere taints dom0's kernel until it boots again
REQUIREMENTS  Python 3.6, insmod, rmmod, modprobe; root. By hand: pvb_backends.py NOTE restores what a note says
OVERHEAD      a process or two for each module
UNDONE        by restore(), also after a kill: by whoever finds the note

A backend is taken out only while it serves nobody: its devices would go with it, whoever's they are. What a parameter
was set to at run time is set again in each build that knows it, so that two builds differ in nothing else.
"""

import json
import os
import subprocess
import sys
import time

import pvb_vcpus

SERVES = {"xen_netback": "vif", "xen_blkback": "vbd"}
MODULES, BUS = "/sys/module", "/sys/bus/xen-backend/drivers"
PATIENCE_S = 30  # a domain that is just going is served a little longer


class Refused(Exception):
    """The backends are not as they should be; the message says which, and what to do."""


def run(*argv):
    """Run a program to its end. Raises Refused with its last words."""
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise Refused(f"{' '.join(argv)}: {said[-1] if said else done.returncode}")


def text(path):
    """Return a file's text without white space around it, or None."""
    try:
        with open(path, errors="replace") as file:
            return file.read().strip()
    except OSError:
        return None


def build_of(name):
    """Return the notes of the loaded module, which tell its build, in hexadecimal; None where it is not loaded."""
    try:
        with open(os.path.join(MODULES, name, "notes/.note.gnu.build-id"), "rb") as file:
            return file.read().hex()
    except OSError:
        return None


def loaded(name):
    """Say whether a module is loaded. Raises Refused for one that is built in, which stays as it is."""
    folder = os.path.join(MODULES, name)
    if os.path.isdir(folder) and not os.path.exists(os.path.join(folder, "initstate")):
        raise Refused(f"{name} is built into dom0's kernel, so no other can be loaded")
    return os.path.isdir(folder)


def parameters(name):
    """Return what a module's parameters are set to."""
    folder = os.path.join(MODULES, name, "parameters")
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    return {each: value for each in names for value in [text(os.path.join(folder, each))] if value is not None}


def set_again(name, values):
    """Set parameters that can be set at run time to what they were."""
    now = parameters(name)
    for each, value in values.items():
        path = os.path.join(MODULES, name, "parameters", each)
        if now.get(each, value) != value and os.stat(path).st_mode & 0o200:
            with open(path, "w") as file:
                file.write(value)


def served(name):
    """Return the devices that a backend serves: vif-3-0."""
    kind = SERVES[name]
    folder = os.path.join(BUS, kind)
    return sorted(each for each in (os.listdir(folder) if os.path.isdir(folder) else ()) if each.startswith(kind + "-"))


def take_out(name):
    """Unload a backend once it serves nobody. Raises Refused where it still does after a while."""
    until = time.monotonic() + PATIENCE_S
    while served(name):
        if time.monotonic() > until:
            device = served(name)[0]
            raise Refused(
                f"{name} serves {', '.join(served(name))}: domain {device.split('-')[1]} has to end before another "
                "build of it can be loaded"
            )
        time.sleep(0.2)
    run("rmmod", name)


def noted(note):
    """Return what was loaded before we changed it in this boot, by module; None where there is nothing to restore."""
    try:
        with open(note) as file:
            said = json.load(file)
        known = {name: had for name, had in said["modules"].items() if name in SERVES}
        return known if said["boot"] == pvb_vcpus.boot() else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def remember(names, note):
    """Write down what is loaded of some modules now, but for those that an older note of this boot tells of."""
    known = noted(note) or {}
    for name in names:
        if name not in known:
            known[name] = {"build": build_of(name), "loaded": loaded(name), "parameters": parameters(name)}
    with open(f"{note}.part", "w") as file:
        json.dump({"boot": pvb_vcpus.boot(), "modules": known}, file)
        file.flush()
        os.fsync(file.fileno())
    os.rename(f"{note}.part", note)
    return known


def load(files, note):
    """Load the given builds, {module: its file}, in the place of what is loaded; what there was is noted.

    Raises Refused, with everything as it was.
    """
    for name, path in files.items():
        if name not in SERVES:
            raise Refused(f"{name} is no backend: {', '.join(SERVES)}")
        if not os.path.isfile(path):
            raise Refused(f"there is no {path}")
        loaded(name)
    known = remember(files, note)
    try:
        for name, path in files.items():
            if loaded(name):
                take_out(name)
            run("insmod", path)
            set_again(name, known[name]["parameters"])
    except (Refused, OSError) as error:
        try:
            restore(note)
        except Refused as other:
            raise Refused(f"{error}; and then {other}") from error
        raise


def restore(note):
    """Bring back what the note says, and remove it. Raises Refused, keeping the note, where that does not work."""
    failures = []
    for name, had in (noted(note) or {}).items():
        try:
            bring_back(name, had)
        except (Refused, OSError) as error:  # the other backend is brought back all the same
            failures.append(str(error))
    if failures:
        raise Refused("; ".join(failures))
    if os.path.exists(note):
        os.unlink(note)


def bring_back(name, had):
    """Have a backend as the note says that it was."""
    if loaded(name) and build_of(name) != had["build"]:
        take_out(name)
    if had["loaded"] and not loaded(name):
        run("modprobe", name)
        set_again(name, had["parameters"])
    if had["loaded"] and build_of(name) != had["build"]:
        raise Refused(
            f"{name} is another build than it was: what modprobe loads is not what ran (a package was upgraded, or "
            "it was loaded by hand); load that again, or reboot dom0"
        )


if __name__ == "__main__":
    restore(sys.argv[1])
