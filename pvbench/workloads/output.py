"""What a tool printed → text, JSON, numbers; anything amiss is a ParseError that names the tool and the place."""

import json
from collections.abc import Mapping
from typing import Any

from pvbench.errors import ParseError
from pvbench.model import Scalar

LEAST_SHARE_MEASURED, SLACK_S = 0.95, 0.25
"""A tool that measured less than this share of the time asked for, and lacks more than that, ended early: its figure is
not what was asked. On a slow host a tool's own start takes tenths of a second."""

LARGEST = 10**18
"""No count of bytes, I/Os or ns that a tool makes in a day is larger."""


def spare(params: Mapping[str, Scalar], measured_s: float) -> float:
    """Return a tool's whole run over the seconds that it counted: its own warm-up is in none of its figures."""
    return (float(params.get("warmup", 0)) + measured_s) / measured_s


def check_duration(tool: str, measured_s: float, asked_s: float) -> None:
    """Raise ParseError where the tool measured for clearly less time than it was asked to."""
    if measured_s <= 0 or measured_s < min(LEAST_SHARE_MEASURED * asked_s, asked_s - SLACK_S):
        raise ParseError(f"{tool}: measured for {measured_s:.2f} s where {asked_s:g} s were asked for")


def text_of(tool: str, stdout: bytes) -> str:
    """Return what a tool printed as text; nothing at all is a ParseError."""
    text = stdout.decode("utf-8", errors="replace")
    if not text.strip():
        raise ParseError(f"{tool}: printed nothing", hint="its standard error, beside it in raw/, may say why")
    return text


def json_object(tool: str, stdout: bytes) -> dict[str, Any]:
    """Return the first JSON object in what a tool printed; notes may stand before and after it."""
    text = text_of(tool, stdout)
    decoder, begins = json.JSONDecoder(), -1
    while (begins := text.find("{", begins + 1)) >= 0:
        if begins and text[begins - 1] != "\n":
            continue
        try:
            found = decoder.raw_decode(text, begins)[0]
        except (ValueError, RecursionError):
            break
        return dict(found)
    if begins < 0:
        raise ParseError(f"{tool}: printed no JSON but {_shortened(text.strip().splitlines()[0])}")
    raise ParseError(f"{tool}: its JSON is cut off or broken ({len(stdout)} bytes, ending in {_shortened(text[-40:])})")


def number(tool: str, data: Mapping[str, Any], *path: str) -> float:
    """Return the count or rate at a path of keys; anything else there is a ParseError that names the path."""
    value: Any = data
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ParseError(f"{tool}: no number at {'.'.join(path)}")
    if not 0 <= value <= LARGEST:  # NaN is neither
        raise ParseError(f"{tool}: {str(value)[:30]} at {'.'.join(path)} is no figure")
    return value


def _shortened(text: str, limit: int = 100) -> str:
    return repr(text if len(text) <= limit else text[: limit - 1] + "…")
