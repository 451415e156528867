"""Which Linux has netfront's fix of spurious interrupts, by its version: a literal table. Pure.

"xen/netfront: Fix TX response spurious interrupts" (2025-07-21) is in Linux 6.17 and in these stable kernels. Every
later one of a branch has it as well; of other branches nothing is known.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

FIXED_IN = (6, 17)
FIXED_STABLE: Mapping[tuple[int, int], int] = MappingProxyType(
    {(5, 10): 241, (5, 15): 190, (6, 1): 149, (6, 6): 103, (6, 12): 43, (6, 15): 11, (6, 16): 2}
)


def debian_package(proc_version: str) -> str | None:
    """Return the version of Debian's package of a kernel; its compiler, which is named before, has one of its own."""
    told = re.search(r"#\d.*\bDebian (\d\S*)", proc_version)
    return told[1] if told else None


def stable_version(proc_version: str) -> tuple[int, int, int] | None:
    """Return the upstream version of a kernel by its /proc/version, None where that tells none.

    Debian names its package's version there, and before Debian 13 the release holds an ABI number in its place. A
    release that ends in .0 and a distribution's own number, as Ubuntu's, says nothing of what was back-ported.
    """
    if package := re.match(r"(\d+)\.(\d+)\.(\d+)[-~+]", debian_package(proc_version) or ""):
        return int(package[1]), int(package[2]), int(package[3])
    release = re.match(r"Linux version (\d+)\.(\d+)\.(\d+)(\S*)", proc_version)
    if release is None or release[4].startswith("-rc"):
        return None
    version = int(release[1]), int(release[2]), int(release[3])
    return None if version[2] == 0 and release[4] and version[:2] < FIXED_IN else version


def has_interrupt_fix(proc_version: str) -> bool | None:
    """Return whether a kernel's own netfront has the fix; None where that is not known."""
    version = stable_version(proc_version)
    if version is None:
        return None
    if version[:2] >= FIXED_IN:
        return True
    fixed = FIXED_STABLE.get(version[:2])
    return None if fixed is None else version[2] >= fixed
