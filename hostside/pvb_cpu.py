#!/usr/bin/env python3
"""pvb_cpu - what every domain, every CPU's idling and the threads of dom0 that serve a domain have used so far.

CHANGES       nothing
REQUIREMENTS  Python 3.6, libxenctrl of the Xen that runs; root. By hand: pvb_cpu.py DOMID
OVERHEAD      starts no process; a pass over /proc, some tens of milliseconds under emulation
UNDONE        nothing to undo

Times are in ns. A domain's is what Xen charged its vCPUs, the hypervisor's own work for them included; a thread's is
what dom0's scheduler charged it, so it is part of dom0's.
"""

import ctypes
import glob
import json
import os
import re
import struct
import sys
import time

MOST_CPUS = 4096
KTHREADD = 2  # the parent of every thread of the kernel
PROCESS_CLOCK = 2  # CPUCLOCK_SCHED of a process: clock_getcpuclockid(3), <linux/posix-timers.h>
ASKED = 5
PACED, LOOP = 3, 20000
DOMAIN_INFO = struct.Struct("=H54xQ")
"""Of xen_domctl_getdomaininfo (public/domctl.h, Xen 4.14 to 4.20): `domain` and `cpu_time`; one at a time, for its
length differs from version to version, and always fits into ROOM."""
ROOM = 4096
OF_THE_HOST = re.compile(
    r"pvb-|sshd|systemd|\(sd-|dbus|o?xenstored|xenconsoled|xl$|xentrace|login|agetty|ovs|tapdisk|init$|openrc"
)
"""Programs that a host needs to be a host, and what reaches it. Any other one that runs is somebody's load."""
OF_THE_PATH = re.compile(
    r"ksoftirqd|rcu|migration|cpuhp|idle_inject|kthreadd|xen|xb_|irq/|napi/|vif|vbd|\d+\.(xvd|hd|sd)|loop|blk|kblockd|scsi|nvme"
    r"|ata|jbd2/|ext4|xfs|btrfs-(?!scrub)|dmcrypt|kdmflush|md\d+_raid|txg_|z_wr|kaudit|watchdog|kthrotld|ktimers"
)
"""Threads of the kernel that serve interrupts, file systems and devices, and so may serve the domain. What another one
does is nobody's I/O: a resync, a scrub, the merging or writing out of memory."""
UPKEEP = re.compile(r"kworker/.*(scrub|resync|reshape|rebuild|balance|defrag|discard)")
"""Workers of the kernel, named by what they do just now, that look after disks instead of serving anybody."""


def running_version():
    """Return the hypervisor's version as sysfs tells it, such as 4.17."""
    with open("/sys/hypervisor/version/major") as major, open("/sys/hypervisor/version/minor") as minor:
        return f"{major.read().strip()}.{minor.read().strip()}"


def library(name):
    """Load a library of the Xen that runs."""
    folders = ("/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/lib")
    for folder in folders:
        path = f"{folder}/{name}.so.{running_version()}"
        if os.path.exists(path):
            return ctypes.CDLL(path)
    raise OSError(f"{name} of Xen {running_version()} is not installed")


class Clocks:
    """Xen's own CPU clocks, over its library: no process and no xenstore for a look.

    Its Python bindings answer for all domains at once; a Xen of another release has them for another Python.
    """

    def __init__(self):
        self.bindings = bindings()
        self.control = library("libxenctrl")
        self.control.xc_interface_open.restype = ctypes.c_void_p
        self.handle = ctypes.c_void_p(self.control.xc_interface_open(None, None, 0))
        if not self.handle:
            raise OSError("libxenctrl does not open; is this dom0, and are we root?")
        self.idle_ns = (ctypes.c_uint64 * MOST_CPUS)()
        self.kernel_threads = {}

    def idle(self):
        """Return the time each physical CPU has idled (XEN_SYSCTL_getcpuinfo), which the bindings do not have."""
        count = ctypes.c_int(0)
        if self.control.xc_getcpuinfo(self.handle, MOST_CPUS, self.idle_ns, ctypes.byref(count)):
            raise OSError("xc_getcpuinfo failed")
        return list(self.idle_ns[: count.value])

    def domains(self):
        """Return {domid: ns}; JSON makes the keys text."""
        if self.bindings is not None:
            return {each["domid"]: each["cpu_time"] for each in self.bindings.domain_getinfo()}
        ask = self.control.xc_domain_getinfolist
        return one_by_one(lambda first, info: ask(self.handle, ctypes.c_uint32(first), 1, info))


def one_by_one(ask):
    """Return {domid: ns}; `ask` puts the first domain from a number on into a buffer and returns how many it put."""
    found, first, info = {}, 0, ctypes.create_string_buffer(ROOM)
    while True:
        count = ask(first, info)
        if count < 0:
            raise OSError("xc_domain_getinfolist failed")
        if count == 0:
            return found
        domid, ns = DOMAIN_INFO.unpack_from(info)
        found[domid], first = ns, domid + 1


def bindings():
    """Return Xen's bindings, where Debian has them or where Python looks; None where there are none for this Python."""
    sys.path.append(f"/usr/lib/xen-{running_version()}/lib/python")
    try:
        from xen.lowlevel import xc
    except ImportError:
        return None
    return xc.xc()


def clock_ns(clock):
    """Return what a clock of clock_gettime(2) shows; a float is exact to the ns for a hundred days."""
    return round(time.clock_gettime(clock) * 1e9)


def text(path):
    """Return a file's text; a process that has just ended has none."""
    try:
        with open(path, errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def used(pid):
    """Return the CPU time of a thread of the kernel or of a process with all its threads, ended ones too, in ns."""
    try:
        return clock_ns((~pid << 3) | PROCESS_CLOCK)
    except OSError:  # it has just ended
        return 0


def threads(domid, device_model, peers, programs, known):
    """Return {pid: [role, name, ns]} of dom0's threads that serve a domain, of a test's peers, of foreign load.

    `programs` is the folder of our own: scripts, which go by their interpreter's name. `known` are the kernel threads
    that serve no domain, {pid: [role, name]}, a role of None for those that may serve anybody; it is added to. A
    kworker, whose name and role change with its work, is always told.
    """
    backend = re.compile(rf"vif{domid}\.|{domid}\.(xvd|hd|sd)|loop|kworker/\S*loop")
    peers, found = set(peers), {}
    servers = {text(f"/proc/{pid}/comm").strip() for pid in peers}  # a server may answer each test in a child
    for folder in glob.glob("/proc/[0-9]*"):
        pid = int(folder[6:])
        if pid == os.getpid():  # by its own name nothing would tell that it is ours
            continue
        if pid in known:
            role, name = known[pid]
            if role:
                found[pid] = [role, name, used(pid)]
            continue
        name = text(f"{folder}/comm").strip()
        if pid == device_model:
            role = "device model"
        elif backend.match(name):
            role = "backend"
        elif name.startswith("kworker"):
            role = "foreign" if UPKEEP.match(name) else "kernel"
        elif pid in peers or (name in servers and parent(folder) in peers):
            role = "peer"
        elif OF_THE_HOST.match(name):
            continue
        else:
            command = text(f"{folder}/cmdline")
            if f"\0{programs}" in command:
                continue
            role = "foreign"
            if not command:  # a kernel thread has none, nor has a program that has just ended
                if parent(folder) != KTHREADD:
                    continue
                role = None if OF_THE_PATH.match(name) else "foreign"
                known[pid] = (role, name)
                if role is None:
                    continue
        found[pid] = [role, name, used(pid)]
    return found


def parent(folder):
    """Return a process's parent, or 0."""
    stat = text(f"{folder}/stat").rpartition(")")[2].split()
    return int(stat[1]) if len(stat) > 1 else 0


def peers_of(root):
    """Return the pids of the servers that pvb-setup started."""
    pids = (text(path).split()[:1] for path in glob.glob(os.path.join(root, "work-*/*.pid")))
    return [int(words[0]) for words in pids if words and words[0].isdigit()]


def look(clocks, domid, device_model, root):
    """Return everything at once: {"at", "domains", "idle", "threads", "pace"}.

    The clocks are asked several times and the quickest answer taken: whoever runs while a slow one is being given is
    on one clock already and not yet on the next.
    """
    found = threads(domid, device_model, peers_of(root), os.path.join(root, "hostside"), clocks.kernel_threads)
    began, ended, idle, domains = min((ask(clocks) for _ in range(ASKED)), key=lambda answer: answer[1] - answer[0])
    return {"at": (began + ended) // 2, "domains": domains, "idle": idle, "threads": found, "pace": pace()}


def pace():
    """Return how long the CPU takes for a fixed loop, in ns, the quickest of some: it tells throttling from load."""

    def once():
        begun = clock_ns(time.CLOCK_THREAD_CPUTIME_ID)
        for _ in range(LOOP):
            pass
        return clock_ns(time.CLOCK_THREAD_CPUTIME_ID) - begun

    return min(once() for _ in range(PACED))


def ask(clocks):
    """Return (began, ended, idle, domains): the idling is the middle of before and after the domains were asked."""
    began, early = clock_ns(time.CLOCK_MONOTONIC), clocks.idle()
    domains, late = clocks.domains(), clocks.idle()
    return began, clock_ns(time.CLOCK_MONOTONIC), [(early[cpu] + late[cpu]) // 2 for cpu in range(len(early))], domains


if __name__ == "__main__":
    json.dump(look(Clocks(), int(sys.argv[1]), 0, "/nowhere"), sys.stdout)
    sys.stdout.write("\n")
