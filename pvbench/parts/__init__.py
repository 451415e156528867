"""PARTS: what a stack is made of, part by part: where what is in use is read, what it means, what mends what is amiss.

A run reads them once a boot and keeps them with its trials. Where one differs between two arms, and not by the factor
that they are compared along, the comparison says so.
"""

from collections.abc import Mapping
from types import MappingProxyType

from pvbench.parts.disks import DISK_PARTS
from pvbench.parts.guest import GUEST_PARTS
from pvbench.parts.host import HOST_PARTS
from pvbench.parts.nics import NIC_PARTS
from pvbench.parts.nouns import NONE, NOT_KNOWN, Amiss, Found, Part, build_part

PARTS: Mapping[str, Part] = MappingProxyType(
    {row.name: row for row in (*HOST_PARTS, *GUEST_PARTS, *NIC_PARTS, *DISK_PARTS)}
)

__all__ = ["NONE", "NOT_KNOWN", "PARTS", "Amiss", "Found", "Part", "build_part"]
