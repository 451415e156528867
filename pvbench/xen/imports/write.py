"""An imported configuration → xl.cfg, a matrix to go on with, text for a person, and data for programs."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from pvbench.drivers import DRIVERS, Backing
from pvbench.model import DeviceKind, IoPath
from pvbench.printable import clean
from pvbench.xen.imports.nouns import Imported, ImportedDisk, ImportedGuest, ImportedNic, Note, Reach
from pvbench.xen.imports.values import Data

SCHEMA = 1
_ESCAPES = {"\\": "\\\\", '"': '\\"'} | {
    char: f"\\{name}" for name, char in zip("abfnrtv", "\a\b\f\n\r\t\v", strict=True)
}
"""What xl's strings know behind a backslash; \\x they name, and take no digits of (xlu__cfgl_dequote)."""

_WORKLOADS = {
    DeviceKind.NET: "  - iperf3: {direction: [up, down], runtime: 4s, warmup: 1s}\n",
    DeviceKind.BLOCK: "  - fio: {rw: randread, bs: 4KiB, runtime: 4s, warmup: 1s}\n",
}


def xl_cfg(imported: Imported) -> str:
    """Return the configuration for `xl create`."""
    return "".join(f"{name} = {literal(data)}\n" for name, data in imported.settings.items())


def literal(data: Data, depth: int = 0) -> str:
    r"""Write a value as xl reads it: it knows \\ and \" in a string, no sign before a number (libxlu_cfg_l.l)."""
    if isinstance(data, int):
        return str(data) if data >= 0 else f'"{data}"'
    if isinstance(data, tuple):
        items = [literal(item.data, depth + 1) for item in data]
        short = depth or (len(items) < 2 and all(len(item) < 90 for item in items))
        return f"[ {', '.join(items)} ]" if short else "[\n" + "".join(f"    {item},\n" for item in items) + "]"
    seen = "".join(_ESCAPES.get(char, char) for char in data)
    return f'"{seen}"'


def devices(guest: ImportedGuest) -> dict[DeviceKind, list[str]]:
    """Return the devices of DRIVERS that a guest has, those it can be measured by."""
    found: dict[DeviceKind, list[str]] = {}
    names = [name for nic in guest.nics for name in _nic_devices(nic)]
    names += [name for disk in guest.disks for name in _disk_devices(disk)]
    for name in dict.fromkeys(names):
        found.setdefault(DRIVERS[name].kind, []).append(name)
    return found


def _nic_devices(nic: ImportedNic) -> Iterator[str]:
    if nic.reach is Reach.BOTH:
        yield from (name for name, row in DRIVERS.items() if row.model == nic.model)
    yield from (name for name, row in DRIVERS.items() if row.kind is DeviceKind.NET and row.io_path is IoPath.PV)


def _disk_devices(disk: ImportedDisk) -> Iterator[str]:
    if disk.cdrom:
        return
    backing = Backing.BLOCK_DEVICE if disk.served_by.startswith("blkback") else Backing.FILE
    for name, row in DRIVERS.items():
        if row.disk is not None and row.io_path is IoPath.EMULATED and disk.reach is Reach.BOTH:
            yield name
        if row.disk is not None and row.io_path is IoPath.PV and row.disk.backing is backing:
            yield name


def matrix(imported: Imported) -> str | None:
    """Return a matrix that measures devices like this guest's, in pvbench's own guest; None where it has none."""
    found = devices(imported.guest)
    if not found:
        return None
    guest = imported.guest
    name = clean(guest.name or imported.file)
    memory = min(max(guest.memory_mib or 256, 128), 4096)
    lines = [
        f"# Devices like those of {name!r}, in pvbench's own guest: nothing of it is touched.\n",
        "schema: 1\n",
        "hosts: [lab]\n",
        "devices:\n",
        *(f"  {kind}: [{', '.join(names)}]\n" for kind, names in found.items()),
        "placement: coexist\n",
        "workloads:\n",
        *(_WORKLOADS[kind] for kind in found),
        f"guest: {{memory: {memory}MiB, vcpus: {min(max(guest.vcpus, 1), 64)}, mode: {guest.mode}}}\n",
        "scratch: 64MiB\n",
        "run: {blocks: 5, seed: 1}\n",
    ]
    return "".join(lines)


def as_data(imported: Imported) -> dict[str, Any]:
    """Return all of it for programs; docs/import.md says what each part is."""
    guest = imported.guest
    flat = {key: value for key, value in vars(guest).items() if key not in ("disks", "nics")}
    return {
        "schema": SCHEMA,
        "file": imported.file,
        "guest": flat
        | {
            "disks": [_disk_data(disk) for disk in guest.disks],
            "nics": [_nic_data(nic) for nic in guest.nics],
        },
        "xl": {name: _plain(data) for name, data in imported.settings.items()},
        "xl_cfg": xl_cfg(imported),
        "matrix": matrix(imported),
        "notes": [_note_data(note) for note in imported.notes],
    }


def _disk_data(disk: ImportedDisk) -> dict[str, Any]:
    data = asdict(disk) | {"line": disk.place.line, "vdev": disk.vdev.name, "spec": disk.spec}
    del data["place"], data["emulated_by_name"]
    return data


def _nic_data(nic: ImportedNic) -> dict[str, Any]:
    data = asdict(nic) | {"line": nic.place.line, "spec": nic.spec}
    del data["place"], data["typed"]
    return data


def _note_data(note: Note) -> dict[str, Any]:
    place = {"line": note.place.line, "column": note.place.column}
    return place | {"what": note.what, "why": note.why, "lint": note.lint}


def _plain(data: Data) -> Any:
    return [_plain(item.data) for item in data] if isinstance(data, tuple) else data


def render(imported: Imported) -> str:
    """Return text for a person that is an xl.cfg as it stands: all but the settings are comments."""
    notes = [f"#   {note.place.line}: {note.what}: {note.why}{_tag(note)}\n" for note in imported.notes]
    proposed = matrix(imported)
    parts = [
        f"# {imported.file}, for xl of today\n",
        *(["#\n# What changed meaning, by line:\n", *notes] if notes else []),
        "\n",
        xl_cfg(imported),
        "\n",
        *_told(imported.guest),
        *(["#\n# A matrix to go on with:\n", *(f"#   {line}\n" for line in proposed.splitlines())] if proposed else []),
    ]
    return clean("".join(parts), keep="\n")


def _tag(note: Note) -> str:
    return f" [{note.lint}]" if note.lint else ""


def _told(guest: ImportedGuest) -> Iterator[str]:
    yield "# How the guest reaches its devices, and who serves them:\n"
    for disk in guest.disks:
        yield f"#   {disk.vdev.name}: {disk.reach}; {disk.served_by}\n"
    for number, nic in enumerate(guest.nics):
        emulated = f" (device model: {nic.model})" if nic.reach is Reach.BOTH else ""
        yield f"#   NIC {number}: {nic.reach}; netback in dom0{emulated}\n"
    if not guest.disks and not guest.nics:
        yield "#   it has none\n"
