"""What kind of guest a configuration is of: as type says, builder, or what else only such a guest has."""

from collections.abc import Mapping
from pathlib import PurePosixPath

from pvbench.xen.imports.lookup import Lookup
from pvbench.xen.imports.nouns import Mode, Note
from pvbench.xen.imports.words import Place

_BUILDERS: Mapping[str, Mode] = {
    "hvm": Mode.HVM,
    "linux": Mode.PV,
    "generic": Mode.PV,
    "pv": Mode.PV,
    "netbsd": Mode.PV,
    "vmx": Mode.HVM,  # of Xen 3.0.0
}
HVMLOADER = "hvmloader"
"""The firmware that xm was given as an HVM guest's kernel."""


def is_hvmloader(kernel: str) -> bool:
    """Whether a kernel is xm's firmware of HVM guests."""
    return PurePosixPath(kernel).name == HVMLOADER


def mode_of(look: Lookup) -> Mode:
    """Return what kind of guest it is: as type says, builder, or what else only such a guest has."""
    place = look.place("type", "builder", "kernel")
    if (said := look.text("type")) is not None:
        found = next((mode for mode in Mode if mode == said), None)
        if found is None:
            raise place.problem(f"type is hvm, pv or pvh, not '{said[:40]}'")
        built = _BUILDERS.get((look.text("builder") or "").lower(), found)
        if built is not found:
            raise look.place("builder").problem(f"builder says {built} and type says {found}; xl refuses that")
        if "builder" in look.values:
            look.tell(Note(look.place("builder"), "builder is gone", "type says it"))
        return found
    builder = look.text("builder")
    if builder is not None:
        found = _BUILDERS.get(builder.lower())
        if found is None:
            place = look.place("builder")
            raise place.problem(f"builder '{builder[:40]}' is none that xl has: hvm, generic (pv) and linux (pv) are")
        why = "builder is deprecated since Xen 4.10 (xl.cfg(5))"
        look.tell(Note(look.place("builder"), f'builder became type="{found}"', why))
        return found
    if is_hvmloader(look.quietly("kernel")):
        look.tell(Note(look.place("kernel"), 'type="hvm" is said', "hvmloader boots HVM guests alone"))
        return Mode.HVM
    if {"kernel", "bootloader"} & look.values.keys():
        return _as_xl_does(look)
    emulated = [name for name in ("disk", "vif") if "ioemu" in repr(look.known(name))]
    if emulated or "device_model" in look.values:
        name = (*emulated, "device_model")[0]
        why = f"nothing says the type, and {name} is what only an HVM guest has; xl would take it for a PV guest"
        look.tell(Note(look.place(name), 'type="hvm" is said', why))
        return Mode.HVM
    return _as_xl_does(look)


def _as_xl_does(look: Lookup) -> Mode:
    if look.values:
        why = "nothing says the type, and that is what xl takes then"
        look.tell(Note(Place(look.file, 1, 1), 'type="pv" is said', why))
    return Mode.PV
