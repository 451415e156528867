#!/usr/bin/env python3
"""pvb_vcpus - takes CPUs of dom0 off, and puts back what there was. Imported by other programs here.

CHANGES       /sys/devices/system/cpu/cpuN/online; a note of what was online before, written before the first change
REQUIREMENTS  Python 3.6; root. By hand: pvb_vcpus.py NOTE restores what a note says
OVERHEAD      Linux takes tens of milliseconds for each CPU
UNDONE        by restore(), also after a kill: by whoever finds the note

Linux answers a write to `online` when it is done or refused; `xl vcpu-set` only asks, by xenstore, and never learns.
What `xl vcpu-set` took off is not there for Linux any more, and is left as its admin wanted it.
"""

import json
import os
import sys

BASE = "/sys/devices/system/cpu"


class Refused(Exception):
    """The CPUs are not as they should be; the message says which, and what to do."""


def numbers(text):
    """Return the CPUs of a list such as 0-1,3."""
    ends = [part.split("-") for part in text.strip().split(",") if part]
    return {cpu for end in ends for cpu in range(int(end[0]), int(end[-1]) + 1)}


def spelled(cpus):
    """Return a list such as 0,1,3."""
    return ",".join(str(cpu) for cpu in sorted(cpus))


def read(name):
    """Return the CPUs that are `online`, or `present`."""
    with open(os.path.join(BASE, name)) as file:
        return numbers(file.read())


def boot():
    """Return this boot's id: another boot has all its CPUs again."""
    with open("/proc/sys/kernel/random/boot_id") as file:
        return file.read().strip()


def noted(note):
    """Return the CPUs that were online before we changed them in this boot; None where there is nothing to restore."""
    try:
        with open(note) as file:
            said = json.load(file)
        return numbers(said["online"]) if said["boot"] == boot() else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remember(note):
    """Write down what is online now, unless an older note of this boot says what there was at first."""
    if noted(note) is None:
        with open(f"{note}.part", "w") as file:
            json.dump({"boot": boot(), "online": spelled(read("online"))}, file)
            file.flush()
            os.fsync(file.fileno())
        os.rename(f"{note}.part", note)


def become(wanted):
    """Put CPUs on, then take the others off, and look whether that is so. Raises Refused for the first that is not."""
    now = read("online")
    for cpu in (*sorted(wanted - now), *sorted(now - wanted, reverse=True)):
        path = os.path.join(BASE, f"cpu{cpu}", "online")
        try:
            with open(path, "w") as file:
                file.write("1" if cpu in wanted else "0")
        except OSError as error:
            raise Refused(
                f"dom0's CPU {cpu} does not go {'on' if cpu in wanted else 'off'}: {path}: {error.strerror}"
            ) from error
    if read("online") != wanted:
        raise Refused(f"dom0's CPUs should be {spelled(wanted)} and are {spelled(read('online'))}")


def limit(number, note):
    """Leave so many CPUs online, the lowest first; what there was is noted. Raises Refused, with nothing changed."""
    had = noted(note) or read("online")
    there = sorted(had) + sorted(read("present") - had)
    if number > len(there):
        raise Refused(
            f"dom0 has {len(there)} vCPUs, not {number}: dom0_max_vcpus on Xen's command line, or "
            "xl vcpu-set, gives it more"
        )
    wanted = set(there[:number])
    if wanted == read("online"):
        return
    remember(note)
    try:
        become(wanted)
    except (Refused, OSError):
        restore(note)
        raise


def restore(note):
    """Bring back what the note says, and remove it. Raises Refused, keeping the note, where Linux does not."""
    had = noted(note)
    if had is not None:
        become(had)
    if os.path.exists(note):
        os.unlink(note)


if __name__ == "__main__":
    restore(sys.argv[1])
