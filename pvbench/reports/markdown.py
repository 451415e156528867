"""ComparisonPage → Markdown for a pull request: the headline, a table of the comparisons, what they rest on.

The dialect is GitHub's (https://github.github.com/gfm). All text of a run is escaped, so that it is shown and never
read as a table, a link, HTML, a mention, a reference to an issue or an emoji.
"""

import re

from pvbench.reports.page import ComparisonPage, Group, GuestFact, GuestsView, Row

_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~$-])")
_BREAK = "&#8203;"
"""A space of no width: it stops what GitHub finds in finished text (mentions, references, addresses)."""
_COLUMNS = ("Workload", "Baseline", "Candidate", "Ratio", "95 % interval", "Verdict", "Notes")


def render(page: ComparisonPage) -> str:
    """Return the page as GitHub-flavoured Markdown."""
    parts = [f"### {escaped(page.headline)}", escaped(page.standfirst), escaped(page.altered)]
    for group in page.groups:
        parts.append(_table(group))
    redacted = f"Redacted: {page.redacted}." if page.redacted else ""
    parts += _guests(page.guests) if page.guests else []
    parts += [escaped(page.groups_note), escaped(page.label_note), escaped(redacted), _basis(page)]
    return "\n\n".join(part for part in parts if part) + "\n"


def escaped(text: str) -> str:
    """Return a text on one line that GitHub shows as it is."""
    line = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = _SPECIAL.sub(r"\\\1", line)
    line = re.sub(r"(@|\\#|\bGH\\-)(?=\w)", rf"\1{_BREAK}", line)
    line = re.sub(r"(://|:(?=[\w+\\-]+:)|\bwww(?=\.)|\b(?:mailto|xmpp):)", rf"\1{_BREAK}", line, flags=re.IGNORECASE)
    return re.sub(r"^(\d+)\.(?=\s|$)", r"\1\\.", line)


def _table(group: Group) -> str:
    head = [f"**{escaped(group.caption)}**", "", _line(_COLUMNS), _line(["---"] * len(_COLUMNS))]
    return "\n".join([*head, *(_line(_cells(row)) for row in group.rows)])


def _guests(guests: GuestsView) -> list[str]:
    """Return in what the guests differ, and behind it all that they said they are, a column each."""
    told = "\n".join(f"- {escaped(line)}" for line in (*guests.differing, *guests.changed))
    rows = [
        [
            row.fact,
            *(f"{value} ({lack})" if lack else value for value, lack in zip(row.values, _lacks(row), strict=True)),
        ]
        for row in (*guests.facts, *guests.preflight)
    ]
    head = [_line(["Fact", *map(escaped, guests.names)]), _line(["---"] * (1 + len(guests.names)))]
    table = "\n".join([*head, *(_line([escaped(text) for text in row]) for row in rows)])
    if guests.folded:
        return [told]
    return [told, f"<details><summary>What the guests said they are</summary>\n\n{table}\n\n</details>"]


def _lacks(row: GuestFact) -> tuple[str, ...]:
    return row.amiss or ("",) * len(row.values)


def _cells(row: Row) -> list[str]:
    sides = [f"{side.name}: {side.median}" for side in (row.baseline, row.candidate)]
    ratio = f"{row.bound} {row.ratio}".strip()
    notes = "; ".join(note for note in row.notes if note != row.guests)  # said of all rows together, below
    return [escaped(text) for text in (row.workload, *sides, ratio, row.interval, row.verdict, notes)]


def _line(cells: list[str] | tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


def _basis(page: ComparisonPage) -> str:
    facts = [("Run", page.run_id), *page.tiles, ("Command", page.command), ("pvbench", page.tool_version)]
    lines = [f"- {escaped(name)}: {escaped(fact)}" for name, fact in facts]
    return "\n".join(["<details><summary>What it rests on</summary>", "", *lines, "", "</details>"])
