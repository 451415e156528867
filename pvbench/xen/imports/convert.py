"""A configuration of xm or xl → a guest, today's settings, and a note for each thing that changed meaning."""

import difflib
import re
from collections.abc import Mapping

from pvbench.xen.imports import keys
from pvbench.xen.imports.disks import read_disk
from pvbench.xen.imports.lookup import Lookup
from pvbench.xen.imports.modes import is_hvmloader, mode_of
from pvbench.xen.imports.nics import read_nics
from pvbench.xen.imports.nouns import Imported, ImportedDisk, ImportedGuest, ImportedNic, Mode, Note
from pvbench.xen.imports.settings import Settings, read_settings
from pvbench.xen.imports.values import Data, Value
from pvbench.xen.imports.words import Place
from pvbench.xen.vdevs import Vdev

_XL_NAME = re.compile(r"[a-z][_0-9a-z]*")
_UNPLUG = re.compile(r"(?:^|\s)xen_emul_unplug=(\S+)")


def unplug_of(command_line: str | None) -> str | None:
    """Return what a kernel is told of emulated devices (docs/misc/hvm-emulated-unplug.pandoc), None for nothing."""
    match = _UNPLUG.search(command_line or "")
    return match[1] if match else None


def convert(text: str, file: str) -> Imported:
    """Convert a configuration's text; `file` is what messages call it. Raises ConfigError, with its place."""
    return _Conversion(read_settings(text, file), file).made()


class _Conversion:
    """One configuration on its way."""

    def __init__(self, read: Settings, file: str) -> None:
        self.read, self.file = read, file
        self.notes, self.settings = list[Note](), dict[str, Data]()
        self.look = Lookup(read.values, read.keys, file, self.tell)
        self.mode = Mode.PV

    def made(self) -> Imported:
        """Convert it all."""
        self._tell_of_the_file()
        self.mode = mode_of(self.look)
        disks, nics = self._disks(), self._nics()
        for name in self.read.values:
            self._key(name)
        self._kernel()
        self.settings.pop("disk", None)
        self.settings.pop("vif", None)
        self.settings |= {"vif": tuple(Value(nic.spec, nic.place) for nic in nics)} if nics else {}
        self.settings |= {"disk": tuple(Value(disk.spec, disk.place) for disk in disks)} if disks else {}
        guest = self._guest(disks, nics)
        self._tell_what_is_missing(guest)
        self._tell_of_names_in_the_guest(guest)
        notes = tuple(sorted(dict.fromkeys(self.notes), key=lambda note: (note.place.line, note.place.column)))
        return Imported(self.file, guest, self._in_order(), notes)

    def tell(self, note: Note) -> None:
        """Add a note."""
        self.notes.append(note)

    def _tell_of_the_file(self) -> None:
        for part in self.read.not_run:
            why = "a configuration is never executed, and nothing that is kept depends on it"
            self.tell(Note(part.place, f"{part.what} was not run", why))
        for name, _, second in self.read.repeated:
            if name in keys.READ:
                self.tell(Note(second, f"{name} is said again", "the last one holds, in Python as for xl"))

    def _disks(self) -> tuple[ImportedDisk, ...]:
        controller = self.look.text("hdtype") or "ide"
        found = [read_disk(line, self.mode, controller, self.tell) for line in self.look.lines("disk")]
        for name, device in keys.DISKS_OF_OLD.items():
            if name not in self.read.used and (target := self.look.text(name)) is not None:
                place = self.look.place(name)
                line = Value(f"{'phy' if target.startswith('/dev/') else 'file'}:{target},{device}", place)
                self.tell(Note(place, f"{name} became a disk", "xl has no key of that name"))
                found.append(read_disk(line, self.mode, controller, self.tell))
        return tuple(found)

    def _nics(self) -> tuple[ImportedNic, ...]:
        return read_nics(self.look.lines("vif"), self.mode, self.tell)

    def _key(self, name: str) -> None:
        """Take one key over, or say why not."""
        place, value = self.look.place(name), self.read.values[name]
        if name in keys.DISKS_OF_OLD and name not in self.read.used:
            return  # told of as a disk
        if name in ("disk", "vif", "type", "builder", "cpu", "restart") or name in keys.RENAMED:
            self._special(name, place)
        elif name in keys.GONE:
            if value.unknown is not None or value.data not in ("", 0, ()):
                self.tell(Note(place, f"{name} is gone", keys.GONE[name]))
        elif name in keys.READ:
            self._kept(name, value, place)
        elif value.unknown is not None and name in self.read.code:
            return  # told of what was not run
        elif value.unknown is not None:
            self.tell(Note(value.unknown.place, f"{name} is gone", f"{value.unknown.reason}; xl reads no such key"))
        elif name in self.read.used:
            self.tell(Note(place, f"{name} is gone", "it only helped to make other values"))
        elif _XL_NAME.fullmatch(name):
            self.settings[name] = value.data
            near = difflib.get_close_matches(name, keys.READ, 1, 0.8)
            meant = f"; {near[0]} is one" if near else ""
            why = f"xl reads no key of that name that pvbench knows{meant}, and passes it over"
            self.tell(Note(place, f"{name} is kept", why))
        else:
            self.tell(
                Note(place, f"{name} is gone", "xl's names are of small letters, and it refuses the file for others")
            )

    def _kept(self, name: str, value: Value, place: Place) -> None:
        """Take a key over that xl reads, its value of the kind that it reads."""
        self.look.known(name)
        if name in keys.LISTS:
            if lines := self.look.lines(name):
                self.settings[name] = lines
        elif name in keys.NUMBERS and name not in ("timer_mode", "tsc_mode"):
            number = self.look.number(name)
            if number is not None:
                self.settings[name] = number
        elif name in keys.TEXTS:
            text = self.look.text(name)
            if text is not None:
                self.settings[name] = text
        elif value.data not in ("", ()):
            self.settings[name] = value.data
        if name == "serial" and value.data == "null":
            self.settings[name] = "null"
        if self.mode is not Mode.HVM and name in keys.EMULATED_ALONE and value.data not in (0, "", "0"):
            self.tell(Note(place, f"{name} means nothing", f"a {self.mode} guest has no emulated devices"))

    def _special(self, name: str, place: Place) -> None:
        if name in ("type", "builder"):
            self.settings["type"] = self.mode.value
        elif name in keys.RENAMED and (value := self.look.known(name)) is not None:
            new = keys.RENAMED[name]
            self.settings[new] = value.data
            self.tell(Note(place, f"{name} became {new}", "its name for xl"))
        elif name == "cpu" and (number := self.look.number(name)) is not None:
            if number >= 0:
                self.settings.setdefault("cpus", str(number))
            became = f'cpus="{number}"' if number >= 0 else "nothing"
            self.tell(Note(place, f"cpu became {became}", "xl knows cpus alone; -1 was any of them"))
        elif name == "restart" and (said := self.look.text(name)) is not None:
            if said not in keys.RESTART:
                raise place.problem(f"restart is always, onreboot or never, not '{said[:40]}'")
            for event, action in zip(("on_poweroff", "on_reboot", "on_crash"), keys.RESTART[said], strict=True):
                self.settings.setdefault(event, action)
            self.tell(Note(place, "restart became on_poweroff, on_reboot and on_crash", "xl knows these alone"))

    def _kernel(self) -> None:
        """Drop hvmloader as a kernel; join root and extra for a kernel that QEMU loads."""
        kernel = self.look.text("kernel")
        if self.mode is not Mode.HVM:
            return
        if kernel is not None and is_hvmloader(kernel):
            del self.settings["kernel"]
            why = "xl boots HVM guests by its own firmware and ignores it here; firmware_override would name another"
            self.tell(Note(self.look.place("kernel"), "kernel is gone", why))
            kernel = None
        given = [name for name in ("root", "extra") if self.settings.get(name)]
        if not given or "cmdline" in self.settings:
            for name in given:
                del self.settings[name]
                self.tell(Note(self.look.place(name), f"{name} is gone", "xl ignores it beside cmdline"))
            return
        place = self.look.place(*given)
        if kernel is None:
            for name in given:
                del self.settings[name]
            why = "only a kernel that is loaded from outside (kernel=) gets it; this guest boots from its own disk"
            self.tell(Note(place, f"{' and '.join(given)} {'are' if len(given) > 1 else 'is'} gone", why))
            return
        root, extra = str(self.settings.pop("root", "")), str(self.settings.pop("extra", ""))
        self.settings["cmdline"] = " ".join(filter(None, (f"root={root}" if root else "", extra)))
        why = "QEMU loads an HVM guest's kernel; cmdline is what xl makes of both (xl.cfg(5))"
        self.tell(Note(place, f"{' and '.join(given)} became cmdline", why))

    def _guest(self, disks: tuple[ImportedDisk, ...], nics: tuple[ImportedNic, ...]) -> ImportedGuest:
        said = self.settings.get
        root, extra = said("root"), said("extra")
        line = said("cmdline") or " ".join(filter(None, (f"root={root}" if root else "", str(extra or "")))) or None
        firmware = said("firmware") or said("bios")
        return ImportedGuest(
            name=self.look.text("name"),
            mode=self.mode,
            memory_mib=self.look.number("memory"),
            vcpus=self.look.number("vcpus") or 1,
            firmware=str(firmware) if firmware else "seabios" if self.mode is Mode.HVM else None,
            kernel=str(said("kernel")) if said("kernel") else None,
            ramdisk=self.look.text("ramdisk"),
            command_line=str(line) if line else None,
            unplug=unplug_of(str(line or "")),
            disk_controller=self.look.text("hdtype") or "ide",
            device_model=self.look.text("device_model_override"),
            platform_device=self.look.number("xen_platform_pci") != 0,
            disks=disks,
            nics=nics,
        )

    def _tell_what_is_missing(self, guest: ImportedGuest) -> None:
        start = Place(self.file, 1, 1)
        if guest.name is None:
            self.tell(Note(start, "name is missing", "xl refuses a configuration without one"))
        if guest.memory_mib is None:
            self.tell(Note(start, "memory is missing", "xl takes a default that is seldom meant (xl.cfg(5))"))
        if guest.mode is not Mode.HVM and not {"kernel", "bootloader", "firmware"} & self.settings.keys():
            why = f"xl refuses a {guest.mode} guest without one: there is nothing to boot"
            self.tell(Note(start, "kernel or bootloader is missing", why))

    def _tell_of_names_in_the_guest(self, guest: ImportedGuest) -> None:
        """Note disks that a guest's kernel is told by a name which they have no more."""
        for disk in guest.disks:
            seen = Vdev("xvd", disk.vdev.index, disk.vdev.partition).name
            if disk.was != seen and f"/dev/{disk.was}" in (guest.command_line or ""):
                what = f"the kernel is still told of /dev/{disk.was}"
                why = f"blkfront of Linux since 2.6.36 calls that disk {seen} (drivers/block/xen-blkfront.c)"
                self.tell(Note(disk.place, what, why))

    def _in_order(self) -> Mapping[str, Data]:
        """Return the settings, name and type first."""
        first: dict[str, Data] = {"name": self.settings["name"]} if "name" in self.settings else {}
        return first | {"type": self.mode.value} | self.settings | {"type": self.mode.value}
