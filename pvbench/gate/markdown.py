"""What the gate found → Markdown for a pull request or a job's summary; all text of a run is escaped. Pure."""

from pvbench.gate.nouns import Gated
from pvbench.gate.words import COLUMNS, cells, headline, notes
from pvbench.reports.markdown import escaped


def render(gated: Gated) -> str:
    """Return GitHub-flavoured Markdown."""
    table = [COLUMNS, ["---"] * len(COLUMNS), *([escaped(text) for text in cells(row)] for row in gated.rows)]
    lines = [f"| {' | '.join(row)} |" for row in table]
    told = [f"- {escaped(note)}" for note in notes(gated)]
    return "\n".join([f"### {escaped(headline(gated))}", "", *lines, "", *told]) + "\n"
