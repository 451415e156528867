"""A run's manifest and trials → ComparisonPage. Pure: a report can be rebuilt next year without a host."""

import shlex
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence

from pvbench import figures as fmt
from pvbench import wording
from pvbench.drivers import DRIVERS
from pvbench.histogram import merge, tail_s, total
from pvbench.metrics import METRICS
from pvbench.model import Contrast, DeviceKind, IoPath, Outcome, Purpose, Trial
from pvbench.printable import clean
from pvbench.reports import curves, evidence, repeats, shortfalls
from pvbench.reports.ceilings import ceiling
from pvbench.reports.headline import control, headline, standfirst
from pvbench.reports.host_words import words_for
from pvbench.reports.mechanism import mechanism
from pvbench.reports.method import method
from pvbench.reports.noise_floor import caution, figure, floor, paragraph
from pvbench.reports.notes import flags, notes, summary, unsettled
from pvbench.reports.page import Arm, ComparisonPage, Facts, Group, HostView, LatencyRow, Row, Single, Strip
from pvbench.reports.sides import arm
from pvbench.samples import CellTrials, gather
from pvbench.stats import Bound, Comparison, Family, Noise, compare, judge
from pvbench.stats.compare import FEW_BLOCKS
from pvbench.store import Manifest
from pvbench.workloads import WORKLOADS

ALTERED = 10
"""So many outputs that are not what was kept are named."""
STRIPS = 24
"""As many strip plots as a page holds: past that a reader does not look, and drawing takes long."""


def build(
    manifest: Manifest, trials: Sequence[Trial], earlier: Sequence[Trial] = (), altered: Sequence[str] = ()
) -> ComparisonPage:
    """Return the page of a run: every comparison of the plan, whether or not it came to a verdict.

    `earlier` are the trials that were measured again: rows beside those that count. `altered` says which kept outputs
    are not what was kept, as far as somebody looked.
    """
    trials = repeats.flagged(manifest, trials)
    margin = of_devices(manifest).margin
    gathered = gather(manifest, trials, earlier)
    label, words = wording.label(manifest.hosts), words_for(manifest.hosts)
    matched = _matched(gathered, _baselines(manifest, gathered))
    pairs = _pairs(matched)
    family = judge([found for pair in pairs if (found := _compared(*pair, margin)) is not None])
    groups = _groups(pairs, family, margin, label)
    rows = tuple(row for group in groups for row in group.rows)
    strips = _strips(matched, label)
    finding, qualifier = headline(rows, label, manifest.purpose)
    if manifest.purpose is Purpose.CONTROL:
        finding = control(trials, len(manifest.plan))
    costs = mechanism(matched, rows, label, max(manifest.vcpus or 1, 1), words)
    noise = floor(gathered)
    warned = caution(noise)
    again = repeats.sentence(manifest, trials)
    command = clean(shlex.join(manifest.command))
    return ComparisonPage(
        run_id=clean(manifest.run_id),
        matrix_name=clean(manifest.matrix_name),
        tool_version=clean(manifest.tool_version),
        started=_moment(manifest.started),
        headline=(f"{finding} ({qualifier})" if qualifier else finding) + (f". {warned}" if warned else ""),
        finding=finding,
        qualifier=qualifier,
        standfirst=_joined(
            standfirst(rows),
            costs.because if costs else "",
            f"Noise floor, twin to original: {figure(noise)}." if noise else "",
        ),
        label=label,
        label_note=wording.label_note(manifest.hosts),
        tiles=_tiles(manifest, gathered, noise, repeats.tile(manifest, trials)),
        groups=groups,
        groups_note=_joined(summary(len(rows), family), f"{again}." if again else ""),
        repeats=again,
        singles=_singles(gathered, rows),
        singles_caption=_labelled("Measured, and compared with nothing", label),
        ladder_caption=_labelled("Ratio of each comparison with its 95 % interval, on a logarithmic scale", label),
        strips=strips[:STRIPS],
        strips_note=f"{fmt.count(len(strips) - STRIPS, 'further comparison')} not drawn; their values are below."
        if len(strips) > STRIPS
        else "",
        curves=curves.build(gathered, label),
        latency=_latency(gathered),
        loop_note=_loop_note(gathered),
        latency_caption=_labelled("Completion latency, histograms of all blocks merged", label),
        mechanism=costs,
        cells=evidence.cells(gathered, manifest.run_id),
        cells_note=_labelled(f"{fmt.count(len(gathered), 'cell')}, {fmt.count(len(trials), 'trial')}", label),
        hosts=_hosts(manifest),
        guest=_facts(manifest.guest),
        stack=_facts(manifest.stack),
        command=command,
        reproduce=_reproduce(manifest, command),
        matrix_text=clean(manifest.matrix_text, keep="\n\t"),
        method=method(margin, words),
        caution=warned,
        altered=_altered(altered),
        noise=paragraph(noise, any(spec.twin for spec in manifest.plan)),
    )


def _altered(problems: Sequence[str]) -> str:
    if not problems:
        return ""
    shown = "; ".join(map(clean, problems[:ALTERED]))
    more = f"; and {len(problems) - ALTERED} more" if len(problems) > ALTERED else ""
    what = fmt.count(len(problems), "raw output is", "raw outputs are")
    return f"{what} not what was kept when this was measured, so figures here cannot be checked by them: {shown}{more}"


def compared_pairs(manifest: Manifest, gathered: Sequence[CellTrials]) -> Sequence[tuple[CellTrials, CellTrials]]:
    """Return what a run compares: each candidate with its baseline, baselines first."""
    return _pairs(_matched(gathered, _baselines(manifest, gathered)))


def of_devices(manifest: Manifest) -> Contrast:
    """Return what a run compares its devices by."""
    return next((each for each in manifest.contrasts if each.factor == "device"), Contrast("device", ()))


def _baselines(manifest: Manifest, gathered: Sequence[CellTrials]) -> Mapping[DeviceKind, str]:
    """Return the baseline device of each kind: the manifest's, else the plan's first emulated one, else its first."""
    contrast = of_devices(manifest)
    chosen = {kind: str(device) for kind in DeviceKind if (device := contrast.against(kind)) is not None}
    for kind in DeviceKind:
        devices = [found.cell.device for found in gathered if found.cell.kind is kind]
        emulated = [name for name in devices if name in DRIVERS and DRIVERS[name].io_path is IoPath.EMULATED]
        if devices:
            chosen.setdefault(kind, (emulated or devices)[0])
    return chosen


Matched = tuple[CellTrials | None, tuple[CellTrials, ...]]


def _matched(gathered: Sequence[CellTrials], baselines: Mapping[DeviceKind, str]) -> tuple[Matched, ...]:
    """Return each comparison as its baseline (None if not in the plan) and its candidates, in the cells' order."""
    families: dict[Hashable, list[CellTrials]] = {}
    for found in gathered:
        families.setdefault(found.family, []).append(found)
    matched = []
    for family in families.values():
        wanted = baselines.get(family[0].cell.kind)
        baseline = next((found for found in family if found.cell.device == wanted), None)
        matched.append((baseline, tuple(found for found in family if found is not baseline)))
    return tuple(matched)


def _pairs(matched: Sequence[Matched]) -> Sequence[tuple[CellTrials, CellTrials]]:
    return [(left, right) for left, candidates in matched for right in candidates if left is not None]


def _compared(baseline: CellTrials, candidate: CellTrials, margin: float) -> Comparison | None:
    left, right = baseline.sample, candidate.sample
    if left is None or right is None:
        return None
    above = ceiling(baseline, candidate)
    return compare(left, right, metric=candidate.metric, margin=margin, ceiling=above.value if above else None)


def _groups(
    pairs: Sequence[tuple[CellTrials, CellTrials]], family: Family, margin: float, label: str
) -> tuple[Group, ...]:
    """Return the rows, grouped; `family` holds the comparisons of those pairs that have two samples, in their order."""
    rows: dict[tuple[str, DeviceKind], list[Row]] = {}
    judged = iter(zip(family.comparisons, family.adjusted, strict=True))
    for baseline, candidate in pairs:
        found, p = next(judged) if baseline.sample and candidate.sample else (None, None)
        row = _row(baseline, candidate, found, p, family, margin)
        rows.setdefault((candidate.cell.host, candidate.cell.kind), []).append(row)
    many = len({host for host, _ in rows}) > 1
    groups = []
    for (host, kind), own in rows.items():
        where = f" on {clean(host)}" if many else ""
        devices = " and ".join(dict.fromkeys(row.candidate.device for row in own))
        title = f"{wording.KINDS[kind]}{where}"
        caption = f"{title}: {devices} against {own[0].baseline.device}"
        groups.append(Group(title, kind.value, clean(host), _labelled(caption, label), tuple(own)))
    return tuple(groups)


def _row(
    baseline: CellTrials,
    candidate: CellTrials,
    found: Comparison | None,
    p: float | None,
    family: Family,
    margin: float,
) -> Row:
    arms = arm(baseline), arm(candidate)
    workload = candidate.cell.workload
    metric = candidate.metric
    estimate = found.estimate if found else None
    bounds = estimate.interval if estimate else None
    tone = found.verdict.value if found else _lacking(arms)
    not_had = shortfalls.notes((baseline, candidate))
    return Row(
        workload=wording.cell_title(candidate.cell),
        settings=wording.settings(workload),
        metric=metric.name,
        metric_title=metric.title,
        baseline=arms[0],
        candidate=arms[1],
        verdict=tone.replace("_", " ").upper(),
        tone=tone,
        ratio=fmt.ratio(estimate.point) if estimate else "",
        interval=fmt.interval(bounds.low, bounds.high) if bounds else "",
        bound=found.bound.value if found and found.bound in {Bound.AT_LEAST, Bound.AT_MOST} else "",
        notes=(
            *notes(found, arms, margin, ceiling(baseline, candidate)),
            *unsettled(found, p, family, margin),
            *flags((baseline, candidate)),
            *not_had,
        ),
        not_had=not_had,
        point=estimate.point if estimate else None,
        low=bounds.low if bounds else None,
        high=bounds.high if bounds else None,
        decades=found.decades if found else 0,
        indicative=bool(found and found.indicative),
    )


def _singles(gathered: Sequence[CellTrials], rows: Sequence[Row]) -> tuple[Single, ...]:
    compared = {side.cell for row in rows for side in (row.baseline, row.candidate)}
    return tuple(
        Single(
            wording.cell_title(found.cell),
            wording.settings(found.cell.workload),
            found.metric.title,
            arm(found),
            (*flags((found,)), *shortfalls.notes((found,))),
        )
        for found in gathered
        if found.id not in compared
    )


def _lacking(arms: tuple[Arm, Arm]) -> str:
    return "invalid" if "invalid" in {side.status for side in arms} else "not_measured"


def _joined(*sentences: str) -> str:
    return " ".join(sentence for sentence in sentences if sentence)


def _strips(matched: Sequence[Matched], label: str) -> tuple[Strip, ...]:
    strips = []
    for baseline, candidates in matched:
        cells = [found for found in (baseline, *candidates) if found is not None]
        arms = tuple(map(arm, cells))
        if any(side.values for side in arms):
            metric = cells[0].metric
            workload = wording.cell_title(cells[0].cell)
            strips.append(Strip(workload, metric.name, _labelled(f"{workload}: {metric.title}", label), arms))
    return tuple(strips)


def _latency(gathered: Sequence[CellTrials]) -> tuple[LatencyRow, ...]:
    rows = []
    metric = METRICS["latency_p50"]
    for found in gathered:
        bins = merge(trial.latency_bins for trial in found.trials if trial.outcome is Outcome.OK)
        if bins:
            p50, p99, p999 = (tail_s(bins, q) for q in (0.5, 0.99, 0.999))
            texts = [metric.text(number) if number is not None else "–" for number in (p50, p99, p999)]
            workload = wording.cell_title(found.cell)
            rows.append(LatencyRow(workload, clean(found.cell.device), f"{total(bins):,}", *texts))
    return tuple(rows)


def _loop_note(gathered: Sequence[CellTrials]) -> str:
    """Return what the tools' own rows have to say of the workloads of a run."""
    used = [found.cell.workload for found in gathered]
    notes = (tool.note([dict(load.params) for load in used if load.tool == tool.name]) for tool in WORKLOADS.values())
    return _joined(*notes)


def _tiles(manifest: Manifest, gathered: Sequence[CellTrials], noise: Noise | None, again: str) -> Facts:
    counts = Counter({outcome: sum(found.count(outcome) for found in gathered) for outcome in Outcome})
    twins = [trial for found in gathered for trial in found.twins]
    counts.update(trial.outcome for trial in twins)
    counts[Outcome.NOT_MEASURED] += max(sum(spec.twin for spec in manifest.plan) - len(twins), 0)
    flagged = sum(bool(trial.flags) for found in gathered for trial in (*found.trials, *found.twins))
    flaws = [
        f"{counts[outcome]:,} {word}"
        for outcome, word in ((Outcome.INVALID, "invalid"), (Outcome.NOT_MEASURED, "not measured"))
        if counts[outcome]
    ]
    few = " (indicative)" if manifest.blocks < FEW_BLOCKS else ""
    hosts = ", ".join(clean(host.name) for host in manifest.hosts)
    hypervisors = ", ".join(dict.fromkeys(clean(host.hypervisor) for host in manifest.hosts))
    return (
        ("Hypervisor", hypervisors or "–"),
        ("Host" if len(manifest.hosts) == 1 else "Hosts", hosts or "–"),
        ("Blocks", f"{manifest.blocks}{few}"),
        ("Trials", f"{counts[Outcome.OK]:,} ok" + "".join(f", {flaw}" for flaw in flaws)),
        ("Flagged", f"{fmt.count(flagged, 'trial')}, counted" if flagged else "none"),
        ("Measured again", again),
        ("Noise floor", figure(noise) if noise else "not measured"),
        ("Placement", manifest.placement.value),
        ("Started", _moment(manifest.started)),
    )


def _hosts(manifest: Manifest) -> tuple[HostView, ...]:
    return tuple(
        HostView(
            clean(host.name),
            wording.label([host]),
            (
                ("runs on", host.emulation.value),
                ("machine", clean(host.machine)),
                ("hypervisor", clean(host.hypervisor)),
                ("kernel", clean(host.kernel)),
                ("processor", f"{clean(host.cpu)}, {fmt.count(host.cpus, 'CPU')}"),
                ("memory", fmt.size(host.memory_bytes)),
                ("measured speed", fmt.significant(host.speed)),
                *_facts(host.details),
                ("identity", host.identity),
            ),
        )
        for host in manifest.hosts
    )


def _reproduce(manifest: Manifest, command: str) -> tuple[tuple[str, str], ...]:
    run = shlex.quote(clean(manifest.run_id))
    return (
        (f"Run it again: the matrix below, seed {manifest.seed}, pvbench {clean(manifest.tool_version)}", command),
        ("Write this report again, from the run's folder alone", f"pvbench report {run} -o report.html"),
        ("See every reading of a run, or of one cell", f"pvbench show {run} --json"),
    )


def _facts(pairs: Sequence[tuple[str, str]]) -> Facts:
    return tuple((clean(name), clean(fact)) for name, fact in pairs)


def _moment(started: str) -> str:
    """Return an ISO 8601 UTC moment to the minute, as people write it."""
    text = clean(started)
    return f"{text[:10]} {text[11:16]} UTC" if len(text) >= 16 and text[10] == "T" else text


def _labelled(caption: str, label: str) -> str:
    return f"{caption} · {label}" if label else caption
