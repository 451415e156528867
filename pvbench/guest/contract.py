"""What a guest has to keep, whoever made it, in three parts: how it boots, how it is reached, which programs it has.

docs/guest.md is the same for people. Each part is a value of its own, so that another way to boot, or to get in, or to
bring programs along is another value and leaves the other two alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

COMMAND_LINE: Mapping[str, str] = MappingProxyType(
    {
        "pvb.load": "modules to load, in order",
        "pvb.params": "parameters of those modules",
        "pvb.nic": "driver, MAC and address of a NIC that is to be up",
        "pvb.mtu": "the MTU of every NIC with a MAC",
        "pvb.off": "offloads to switch off there, as ethtool names them",
        "pvb.key": "the ed25519 public key that may log in",
    }
)
"""Words of the kernel's command line that a guest obeys as it boots, lists after `=` separated by commas."""

PROGRAMS: Mapping[str, str] = MappingProxyType(
    {
        "pvb-run": "runs a tool between two looks at every NIC and disk, and says what both saw",
        "pvb-traps": "times primitive operations; without it a report has no costs of them",
        "sh": "runs what asks for the tunables that are in force",
        "grep": "reads interrupts and kernel messages for the same",
        "dmesg": "shows those messages",
        "ethtool": "shows the offloads, and switches them off",
        "od": "shows the build-ids of the frontends",
        "uname": "says which kernel runs",
        "head": "keeps to the line in which a tool says its version",
    }
)
"""Programs of a guest besides the tools that make load, which are the rows of WORKLOADS, and what each is for."""


@dataclass(frozen=True)
class BootDisk:
    """How a guest boots: from a disk of its own, which an option ROM reads faster than the BIOS would.

    `disk` and `rom` are files on this machine. Somewhere on the disk is one block of 4 KiB that holds the boot loader's
    configuration and, in it, `@PVB@`: each boot has a copy in which that is the kernel's command line.
    """

    disk: str
    rom: str


@dataclass(frozen=True)
class BootKernel:
    """How a guest boots that has no firmware, a PVH or PV one: the toolstack itself loads kernel and initramfs.

    Both are files on this machine, the same that lie on the `BootDisk`; the kernel's command line is given beside them.
    """

    kernel: str
    initrd: str


@dataclass(frozen=True)
class Login:
    """How a guest is reached: by SSH as `user`, with the key of COMMAND_LINE's `pvb.key`; its own key is pinned."""

    host_key: str
    user: str = "root"
    port: int = 22


@dataclass(frozen=True)
class Programs:
    """What a guest can run: PROGRAMS and the tools of WORKLOADS, on its PATH.

    `versions` identify them, and the kernel: ("dropbear-bin", "2022.83"). No run goes on with others.
    """

    versions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class GuestImage:
    """A guest to measure in. `digest` identifies what it boots from; no path is of it.

    Without `kernel` it is for HVM guests alone. `tools` is a tar, on this machine, of its programs for other guests,
    `busybox` the file of its busybox.
    """

    name: str
    digest: str
    boot: BootDisk
    login: Login
    programs: Programs = Programs()
    kernel: BootKernel | None = None
    tools: str = ""
    busybox: str = ""
