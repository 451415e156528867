"""Several runs → RunsPage. Pure: a function of their folders alone."""

from collections.abc import Sequence

from pvbench import figures as fmt
from pvbench import wording
from pvbench.model import HostFacts, Purpose
from pvbench.printable import clean
from pvbench.reports import comparison
from pvbench.reports.page import ComparisonPage, Row
from pvbench.reports.several.changes import Beside, key, side_by_side
from pvbench.reports.several.conditions import ACCELERATOR, PLAN, conditions, differing
from pvbench.reports.several.page import Condition, RatioRow, RatioSide, RunsPage, RunView
from pvbench.samples import gather
from pvbench.store.record import Record
from pvbench.version import VERSION

LETTERS = "ABCDEFGHIJKL"
NAMED = 6
"""So many differing facts are named in one line; the table has all."""
METHOD = (
    "Each run’s own verdicts (PV against emulated, and so on) rest on that run alone, as in its own report.",
    "A change from the first run to another is the ratio of the two runs’ values, one a boot, turned so that above 1 "
    "is better. The runs share no block, so nothing is paired: what drifted between them is in it. The interval is "
    "Fieller’s at 95 %; BETTER and WORSE are told only where a ratio other than 1 is proven for all cells of this "
    "page together (Holm, at most 1 % of pages with a false alarm), by the rule of `pvbench gate`.",
    "Where conditions differ, a change may be theirs: every such verdict says so. Where the machines’ emulation "
    "differs there is no verdict, because only like may be compared with like.",
)


def build(records: Sequence[Record]) -> RunsPage:
    """Return the page of several runs, the first being what the others are put beside."""
    pages = [comparison.build(each.manifest, each.trials, each.earlier, each.altered) for each in records]
    manifests = [each.manifest for each in records]
    rows = conditions(manifests, pages)
    others = [differing(rows, 0, at) for at in range(len(records))]
    alone = all(len(manifest.hosts) == 1 for manifest in manifests)
    gathered = [
        {key(cell.cell, alone=alone): cell for cell in gather(each.manifest, each.trials, each.earlier)}
        for each in records
    ]
    cells, lone = side_by_side(gathered, [_beside(rows, at) for at in range(len(records))], LETTERS[: len(records)])
    shared = sum(all(side is not None for side in row.sides) for row in cells)
    hosts = _hosts(records)
    return RunsPage(
        headline=_headline(len(records), shared, len(cells) + len(lone)),
        warning=_warning(differing(rows)),
        label=_label(pages),
        label_note=wording.label_note(hosts),
        runs=tuple(_run(page, each, own) for page, each, own in zip(pages, LETTERS, others, strict=False)),
        conditions=differing(rows),
        alike=tuple(dict.fromkeys(row.kind for row in rows if row not in differing(rows))),
        ratios=_ratios(pages, alone=alone),
        cells=cells,
        lone=lone,
        notes=METHOD,
        tool_version=VERSION,
    )


def _hosts(records: Sequence[Record]) -> list[HostFacts]:
    return list({(host.name, host.emulation): host for each in records for host in each.manifest.hosts}.values())


def _headline(runs: int, shared: int, every: int) -> str:
    where = "all of them" if runs > 2 else "both"
    return f"{fmt.count(runs, 'run')} side by side: {shared:,} of {fmt.count(every, 'cell')} in {where}"


def _warning(rows: Sequence[Condition]) -> str:
    """Return "the runs differ in host and stack: kernel (A: Linux 6.1 | B: Linux 6.12)", what is named last at most."""
    if not rows:
        return ""
    kinds = wording.listed(list(dict.fromkeys(row.kind for row in rows)))
    named = [
        f"{row.fact} ({' | '.join(f'{n}: {v}' for n, v in zip(LETTERS, row.values, strict=False))})" for row in rows
    ]
    more = f"; and {len(rows) - NAMED} more below" if len(rows) > NAMED else ""
    return f"The runs differ in {kinds}: {'; '.join(named[:NAMED])}{more}"


def _by_value(values: Sequence[str]) -> str:
    """Return "A and B: Xen 4.17 | C: Xen 4.20"."""
    letters: dict[str, list[str]] = {}
    for letter, value in zip(LETTERS, values, strict=False):
        letters.setdefault(value, []).append(letter)
    return " | ".join(f"{wording.listed(own)}: {value}" for value, own in letters.items())


def _label(pages: Sequence[ComparisonPage]) -> str:
    """Return what stands beside every figure, and beside whose where that is not so of all runs."""
    labels = [page.label for page in pages]
    if len(set(labels)) == 1:
        return labels[0]
    letters: dict[str, list[str]] = {}
    for letter, label in zip(LETTERS, labels, strict=False):
        letters.setdefault(label or "bare metal", []).append(letter)
    return "; ".join(f"{wording.listed(own)}: {label}" for label, own in letters.items())


def _beside(rows: Sequence[Condition], at: int) -> Beside:
    """Return what stands between a run and the first: other emulation bars a verdict, all else qualifies it."""
    found = differing(rows, 0, at)
    if any(row.kind == ACCELERATOR for row in found):
        return Beside(barred="what the machines run on differs")
    if any(
        row.kind == PLAN and row.fact == "purpose"
        for row in rows
        if {row.values[0], row.values[at]} != {Purpose.RUN.words}
    ):
        return Beside(barred="figures of a pilot or a negative control are no results")
    kinds = list(dict.fromkeys(row.kind for row in found))
    return Beside(under=f"{wording.listed(kinds)} {'differs' if len(kinds) == 1 else 'differ'}" if kinds else "")


def _run(page: ComparisonPage, letter: str, others: Sequence[Condition]) -> RunView:
    return RunView(
        letter=letter,
        run_id=page.run_id,
        matrix_name=page.matrix_name,
        started=page.started,
        label=page.label,
        finding=page.headline + (f". Altered: {page.altered}" if page.altered else ""),
        tiles=page.tiles,
        command=page.command,
        tool_version=page.tool_version,
        matrix_text=page.matrix_text,
        differing=tuple(f"{row.kind}: {row.fact}" for row in others),
    )


def _ratios(pages: Sequence[ComparisonPage], *, alone: bool) -> tuple[RatioRow, ...]:
    """Return every comparison that a run makes within itself, with what each run came to."""
    told: dict[tuple[str, ...], dict[int, Row]] = {}
    for at, page in enumerate(pages):
        for group in page.groups:
            for row in group.rows:
                place = (group.kind, "" if alone else group.host, row.factor, row.candidate.device, row.workload)
                told.setdefault((*place, row.settings, row.baseline.name, row.candidate.name), {})[at] = row
    return tuple(_ratio(place[1], own, len(pages)) for place, own in told.items())


def _ratio(where: str, own: dict[int, Row], runs: int) -> RatioRow:
    row = next(iter(own.values()))
    return RatioRow(
        workload=row.workload,
        settings=row.settings,
        factor=row.factor,
        baseline=row.baseline.name,
        candidate=row.candidate.name if row.factor == "device" else f"{row.candidate.device}, {row.candidate.name}",
        where=clean(where),
        metric_title=row.metric_title,
        sides=tuple(_ratio_side(own[at]) if at in own else None for at in range(runs)),
    )


def _ratio_side(row: Row) -> RatioSide:
    return RatioSide(row.ratio, row.interval, row.bound, row.verdict, row.tone, *_numbers(row))


def _numbers(row: Row) -> tuple[float | None, float | None, float | None]:
    return row.point, row.low, row.high
