"""The tables behind the figures: what a ladder and a strip draw, as text. Pure."""

from dataclasses import dataclass

from pvbench.metrics import METRICS
from pvbench.reports.page import Strip

BLOCKS = 60
"""So many blocks stand in a table; past that nobody reads it, and the page's JSON has all of them."""
NOTHING = "–"


@dataclass(frozen=True)
class StripTable:
    """A strip's values: `arms` name the columns, `rows` are a block and its value in each; `more` tells of the rest."""

    arms: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    more: str


def strip_table(drawn: Strip) -> StripTable:
    """Return the values that a strip draws, in their unit, block by block."""
    metric = METRICS[drawn.metric]
    by_arm = [dict(arm.values) for arm in drawn.arms]
    blocks = list(dict.fromkeys(block for values in by_arm for block in values))
    blocks.sort(key=lambda block: tuple(map(int, str(block).split("."))))
    rows = tuple(
        (str(block), tuple(metric.text(values[block]) if block in values else NOTHING for values in by_arm))
        for block in blocks[:BLOCKS]
    )
    left = len(blocks) - BLOCKS
    more = f"{left:,} more blocks are in the page’s JSON." if left > 0 else ""
    return StripTable(tuple(arm.name for arm in drawn.arms), rows, more)
