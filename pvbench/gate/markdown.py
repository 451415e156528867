"""What the gate found → Markdown for a pull request or a job's summary; all text of a run is escaped. Pure.

What stands well is folded behind its count, so that what does not is seen. A comment on GitHub holds 65,536 characters.
"""

from collections.abc import Sequence

from pvbench.gate.nouns import Gated, Row, State
from pvbench.gate.words import COLUMNS, cells, headline, notes
from pvbench.printable import clean
from pvbench.reports.markdown import escaped

MOST = 100
"""So many rows of what stands well, and of what does not, are written; --json has all."""


def render(gated: Gated) -> str:
    """Return GitHub-flavoured Markdown."""
    well = [row for row in gated.rows if row.state is State.OK]
    others = [row for row in gated.rows if row.state is not State.OK]
    parts = [f"### {_shown(headline(gated))}"]
    parts += [_table(others)] if others else []
    parts += [f"<details><summary>{len(well)} ok</summary>", _table(well), "</details>"] if well else []
    parts += ["\n".join(f"- {_shown(note)}" for note in notes(gated))]
    return "\n\n".join(parts) + "\n"


def _table(rows: Sequence[Row]) -> str:
    lines = [COLUMNS, ["---"] * len(COLUMNS), *([_shown(text) for text in cells(row)] for row in rows[:MOST])]
    more = f"\n\n{len(rows) - MOST} more are left out here." if len(rows) > MOST else ""
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + more


def _shown(text: str) -> str:
    return escaped(clean(text))
