"""What `pvbench stack verify` prints: every part of the PV stack in use, what is amiss, and what mends it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

from pvbench.parts import NOT_KNOWN, PARTS, Part
from pvbench.printable import clean
from pvbench.wording import under

WIDEST = 76
"""A value that is longer goes on below, so that a table stays one on a terminal."""
PROOF = ("vif states", "vbd states")
"""Nothing shows that PV devices are in use where these are not known."""


@dataclass(frozen=True)
class Verified:
    """What a host and a guest booted on it have in use, by the names of PARTS, and what the boot took in seconds.

    `label` is what stands beside every figure ("software emulation"), empty on bare metal.
    """

    host: str
    devices: tuple[str, ...]
    found: Mapping[str, str]
    boot_s: float
    label: str = ""

    @property
    def in_use(self) -> bool:
        """Whether nothing keeps PV devices from being used, and their ends are known to be connected."""
        return all(part in self.found for part in PROOF) and all(amiss.dear for _, _, amiss in self._amiss)

    @property
    def _amiss(self) -> list[tuple[Part, str, Any]]:
        told = ((part, self.found[part.name]) for part in PARTS.values() if part.name in self.found)
        return [(part, value, amiss) for part, value in told if (amiss := part.lack(value)) is not None]

    def render(self) -> str:
        """Return it for people: a table of the parts, then what is amiss."""
        width = max(map(len, PARTS)) + 2
        lines = [
            f"{self.host}: a guest with {', '.join(self.devices)}, up after {self.boot_s:.0f} s{under(self.label)}"
        ]
        side = ""
        for part in sorted(PARTS.values(), key=lambda part: part.side):
            if part.side != side:
                side = part.side
                lines += ["", f"in the {side}" if side == "guest" else f"in {side}"]
            value = clean(self.found.get(part.name, NOT_KNOWN))
            first, *more = wrap(value, WIDEST, break_on_hyphens=False) or [NOT_KNOWN]
            lines += [f"  {part.name:<{width}}{first}", *(" " * (width + 2) + line for line in more)]
        lines.append("")
        for part, value, amiss in self._amiss:
            told = f"{'dear' if amiss.dear else 'missing'}: {part.name}: {clean(value)}: {amiss.what}"
            lines += wrap(told, WIDEST + width, subsequent_indent="   ")
            lines += [f"   mend: {amiss.mend}"]
        unknown = [name for name in PARTS if name not in self.found]
        lines += wrap(f"not known: {', '.join(unknown)}", WIDEST + width) if unknown else []
        lines.append(f"{self.host}: PV devices are in use: {'yes' if self.in_use else 'no'}")
        return "\n".join(line.rstrip() for line in lines) + "\n"

    def as_data(self) -> dict[str, Any]:
        """Return it for programs; the value of a part of which nothing is known is null."""
        return {
            "host": self.host,
            "label": self.label,
            "devices": list(self.devices),
            "in_use": self.in_use,
            "boot_s": self.boot_s,
            "parts": [
                {
                    "part": part.name,
                    "side": part.side,
                    "value": self.found.get(part.name),
                    "read_from": part.read_from,
                    "means": part.means,
                    "source": part.source,
                }
                for part in PARTS.values()
            ],
            "missing": [
                {"part": part.name, "value": value, "what": amiss.what, "mend": amiss.mend, "dear": amiss.dear}
                for part, value, amiss in self._amiss
            ],
        }


def merged(looks: Sequence[Sequence[tuple[str, str]]]) -> dict[str, str]:
    """Return what is in use for several devices of one boot as one."""
    return {name: value for look in looks for name, value in look}
