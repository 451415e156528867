"""The one sentence a run comes to, and no more than it allows."""

from collections import Counter
from collections.abc import Sequence

from pvbench import figures as fmt
from pvbench import wording
from pvbench.factors import FACTORS
from pvbench.model import Outcome, Purpose, Trial
from pvbench.reports.one_look import is_one_look, one_look
from pvbench.reports.page import Row
from pvbench.stats import Verdict

_ORDER = {1: "an order of magnitude", 2: "two orders of magnitude", 3: "three orders of magnitude"}
_DECIDED = tuple(verdict.value for verdict in Verdict)


def headline(rows: Sequence[Row], label: str, purpose: Purpose = Purpose.RUN) -> tuple[str, str]:
    """Return what all comparisons of a run come to, and what qualifies it: ("… are faster …", "indicative")."""
    decided = [row for row in rows if row.tone in _DECIDED]
    indicative = any(row.indicative for row in decided)
    no_result = "" if purpose is Purpose.RUN else f"a {purpose.words}, not a result"
    words = (label, no_result, "indicative" if indicative else "")
    return _findings(rows), ", ".join(word for word in words if word)


def control(trials: Sequence[Trial], planned: int) -> str:
    """Return what a negative control came to: whether the proof of the path saw every flow on the wrong device."""
    counts = Counter(trial.outcome for trial in trials)
    missing = planned - counts[Outcome.INVALID] - counts[Outcome.OK]
    left = f"; {missing} gave nothing to judge" if missing else ""
    if counts[Outcome.OK]:
        wrong = fmt.count(counts[Outcome.OK], "trial")
        return f"Negative control failed: {wrong} of {planned} passed although every flow took the wrong device{left}"
    if not counts[Outcome.INVALID]:
        return f"Negative control without an answer: none of {fmt.count(planned, 'trial')} was measured"
    told = "all" if not missing else str(counts[Outcome.INVALID])
    of = "" if not missing else f"of {planned} "
    return f"Negative control held: {told} {of}trials sent over the wrong device came out INVALID{left}"


def standfirst(rows: Sequence[Row]) -> str:
    """Return the sentences under the headline: sizes that may be claimed, and what is not there."""
    total = len(rows)
    look = is_one_look(rows)
    said = [f"one {rows[0].unit} of each arm: more blocks give an interval and a verdict"] if look else []
    said += [
        f"{magnitude(size)} or more, by the whole interval, in {number} of {total}"
        for size, number in sorted(Counter(row.decades for row in rows if row.decades > 0).items(), reverse=True)
    ]
    counts = Counter(row.tone for row in rows)
    said += [
        f"{tone.replace('_', ' ')} in {counts[tone]} of {total}"
        for tone in ("equivalent", "capped", "undetermined", "invalid", "not_measured")
        if counts[tone] and not (look and tone == "undetermined")
    ]
    text = "; ".join(said)
    return f"{text[0].upper()}{text[1:]}." if text else ""


def magnitude(decades: int) -> str:
    """Return 1 as "an order of magnitude", 2 as "two orders of magnitude"."""
    return _ORDER.get(abs(decades), f"{abs(decades)} orders of magnitude")


def _findings(rows: Sequence[Row]) -> str:
    """Return what the comparisons of each factor come to, in one sentence."""
    if not rows:
        return "Nothing was compared: the plan holds no second device"
    factors = dict.fromkeys(row.factor for row in rows)
    said = [_finding([row for row in rows if row.factor == factor]) for factor in factors]
    return "; ".join([said[0], *(f"{one[0].lower()}{one[1:]}" for one in said[1:])])


def _finding(compared: Sequence[Row]) -> str:
    rows, planned = [row for row in compared if row.tone in _DECIDED], len(compared)
    if not rows:
        same = any(row.tone == "invalid" and row.baseline.status == row.candidate.status == "ok" for row in compared)
        why = "an arm gave no number, or both were the same" if same else "an arm gave no number"
        along = "" if compared[0].factor == "device" else f" of {FACTORS[compared[0].factor].title}"
        return f"No comparison{along}: in each, {why}"
    candidates, them, verb = _nouns(rows)
    if is_one_look(compared):
        return one_look(compared, f"{candidates[0].lower()}{candidates[1:]} against {them}")
    counts = Counter(row.tone for row in rows)
    for tone, opposite in (("faster", "slower"), ("slower", "faster")):
        if counts[tone] and not counts[opposite]:
            candidates, them, verb = _nouns([row for row in rows if row.tone == tone])
            where = "" if counts[tone] == planned else f" in {counts[tone]} of {fmt.count(planned, 'comparison')}"
            return f"{candidates} {verb} {_range(rows, tone)} {tone} than {them}{where}"
    if counts["faster"]:
        said = [f"{tone} in {counts[tone]} ({_range(rows, tone)})" for tone in ("faster", "slower")]
        return f"Of {fmt.count(planned, 'comparison')}, {candidates[0].lower()}{candidates[1:]} {verb} " + " and ".join(
            said
        )
    if counts["equivalent"] == len(rows):
        where = "" if len(rows) == planned else f" in {len(rows)} of {fmt.count(planned, 'comparison')}"
        return f"{candidates} and {them} are equivalent{where}"
    return f"No verdict that {candidates[0].lower()}{candidates[1:]} differ from {them}"


def _nouns(rows: Sequence[Row]) -> tuple[str, str, str]:
    if all(row.candidate.io_path == "PV" and row.baseline.io_path == "emulated" for row in rows):
        return "Paravirtualised devices", "emulated ones", "are"
    factor = FACTORS[rows[0].factor]
    candidates, baselines = (
        dict.fromkeys(side.name.removeprefix(f"{factor.title} ") for side in sides)
        for sides in ([row.candidate for row in rows], [row.baseline for row in rows])
    )
    if factor.name == "device":
        ours, theirs = wording.listed(sorted(candidates)), wording.listed(sorted(baselines))
        return ours, theirs, "is" if len(candidates) == 1 else "are"
    ours, theirs = wording.listed(list(candidates)), wording.listed(list(baselines))
    if factor.name == "guest":
        one = len(candidates) == 1
        return f"{'Guest' if one else 'Guests'} {ours}", theirs, "is" if one else "are"
    have = "on" if factor.name == "host" else f"with {factor.title}"
    return f"Arms {have} {ours}", f"those {have} {theirs}", "are"


def _range(rows: Sequence[Row], tone: str) -> str:
    chosen = [row.point for row in rows if row.tone == tone and row.point]
    points = sorted(chosen if tone == "faster" else [1 / point for point in chosen])
    low, high = fmt.ratio(points[0]), fmt.ratio(points[-1])
    return low if low == high else f"{low} to {high}"
