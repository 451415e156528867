#!/usr/bin/env python3
"""pvb_scratch - a scratch folder that pvb-claim marked, and by what of its mark everything else is known as ours.

CHANGES       nothing by itself. By hand: pvb_scratch.py SCRATCH
REQUIREMENTS  Python 3.6
OVERHEAD      one small file read; who asks for domains starts xl
UNDONE        nothing to undo

The mark's id is random, and each thing gets it in the same step in which it is made, so that a kill leaves nothing of
ours unmarked: a domain in the first half of its UUID, a volume as a tag, a bridge in its MAC address (and, for people,
its alias), a tmpfs as its source, a server in its environment, files and loop devices by lying in <scratch>/work-<id>.
Addresses on somebody's bridge can bear nothing; they are noted there before they are added.
"""

import json
import os
import re
import stat
import subprocess
import sys

MARK = "pvbench.mark"
ENVIRONMENT = "PVBENCH_SCRATCH"
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
LOGS = "/var/log/xen"


class NotOurs(OSError):
    """A folder without the mark, or one that others may change; the message is the answer."""


class Scratch:
    """The folder and what its id looks like on each kind of thing."""

    def __init__(self, root):
        self.root, self.id = root, identity(root)
        self.folder = os.path.join(root, f"work-{self.id}")
        self.disks, self.boot = os.path.join(self.folder, "disks"), os.path.join(self.folder, "boot")
        self.noted, self.cpus = os.path.join(self.folder, "addresses"), os.path.join(self.folder, "dom0.cpus")
        self.backends = os.path.join(self.folder, "dom0.backends")
        self.tag, self.alias = f"pvbench_{self.id}", f"pvbench {self.id}"
        self.mac = ":".join(["02", *(self.id[at : at + 2] for at in range(0, 10, 2))])  # 02: locally administered
        self.environment = f"{ENVIRONMENT}={self.id}"

    def make(self):
        """Make the folder in which everything of a run lies."""
        for folder in (self.folder, self.disks, self.boot):
            os.makedirs(folder, mode=0o700, exist_ok=True)

    def uuid(self):
        """Return a new UUID for a domain of ours, of version 8 as the id has it."""
        rest = os.urandom(8).hex()
        return f"{self.id[:8]}-{self.id[8:12]}-{self.id[12:]}-8{rest[:3]}-{rest[3:15]}"

    def owns_domain(self, uuid):
        """Say whether a domain's UUID is one of ours."""
        return uuid.replace("-", "").startswith(self.id)

    def owns_link(self, name):
        """Say whether a network interface is a bridge of ours."""
        link = f"/sys/class/net/{name}"
        return os.path.isdir(f"{link}/bridge") and (
            text(f"{link}/address") == self.mac or text(f"{link}/ifalias") == self.alias
        )

    def owns_process(self, pid):
        """Say whether a process is a server of ours, or one that it started."""
        return f"\0{self.environment}\0" in f"\0{text(f'/proc/{pid}/environ')}\0"

    def owns_path(self, path):
        """Say whether a path as the kernel tells it, all links resolved, lies in the folder of runs."""
        return path.startswith(os.path.realpath(self.folder) + "/")

    def addresses(self):
        """Return the addresses noted as put on somebody's bridge since this boot: [{"device", "index", "address"}…]."""
        try:
            noted = json.loads(text(self.noted))
            return noted["addresses"] if noted["boot"] == text("/proc/sys/kernel/random/boot_id") else []
        except (ValueError, KeyError, TypeError):
            return []

    def note(self, addresses):
        """Note the addresses that are ours to take off, whole and on disk; none needs no note."""
        with open(f"{self.noted}.part", "w") as file:
            json.dump({"boot": text("/proc/sys/kernel/random/boot_id"), "addresses": addresses}, file)
            file.flush()
            os.fsync(file.fileno())
        os.rename(f"{self.noted}.part", self.noted)
        if not addresses:
            os.unlink(self.noted)


def identity(root):
    """Return the id in a scratch folder's mark. Raises NotOurs."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        folder = os.open(root, flags | os.O_DIRECTORY)
        try:
            with open(os.open(MARK, flags, dir_fd=folder)) as file:
                found = [os.fstat(folder), os.fstat(file.fileno())]
                words = file.read(4096).split()
        finally:
            os.close(folder)
    except (OSError, ValueError) as error:
        raise NotOurs(f"{root} is not a scratch folder of pvbench: {error}") from None
    if any(each.st_uid != os.geteuid() or stat.S_IMODE(each.st_mode) & 0o022 for each in found):
        raise NotOurs(f"{root} is not a scratch folder of pvbench: it is not ours, or others may write to it")
    if len(words) < 2 or words[0] != "pvbench" or not re.fullmatch("[0-9a-f]{16}", words[1]):
        raise NotOurs(f"{root} is not a scratch folder of pvbench: its {MARK} holds no id")
    return words[1]


def text(path):
    """Return a small file's text without the newline at its end; "" for one that is not there."""
    try:
        with open(path, errors="replace") as file:
            return file.read().rstrip("\n")
    except OSError:
        return ""


def domains():
    """Return [(domid, name, uuid)…] of all domains but dom0; [] where xl does not answer."""
    try:
        done = subprocess.run(
            ["xl", "list", "-v"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False
        )
    except OSError:
        return []
    found = []
    for line in done.stdout.decode(errors="replace").splitlines():
        numbers, uuid = re.match(r"(.*?)\s+(\d+)\s+\d+\s+\d+\s", line), UUID.search(line)
        if numbers and uuid and numbers[2] != "0":
            found.append((int(numbers[2]), numbers[1], uuid[0]))
    return found


def destroy(domid, name):
    """Destroy a domain of ours and remove what Xen logged of it; return whether it worked."""
    argv = ["xl", "destroy", str(domid)]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    # xl and the device model begin new logs with each domain, so these two are of this one.
    for log in (f"qemu-dm-{name}.log", f"xl-{name}.log"):
        path = os.path.join(LOGS, log)
        if done.returncode == 0 and "/" not in log and os.path.isfile(path):
            os.unlink(path)
    return done.returncode == 0


if __name__ == "__main__":
    json.dump(vars(Scratch(sys.argv[1])), sys.stdout, indent=1)
    sys.stdout.write("\n")
