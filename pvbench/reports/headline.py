"""The one sentence a run comes to, and no more than it allows."""

from collections import Counter
from collections.abc import Sequence

from pvbench.reports import format as fmt
from pvbench.reports.page import Row
from pvbench.stats import Verdict

_ORDER = {1: "an order of magnitude", 2: "two orders of magnitude", 3: "three orders of magnitude"}
_DECIDED = tuple(verdict.value for verdict in Verdict)


def headline(rows: Sequence[Row], label: str) -> str:
    """Return the headline of all comparisons of a run, with what qualifies it in brackets."""
    decided = [row for row in rows if row.tone in _DECIDED]
    if not rows:
        return _qualified("Nothing was compared: the plan holds no second device", label, indicative=False)
    if not decided:
        return _qualified(
            "Nothing could be compared: in every comparison an arm gave no number", label, indicative=False
        )
    return _qualified(_finding(decided, len(rows)), label, indicative=any(row.indicative for row in decided))


def standfirst(rows: Sequence[Row]) -> str:
    """Return the sentences under the headline: sizes that may be claimed, and what is not there."""
    said = []
    for size in sorted({row.decades for row in rows if row.decades > 0}, reverse=True):
        number = sum(row.decades == size for row in rows)
        said.append(f"{magnitude(size).capitalize()} or more in {number} of {len(rows)}, by the whole interval.")
    counts = Counter(row.tone for row in rows)
    for tone, words in (("invalid", "invalid"), ("not_measured", "not measured"), ("undetermined", "undetermined")):
        if counts[tone]:
            said.append(f"{fmt.count(counts[tone], 'comparison')} {words}.")
    return " ".join(said)


def magnitude(decades: int) -> str:
    """Return 1 as "an order of magnitude", 2 as "two orders of magnitude"."""
    return _ORDER.get(abs(decades), f"{abs(decades)} orders of magnitude")


def _finding(rows: Sequence[Row], planned: int) -> str:
    candidates, them, verb = _nouns(rows)
    counts = Counter(row.tone for row in rows)
    for tone, word in (("faster", "faster"), ("slower", "slower")):
        if counts[tone] == len(rows):
            everywhere = "" if len(rows) == planned else f" in all {len(rows)} comparisons with both arms"
            return f"{candidates} {verb} {_range(rows, tone)} {word} than {them}{everywhere}"
    if counts["equivalent"] == len(rows):
        return f"{candidates} and {them} are equivalent"
    if counts["undetermined"] == len(rows):
        return f"No verdict yet: the intervals do not tell {candidates[0].lower()}{candidates[1:]} from {them}"
    said = []
    for tone in ("faster", "slower"):
        if counts[tone]:
            chosen = [row for row in rows if row.tone == tone]
            said.append(f"{tone} in {counts[tone]} of {planned} comparisons ({_range(chosen, tone)})")
    said += [f"{tone} in {counts[tone]}" for tone in ("equivalent", "capped", "undetermined") if counts[tone]]
    return f"{candidates} {verb} {', '.join(said)}, against {them}"


def _nouns(rows: Sequence[Row]) -> tuple[str, str, str]:
    if all(row.candidate.io_path == "PV" and row.baseline.io_path == "emulated" for row in rows):
        return "Paravirtualised devices", "emulated ones", "are"
    candidates = sorted({row.candidate.device for row in rows})
    baselines = sorted({row.baseline.device for row in rows})
    return " and ".join(candidates), " and ".join(baselines), "is" if len(candidates) == 1 else "are"


def _range(rows: Sequence[Row], tone: str) -> str:
    points = sorted(row.point if tone == "faster" else 1 / row.point for row in rows if row.point)
    low, high = fmt.ratio(points[0]), fmt.ratio(points[-1])
    return low if low == high else f"{low} to {high}"


def _qualified(sentence: str, label: str, *, indicative: bool) -> str:
    words = [word for word in (label, "indicative" if indicative else "") if word]
    return f"{sentence} ({', '.join(words)})" if words else sentence
