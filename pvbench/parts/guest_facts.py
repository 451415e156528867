"""GUEST_FACTS: what a guest says it is, whatever its devices: where each is read, what it means, what changes it.

A run asks each boot once and keeps the answer with its trials. Two guests that are compared differ in all of it at
once, and the report says in which. Of drivers and tools there is a fact each, named by `of_driver` and `of_tool`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pvbench.parts.nouns import OF_STACK


@dataclass(frozen=True)
class GuestFact:
    """A row of GUEST_FACTS.

    `read_from` is where in the guest it stands. What is another in every other kernel is `of_kernel`. `follows` are the
    factors (names in FACTORS) that change it by what they are, besides the guest.
    """

    name: str
    read_from: str
    means: str
    of_kernel: bool = False
    follows: tuple[str, ...] = ()


_ROWS = (
    GuestFact(
        "distribution",
        "os-release, PRETTY_NAME",
        "What the guest calls itself; none where it has no such file, as the builtin guest.",
    ),
    GuestFact("kernel", "uname -r", "The release of the kernel that runs.", of_kernel=True),
    GuestFact("kernel build", "uname -v", "When, or as which package, it was built.", of_kernel=True),
    GuestFact("init", "/proc/1/comm", "What started everything else, and runs beside the load."),
    GuestFact("C library", "its dynamic loader", "What the guest's own tools are linked with."),
    GuestFact(
        "clock source",
        "/sys/devices/system/clocksource",
        "What the guest reads the time from; a slow one makes every timed I/O dearer.",
        follows=("mode", *OF_STACK),
    ),
    GuestFact(
        "security module",
        "/sys/fs/selinux, /sys/module/apparmor",
        "SELinux or AppArmor, which look at each system call.",
    ),
    GuestFact(
        "command line",
        "/proc/cmdline",
        "What the kernel was told; words that pvbench adds for each boot, pvb.…, are left out.",
        follows=("device", "mode", "vector_callback", "fifo_events"),
    ),
)

GUEST_FACTS: Mapping[str, GuestFact] = MappingProxyType({row.name: row for row in _ROWS})

OWN, OURS = "its own", "pvbench's"
"""Whose a tool is, as told behind its version."""

_MITIGATION, _DRIVER, _TOOL = "mitigation of ", "driver ", "tool "
_FAMILIES: Mapping[str, GuestFact] = MappingProxyType(
    {
        _MITIGATION: GuestFact(
            "mitigation of WEAKNESS",
            "/sys/devices/system/cpu/vulnerabilities",
            "What the kernel does against it, in its own words.",
            follows=("mode", "vcpus", *OF_STACK),
        ),
        _DRIVER: GuestFact(
            "driver MODULE",
            "/sys/module",
            "The version, GNU build-id and srcversion of a driver under test, those there are.",
            of_kernel=True,
            follows=("device", "frontends", *OF_STACK),
        ),
        _TOOL: GuestFact(
            "tool TOOL",
            "fio --version and the like",
            "The version of a tool that the boot's trials used, and whose it is: the guest's own, or pvbench's.",
        ),
    }
)


def of_mitigation(vulnerability: str) -> str:
    """Return the fact that tells what a kernel does against a weakness of processors: "mitigation of spectre_v2"."""
    return f"{_MITIGATION}{vulnerability}"


def of_driver(module: str) -> str:
    """Return the fact that tells which build of a driver runs: "driver xen-netfront"."""
    return f"{_DRIVER}{module}"


def of_tool(tool: str) -> str:
    """Return the fact that tells which version of a tool makes the load, and whose it is: "tool fio"."""
    return f"{_TOOL}{tool}"


def row_of(fact: str) -> GuestFact:
    """Return the row of a fact, that of its family where it has none of its own; one that says nothing of others."""
    family = next((row for begin, row in _FAMILIES.items() if fact.startswith(begin)), None)
    return GUEST_FACTS.get(fact) or family or GuestFact(fact, "", "")


def weakness(fact: str) -> str | None:
    """Return the weakness of processors that a fact tells the mitigation of, None of any other fact."""
    return fact.removeprefix(_MITIGATION) if fact.startswith(_MITIGATION) else None


def tool(fact: str) -> str | None:
    """Return the tool that a fact tells the version of, None of any other fact."""
    return fact.removeprefix(_TOOL) if fact.startswith(_TOOL) else None
