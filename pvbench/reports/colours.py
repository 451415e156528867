"""The colours of figures: variables of the page's style, so that it turns them over in the dark, with a fall-back.

They come from Okabe and Ito's set, which colour-blind readers can tell apart, and shape says the same again.
"""

from collections.abc import Mapping
from types import MappingProxyType

INK, MUTED, PAPER = "var(--ink, #1d2328)", "var(--muted, #5c6670)", "var(--paper, #ffffff)"
RULE, GRID = "var(--rule, #c9ccd1)", "var(--grid, #e4e6e9)"
PV, EMULATED, NEUTRAL = "var(--pv, #0072b2)", "var(--emulated, #c2570c)", "var(--neutral, #6b747d)"
PARTS: Mapping[str, str] = MappingProxyType(
    {
        tone: f"var(--part-{tone}, {colour})"
        for tone, colour in {
            "port": "#d55e00",
            "mmio": "#e69f00",
            "call": "#0072b2",
            "msr": "#cc79a7",
            "interrupt": "#009e73",
            "halt": "#56b4e9",
            "other": "#8a939b",
            "guest": "#0072b2",
            "model": "#d55e00",
            "backend": "#009e73",
            "peer": "#cc79a7",
            "host": "#e69f00",
        }.items()
    }
)
"""Parts of a whole."""


def of_path(io_path: str) -> str:
    """Return the colour of what carried the traffic: a paravirtual device, an emulated one, or what nobody knows."""
    return PV if io_path == "PV" else EMULATED if io_path else NEUTRAL
