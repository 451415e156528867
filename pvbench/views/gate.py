"""What `pvbench gate` prints: the headline, a line a row, what it rests on; or the same for programs."""

from typing import Any

from pvbench.columns import columns
from pvbench.gate.nouns import Gated, Row
from pvbench.gate.words import COLUMNS, cells, headline, notes


def render(gated: Gated) -> str:
    """Return text for a terminal."""
    table = columns([tuple(map(str.upper, COLUMNS)), *map(cells, gated.rows)]) if gated.rows else ""
    return "\n".join([headline(gated), "", *([table] if table else []), *notes(gated)]) + "\n"


def as_data(gated: Gated) -> dict[str, Any]:
    """Return what was found for programs; docs/gate.md says what is in it."""
    return {
        "run": gated.run,
        "against": gated.against,
        "exit_code": int(gated.code),
        "nights": gated.nights,
        "simulated": gated.simulated,
        "label": gated.label,
        "differences": [
            {"part": each.part, "host": each.host, "was": each.was, "now": each.now, "on_purpose": on_purpose}
            for on_purpose, found in ((False, gated.unexpected), (True, gated.expected))
            for each in found
        ],
        "rows": [_row(row) for row in gated.rows],
    }


def _row(row: Row) -> dict[str, Any]:
    known = row.loss
    interval = known.interval if known else None
    return {
        "cell": row.cell,
        "against": row.against or None,
        "title": row.title,
        "host": row.host,
        "metric": row.metric.name,
        "unit": row.metric.unit,
        "state": row.state.value,
        "before": row.before,
        "now": row.now,
        "ratio": row.ratio,
        "interval": [interval.low, interval.high] if interval else None,
        "at_least": known.least if known else None,
        "units": known.units if known else None,
        "worse": row.limit.worse,
        "unseen": row.limit.unseen,
        "blocks": row.blocks,
        "why": row.why,
    }
