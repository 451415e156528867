"""What a configuration comes to: a guest with its disks and NICs, and what changed meaning on the way."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pvbench.xen.imports.values import Data
from pvbench.xen.imports.words import Place
from pvbench.xen.vdevs import Vdev


class Mode(StrEnum):
    """What kind of guest it is (xl.cfg(5), type)."""

    HVM = "hvm"
    PV = "pv"
    PVH = "pvh"


class Reach(StrEnum):
    """How the guest reaches a device."""

    PV = "PV"
    BOTH = "emulated and PV"
    EMULATED = "emulated"


@dataclass(frozen=True)
class Note:
    """One thing that changed meaning, or that a person should know: where, what was done, and why.

    `lint` is the id of the lint that it would be, had it been left as it was, or of one that only warns.
    """

    place: Place
    what: str
    why: str
    lint: str | None = None


@dataclass(frozen=True)
class ImportedDisk:
    """A disk. `written` is its line as it was; `vdev` its name today; `was` the name then.

    `served_by` is the backend that libxl really chooses; `emulated_by_name` says that its line said `ioemu:`, `options`
    are what else xl is told of it. An empty `target` is an empty drive.
    """

    place: Place
    written: str
    target: str
    format: str
    vdev: Vdev
    was: str
    writable: bool
    cdrom: bool
    emulated_by_name: bool
    reach: Reach
    served_by: str
    options: tuple[str, ...] = ()

    @property
    def spec(self) -> str:
        """The disk in today's words (xl-disk-configuration(5))."""
        words = [f"format={self.format}", f"vdev={self.vdev.name}", f"access={'rw' if self.writable else 'ro'}"]
        kind = ["devtype=cdrom"] if self.cdrom else []
        return ",".join((*words, *kind, *self.options, f"target={self.target}"))


@dataclass(frozen=True)
class ImportedNic:
    """A NIC. `typed` says that its line said what type it is; `options` are what else xl is told of it."""

    place: Place
    written: str
    reach: Reach
    model: str | None
    mac: str | None
    bridge: str | None
    typed: bool
    options: tuple[str, ...] = ()

    @property
    def spec(self) -> str:
        """The NIC in today's words (xl-network-configuration(5))."""
        named = {"mac": self.mac, "bridge": self.bridge, "model": self.model}
        kind = {Reach.PV: ["type=vif"], Reach.BOTH: ["type=ioemu"]}[self.reach]
        return ",".join((*kind, *(f"{key}={value}" for key, value in named.items() if value), *self.options))


@dataclass(frozen=True)
class ImportedGuest:
    """A guest as pvbench understands it; what the configuration does not say is None.

    `unplug` is what its kernel is told of emulated devices (xen_emul_unplug), `platform_device` whether it has the PCI
    device through which it is asked.
    """

    name: str | None
    mode: Mode
    memory_mib: int | None
    vcpus: int
    firmware: str | None
    kernel: str | None
    ramdisk: str | None
    command_line: str | None
    unplug: str | None
    disk_controller: str
    device_model: str | None
    platform_device: bool
    disks: tuple[ImportedDisk, ...] = ()
    nics: tuple[ImportedNic, ...] = ()


@dataclass(frozen=True)
class Imported:
    """A configuration converted: the guest, the settings for xl in their order, and the notes."""

    file: str
    guest: ImportedGuest
    settings: Mapping[str, Data]
    notes: tuple[Note, ...] = field(default=())
