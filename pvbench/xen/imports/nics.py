"""A line of `vif` → an ImportedNic.

Sources: xl-network-configuration(5); parse_nic_config of tools/xl/xl_parse.c, which passes over an argument or a type
that it does not know; xmexample.hvm of Xen 3.0.3 for what an entry without `type` was.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pvbench.xen.imports.nouns import ImportedNic, Mode, Note, Reach
from pvbench.xen.imports.values import Value

Tell = Callable[[Note], None]
_OCTETS = re.compile(r"[0-9a-fA-F]{1,2}(?:[:-][0-9a-fA-F]{1,2}){5}")
_PV_TYPES = ("vif", "netfront", "pv", "paravirtualised", "paravirtualized", "front")
_OPTIONS = (
    *("script", "ip", "backend", "rate", "vifname", "devid", "mtu", "vlan", "trusted", "untrusted", "gatewaydev"),
    *("coloft_forwarddev", "forwarddev"),
)
_USUAL_MODEL = "rtl8139"


@dataclass(frozen=True)
class _Line:
    """A line taken apart; `place` is where it is."""

    value: Value
    words: dict[str, str]
    type: str | None


def read_nics(lines: Sequence[Value], mode: Mode, tell: Tell) -> tuple[ImportedNic, ...]:
    """Return the NICs of `vif`. Raises ConfigError for one that cannot be."""
    read = [_read(line) for line in lines]
    mixed = any(each.type == "ioemu" for each in read)
    return tuple(_nic(each, mode, tell, mixed=mixed) for each in read)


def _read(line: Value) -> _Line:
    if not isinstance(line.data, str):
        raise line.place.problem("a NIC is written as text: 'mac=00:16:3e:…,bridge=xenbr0'")
    words = dict[str, str]()
    for piece in line.data.split(","):
        key, _, value = piece.strip().partition("=")
        if key.strip():
            words[key.strip().lower()] = value.strip().strip("\"'")
    return _Line(line, words, words.pop("type", "").lower() or None)


def _nic(line: _Line, mode: Mode, tell: Tell, *, mixed: bool) -> ImportedNic:
    place, words = line.value.place, dict(line.words)
    reach = _reach(line, mode, tell, mixed=mixed)
    mac = _mac(line, words.pop("mac", None))
    bridge, model = words.pop("bridge", None) or None, words.pop("model", None) or None
    if model is not None and reach is Reach.PV:
        tell(Note(place, f"model={model} is gone", "a PV NIC has no model; netfront drives it"))
        model = None
    if model is None and reach is Reach.BOTH:
        model = _USUAL_MODEL
        tell(Note(place, f"model={model} is said", "what libxl emulates where nothing is said, in 2006 as today"))
    if "netdev" in words:
        words.setdefault("gatewaydev", words.pop("netdev"))
        tell(Note(place, "netdev became gatewaydev", "xl warns of the old name"))
    for key in [key for key in words if key not in _OPTIONS]:
        tell(
            Note(place, f"{key}={words.pop(key)} is gone", "xl does not know this argument of a NIC and passes it over")
        )
    options = tuple(f"{key}={value}" for key, value in words.items() if value)
    written = line.value.data if isinstance(line.value.data, str) else ""
    return ImportedNic(
        place,
        written.strip(),
        reach,
        model=model,
        mac=mac,
        bridge=bridge,
        typed=line.type is not None,
        options=options,
    )


def _reach(line: _Line, mode: Mode, tell: Tell, *, mixed: bool) -> Reach:
    """Return whether a NIC is emulated too; says why where the line does not say it, or says what is no more."""
    place = line.value.place
    if mode is not Mode.HVM:
        if line.type == "ioemu":
            why = f"a {mode} guest has no device model for its NIC, and libxl refuses type=ioemu there"
            tell(Note(place, "type=ioemu became type=vif", why))
        return Reach.PV
    if line.type == "ioemu":
        return Reach.BOTH
    if line.type in _PV_TYPES:
        if line.type != "vif":
            tell(Note(place, f"type={line.type} became type=vif", "xl knows ioemu and vif, and passes others over"))
        return Reach.PV
    if line.type is not None:
        raise place.problem(f"'{line.type[:40]}' is no type of a NIC; ioemu (emulated and PV) and vif (PV) are")
    if mixed:
        why = "beside one that says type=ioemu it was a PV NIC; xl would add a second emulated one"
        tell(Note(place, "type=vif is said", why, "second-emulated-nic"))
        return Reach.PV
    why = "xl's default for an HVM guest: emulated and PV with one MAC; in 2006 an entry without type was PV alone"
    tell(Note(place, "type=ioemu is said", why))
    return Reach.BOTH


def _mac(line: _Line, text: str | None) -> str | None:
    if not text:
        return None
    if _OCTETS.fullmatch(text) is None:
        raise line.value.place.problem(f"'{text[:40]}' is no MAC address; 00:16:3e:11:22:33 is one")
    return ":".join(f"{int(octet, 16):02x}" for octet in re.split("[:-]", text))
