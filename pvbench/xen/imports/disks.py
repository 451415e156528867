"""A line of `disk` → an ImportedDisk: xm's words, xl's positions and xl's keys.

Sources: xl-disk-configuration(5); tools/libs/util/libxlu_disk_l.l for what is stripped; libxl_device.c for who serves
it; `xl -N block-attach` of Xen 4.17, asked of every spelling in tests/unit/xen/imports/test_disks.py.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pvbench.xen.imports.nouns import ImportedDisk, Mode, Note, Reach
from pvbench.xen.imports.values import Value
from pvbench.xen.vdevs import AHCI_DISKS, IDE_DISKS, Vdev, read_vdev

Tell = Callable[[Note], None]
FORMATS = ("raw", "qcow", "qcow2", "vhd", "qed")
_STRIPPED = re.compile(r"(tapdisk|tap2|tap|aio|ioemu|file|phy|sync)\s*:\s*", re.IGNORECASE)
_FORMAT = re.compile(r"(raw|qcow2?|vhd|vmdk|ram|remus|vdi)\s*:\s*", re.IGNORECASE)
_SCRIPT = re.compile(r"(iscsi|nbd|enbd|drbd)\s*:\s*")
_KEY = re.compile(r"\s*([a-z][a-z_-]*)\s*=(.*)", re.DOTALL)
_KEYS = ("format", "vdev", "access", "devtype", "target")
_OPTIONS = ("backend", "backendtype", "script", "specification", "transport", "grant_usage", "colo-host", "colo-port")
_FLAGS = ("discard", "no-discard", "direct-io-safe", "trusted", "untrusted", "copy-on-read", "colo")
_ACCESS = {"r": False, "ro": False, "w": True, "rw": True, "w!": True, "!": True}


@dataclass
class _Spec:
    """What a line says, as it is read."""

    prefixes: list[str] = field(default_factory=list)
    ioemu: bool = False
    format: str | None = None
    target: str | None = None
    vdev: str | None = None
    access: str | None = None
    cdrom: bool = False
    options: dict[str, str | None] = field(default_factory=dict)


def read_disk(line: Value, mode: Mode, controller: str, tell: Tell) -> ImportedDisk:
    """Return the disk of a line of `disk`. Raises ConfigError for one that xl has no words for."""
    if not isinstance(line.data, str) or not line.data.strip():
        raise line.place.problem("a disk is written as text: 'format=raw,vdev=xvda,target=PATH'")
    written = line.data.strip()
    spec = _read(written, line)
    vdev = read_vdev(spec.vdev or "")
    if vdev is None:
        names = "hda to hdd, sda to sdp, xvda onwards"
        raise line.place.problem(f"'{(spec.vdev or '')[:40]}' is no name of a disk that xl knows: {names}")
    if not spec.target and not spec.cdrom:
        raise line.place.problem(f"{vdev.name} has no target, and only a CD drive may be empty")
    access = spec.access or ("ro" if spec.cdrom else "rw")
    if access not in _ACCESS:
        raise line.place.problem(f"'{access[:20]}' is no access; r and w are")
    chosen = spec.format or "raw"
    if chosen not in FORMATS:
        raise line.place.problem(
            f"xl serves no '{chosen}' images", hint="qemu-img convert -O raw makes an image that every backend serves"
        )
    target = spec.target or ""
    if "phy" in spec.prefixes and not target.startswith("/") and not _script(spec):
        target = f"/dev/{target}"
    modern = vdev.modern
    reach = _reach(modern, mode, controller, cdrom=spec.cdrom)
    options = tuple(key if value is None else f"{key}={value}" for key, value in spec.options.items())
    disk = ImportedDisk(
        line.place,
        written,
        target,
        chosen,
        modern,
        was=vdev.name,
        writable=_ACCESS[access] and not spec.cdrom,
        cdrom=spec.cdrom,
        emulated_by_name=spec.ioemu,
        reach=reach,
        served_by=_served_by(spec, target, chosen, reach),
        options=options,
    )
    _tell_of(disk, spec, vdev, mode, tell)
    return disk


def _read(written: str, line: Value) -> _Spec:
    spec, rest = _Spec(), written
    while match := _STRIPPED.match(rest):
        spec.prefixes.append(match[1].lower())
        rest = rest[match.end() :]
    if match := _FORMAT.match(rest):
        spec.prefixes.append(match[1].lower())
        spec.format, rest = match[1].lower(), rest[match.end() :]
    elif match := _SCRIPT.match(rest):
        spec.prefixes.append(match[1])
        spec.options["script"], rest = f"block-{match[1]}", rest[match.end() :]
    second = [piece.strip() for piece in rest.split(",")][1:2]
    named = bool(second and read_vdev(second[0].removeprefix("ioemu:").partition(":")[0]))
    if spec.prefixes or named or (second and second[0].startswith("ioemu:")):
        _by_place(spec, rest, line)
    else:
        _by_key(spec, rest, line)
    return spec


def _by_place(spec: _Spec, rest: str, line: Value) -> None:
    """Read xm's form, TARGET,DEVICE[:TYPE],ACCESS[,BACKEND]."""
    target, *others = [piece.strip() for piece in rest.split(",")]
    spec.target = target
    if not others:
        raise line.place.problem("this disk does not say its device: TARGET,DEVICE,ACCESS")
    device = others.pop(0)
    spec.ioemu = device.startswith("ioemu:") or "ioemu" in spec.prefixes
    spec.vdev, _, kind = device.removeprefix("ioemu:").partition(":")
    if kind not in ("", "disk", "cdrom"):
        raise line.place.problem(f"'{kind[:20]}' is no type of a disk; disk and cdrom are")
    spec.cdrom = kind == "cdrom"
    for piece in others:
        match = _KEY.fullmatch(piece)
        if match and match[1] in _OPTIONS:
            spec.options[match[1]] = match[2]
        elif piece in ("cdrom", *_FLAGS):
            spec.cdrom = spec.cdrom or piece == "cdrom"
            spec.options |= {} if piece == "cdrom" else {piece: None}
        elif spec.access is None and piece:
            spec.access = piece
        elif piece not in ("", "0"):
            spec.options["backend"] = piece  # xm's fourth place: the domain that serves it


def _by_key(spec: _Spec, rest: str, line: Value) -> None:
    """Read xl's form, positions and keys mixed; `target=` takes all that follows."""
    places = iter(("target", "format", "vdev", "access"))
    while rest:
        match = _KEY.match(rest)
        if match and match[1] == "target":
            spec.target = match[2].strip()
            return
        piece, _, rest = rest.partition(",")
        piece = piece.strip()
        match = _KEY.fullmatch(piece)
        if match and (match[1] in _KEYS or match[1] in _OPTIONS):
            _put(spec, match[1], match[2].strip())
        elif piece in _FLAGS:
            spec.options[piece] = None
        elif piece in ("cdrom", "devtype=cdrom"):
            spec.cdrom = True
        elif match and not piece.startswith("/"):
            raise line.place.problem(f"'{match[1][:40]}' is no key of a disk; {', '.join((*_KEYS, *_OPTIONS[:3]))} are")
        elif (name := next(places, None)) is not None:
            _put(spec, name, piece)
        else:
            raise line.place.problem(f"'{piece[:40]}' is one position too many; there are target,format,vdev,access")


def _put(spec: _Spec, key: str, value: str) -> None:
    if key == "devtype":
        spec.cdrom = value == "cdrom"
    elif key == "vdev":  # some write xm's type behind xl's position
        spec.vdev, _, kind = value.partition(":")
        spec.cdrom = spec.cdrom or kind == "cdrom"
    elif key in _OPTIONS:
        spec.options[key] = value
    elif value:
        setattr(spec, key, value)


def _reach(vdev: Vdev, mode: Mode, controller: str, *, cdrom: bool) -> Reach:
    """Return how an HVM guest reaches a disk of this name (libxl_dm.c, "translate devices 0..3 into hd[a-d]")."""
    if mode is not Mode.HVM:
        return Reach.PV
    if cdrom:
        return Reach.EMULATED
    behind = AHCI_DISKS if controller == "ahci" else IDE_DISKS
    return Reach.BOTH if vdev.bus == "sd" or vdev.index < behind else Reach.PV


def _script(spec: _Spec) -> str | None:
    return spec.options.get("script")


def _served_by(spec: _Spec, target: str, chosen: str, reach: Reach) -> str:
    """Return who serves it: what is said, else phy, then qdisk, as libxl tries them (libxl_device.c)."""
    if reach is Reach.EMULATED:
        return "device model (emulated CD drive)"
    said: Mapping[str | None, str] = {"phy": "blkback in dom0", "qdisk": "qdisk in the device model", "tap": "blktap"}
    if spec.options.get("backendtype") in said:
        return said[spec.options["backendtype"]]
    if chosen != "raw":
        return "qdisk in the device model"
    if _script(spec):
        return f"blkback in dom0, by the script {_script(spec)}"
    if target.startswith("/dev/"):
        return "blkback in dom0"
    return "blkback in dom0, over a loop device"


def _tell_of(disk: ImportedDisk, spec: _Spec, vdev: Vdev, mode: Mode, tell: Tell) -> None:
    """Note what of a disk's line changed meaning."""
    name = disk.vdev.name
    if vdev != disk.vdev:
        why = "libxl knows hda to hdd alone, and blkfront takes no other IDE major (xen-vbd-interface(7))"
        tell(Note(disk.place, f"{vdev.name} became {name}", why, "hde-is-no-name"))
    chose = [prefix for prefix in spec.prefixes if prefix not in FORMATS]
    if chose or spec.prefixes:
        words = "".join(f"{prefix}:" for prefix in spec.prefixes)
        why = f"xl strips it and chooses by the target itself; {name} is served by {disk.served_by}"
        tell(Note(disk.place, f"the prefix {words} is gone", why))
    if spec.ioemu and mode is Mode.HVM:
        why = "the index alone decides today: hda to hdd and xvda to xvdd are emulated and PV, later ones PV alone"
        tell(Note(disk.place, f"ioemu: of {disk.was} is gone", why))
    if "ioemu" in spec.prefixes + (["ioemu"] if spec.ioemu else []) and mode is not Mode.HVM:
        tell(Note(disk.place, f"ioemu: of {disk.was} is gone", f"a {mode} guest has no emulated disks"))
    if spec.access in ("w!", "!"):
        why = "xl has no such access; the block script refuses a device that another domain has"
        tell(Note(disk.place, f"{name} is w instead of {spec.access}", why))
    if disk.reach is Reach.BOTH and not spec.ioemu:
        bus = "SCSI" if disk.vdev.bus == "sd" else "IDE"
        why = "until the guest unplugs the emulated one, which Linux does at its boot unless xen_emul_unplug says no"
        tell(Note(disk.place, f"{name} is emulated ({bus}) and PV at once", why))
