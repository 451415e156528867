#!/usr/bin/env python3
"""pvb_return - runs at each boot while a boot entry is on trial: back to the old one, unless it is kept in time.

CHANGES       reboots the host; stops the BMC's watchdog once the old system is back; trial.json beside it
REQUIREMENTS  Python 3.6, pvb_bmc.py beside it; started at boot by systemd or cron
OVERHEAD      asleep; a small file read each second, for the minutes of the trial
UNDONE        pvb-boot removes it when the entry is kept, restored or undone

It lies in a folder of its own on the root file system, with what it needs, so that it runs although nothing else comes
up. GRUB has forgotten the entry on trial by then: any reboot leads back.
"""

import json
import os
import subprocess
import sys
import time

import pvb_bmc

TRIAL = "trial.json"
WORD = "pvbench.entry="
PENDING = ("armed", "returning")
GRACE = 60  # s that the BMC waits longer than the new system's own timer


def read(path):
    """Return a file's text; "" where there is none."""
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""


def running(root=""):
    """Return the entry of ours that this system was booted by; "" for any other."""
    words = read(root + "/proc/cmdline").split()
    return next((word[len(WORD) :] for word in words if word.startswith(WORD)), "")


def boot_id(root=""):
    """Return this boot's id."""
    return read(root + "/proc/sys/kernel/random/boot_id").strip()


def uptime(root=""):
    """Return the seconds since this kernel began."""
    return float((read(root + "/proc/uptime") or "0").split()[0])


def trial(folder):
    """Return what is on trial: {"entry", "boot_id", "return_within_s", "bmc", "state"}; {} where nothing is."""
    try:
        return json.loads(read(os.path.join(folder, TRIAL)) or "{}")
    except ValueError:
        return {}


def mark(folder, facts, state):
    """Note how the trial went, on disk; a disk that takes nothing any more stops nothing."""
    path = os.path.join(folder, TRIAL)
    try:
        with open(path + ".part", "w") as file:
            json.dump(dict(facts, state=state), file)
            file.flush()
            os.fsync(file.fileno())
        os.rename(path + ".part", path)
    except OSError as error:
        sys.stderr.write(f"pvb_return: {error}\n")


def tell(watchdog, facts, step, *words):
    """Have the BMC do something, if it is part of the trial; one that does not answer stops nothing."""
    if facts["bmc"]:
        try:
            watchdog.load()
            getattr(watchdog, step)(*words)
        except OSError as error:
            sys.stderr.write(f"pvb_return: {error}\n")


def reboot():
    """Reboot, by ever blunter means."""
    os.sync()
    for argv in (["systemctl", "reboot"], ["reboot"], ["reboot", "-f"]):
        try:
            subprocess.run(argv, stdin=subprocess.DEVNULL, check=False, timeout=60)
        except (OSError, subprocess.TimeoutExpired):
            continue
        time.sleep(45)
    for path, letter in (("/proc/sys/kernel/sysrq", "1"), *(("/proc/sysrq-trigger", each) for each in "sub")):
        with open(path, "w") as file:
            file.write(letter)
        time.sleep(2)


def watch(folder, back=reboot, root="", pause=1.0, watchdog=pvb_bmc):
    """Wait for the end of the trial, whichever; return what it was."""
    facts = trial(folder)
    if facts.get("state") not in PENDING or facts["boot_id"] == boot_id(root):
        return "nothing is on trial"
    if running(root) != facts["entry"]:
        mark(folder, facts, "returned")
        tell(watchdog, facts, "disarm")
        return "returned"
    seconds = facts["return_within_s"]
    # Until here it counted from the reboot on, a self-test of unknown length included; from here on it backs us.
    tell(watchdog, facts, "arm", max(0.0, seconds - uptime(root)) + GRACE)
    while uptime(root) < seconds:
        time.sleep(pause)
        if trial(folder).get("state") not in PENDING:
            return "kept"
    mark(folder, facts, "returning")
    tell(watchdog, facts, "arm", 300)  # a dom0 that hangs on its way down
    back()
    return "returning"


if __name__ == "__main__":
    sys.stdout.write("pvb_return: " + watch(os.path.dirname(os.path.abspath(__file__))) + "\n")
