"""What real guests and dom0s of the lab answered, and changes of it for what the lab has not."""

import json
from pathlib import Path
from typing import Any

from pvbench.xen.verify import parse_look
from pvbench.xen.verify.guest import guest_parts

RECORDED = Path(__file__).parents[3] / "golden/xen/verify"


def guest_text(name: str) -> str:
    """Return what the guest of a recorded boot answered."""
    return (RECORDED / f"{name}.guest.txt").read_text()


def dom0(name: str) -> dict[str, Any]:
    """Return what dom0 answered of a recorded boot."""
    answer: dict[str, Any] = json.loads((RECORDED / f"{name}.dom0.json").read_text())
    return answer


def changed(name: str, *changes: tuple[str, str]) -> dict[str, str]:
    """Return what a guest has in use whose answer is a recorded one but for some texts."""
    text = guest_text(name)
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    return guest_parts(parse_look(text.encode()))


def without(name: str, *beginnings: str) -> dict[str, str]:
    """Return what a guest has in use whose answer lacks the lines that begin so."""
    lines = [line for line in guest_text(name).splitlines() if not line.strip().startswith(beginnings)]
    return guest_parts(parse_look("\n".join(lines).encode()))
