"""A run's manifest and trials → ComparisonPage. Pure: a report can be rebuilt next year without a host."""

import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from pvbench import figures as fmt
from pvbench import wording
from pvbench.model import Outcome, Trial
from pvbench.printable import clean
from pvbench.reports import asymmetry, curves, evidence, guest_table, in_use, latency, repeats, shortfalls
from pvbench.reports.host_words import words_for
from pvbench.reports.method import method
from pvbench.reports.noise_floor import caution, figure, paragraph, twin_of
from pvbench.reports.notes import flags, summary
from pvbench.reports.page import ComparisonPage, Facts, HostView, Row, Single
from pvbench.reports.proof import proof
from pvbench.reports.results import Results, joined, results_of
from pvbench.reports.sides import arm
from pvbench.samples import CellTrials
from pvbench.stats import Noise
from pvbench.stats.compare import FEW_UNITS
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

    `earlier` are trials that were measured again: rows, no figures. `altered` says which outputs are not what was kept.
    """
    results = results_of(manifest, trials, earlier)
    tails, label = latency.tails_of(results.cells), wording.label(manifest.hosts)
    return replace(
        _page(manifest, results, altered),
        latency=latency.rows(results.cells, tails),
        latency_curves=latency.curves(results.cells, tails, label),
        asymmetry=asymmetry.lines(results.cells, results.costs),
    )


def _page(manifest: Manifest, results: Results, altered: Sequence[str]) -> ComparisonPage:
    """Return the page but for what histograms and directions tell."""
    cells, label, twin = results.cells, wording.label(manifest.hosts), twin_of(results.contrasts)
    (finding, qualifier), warned = results.headline(), caution(results.noise, twin)
    again = repeats.sentence(manifest, results.trials)
    return ComparisonPage(
        run_id=clean(manifest.run_id),
        matrix_name=clean(manifest.matrix_name),
        tool_version=clean(manifest.tool_version),
        started=_moment(manifest.started),
        headline=(f"{finding} ({qualifier})" if qualifier else finding) + (f". {warned}" if warned else ""),
        finding=finding,
        qualifier=qualifier,
        standfirst=results.standfirst(),
        label=label,
        label_note=wording.label_note(manifest.hosts),
        tiles=_tiles(manifest, cells, results.noise, repeats.tile(manifest, results.trials)),
        groups=results.groups,
        groups_note=joined(summary(len(results.rows), results.family), f"{again}." if again else ""),
        repeats=again,
        singles=_singles(cells, results.rows),
        singles_caption=_labelled("Measured, and compared with nothing", label),
        ladder_caption=_labelled("Ratio of each comparison with its 95 % interval, on a logarithmic scale", label),
        strips=results.strips[:STRIPS],
        strips_note=_not_drawn(len(results.strips) - STRIPS),
        curves=curves.build(cells, label),
        latency=(),
        loop_note=_loop_note(cells),
        latency_caption=_labelled("Completion latency, histograms of all blocks merged", label),
        mechanism=results.costs,
        cells=evidence.cells(cells, manifest),
        cells_note=_labelled(f"{fmt.count(len(cells), 'cell')}, {fmt.count(len(results.trials), 'trial')}", label),
        hosts=_hosts(manifest),
        guest=_facts(manifest.guest),
        stack=_facts(manifest.stack),
        command=_command(manifest),
        reproduce=_reproduce(manifest),
        matrix_text=clean(manifest.matrix_text, keep="\n\t"),
        method=method(results.contrasts, words_for(manifest.hosts)),
        caution=warned,
        altered=_altered(altered),
        in_use=in_use.table(cells),
        guests=guest_table.view(cells, results.pairs),
        noise=paragraph(results.noise, any(spec.twin for spec in manifest.plan), twin),
    )


def _not_drawn(number: int) -> str:
    return f"{fmt.count(number, 'further comparison')} not drawn; their values are below." if number > 0 else ""


def _altered(problems: Sequence[str]) -> str:
    if not problems:
        return ""
    shown = "; ".join(map(clean, problems[:ALTERED]))
    more = f"; and {len(problems) - ALTERED} more" if len(problems) > ALTERED else ""
    what = fmt.count(len(problems), "raw output is", "raw outputs are")
    return f"{what} not what was kept when this was measured, so figures here cannot be checked by them: {shown}{more}"


def _singles(gathered: Sequence[CellTrials], rows: Sequence[Row]) -> tuple[Single, ...]:
    compared = {side.cell for row in rows for side in (row.baseline, row.candidate)}
    return tuple(
        Single(
            wording.cell_title(found.cell),
            wording.settings(found.cell.workload),
            found.metric.title,
            replace(arm(found), proof=proof(found)),
            (*flags((side,)), *shortfalls.notes((side,))),
        )
        for found in gathered
        for side in [(clean(found.cell.device), found)]
        if found.id not in compared
    )


def _loop_note(gathered: Sequence[CellTrials]) -> str:
    """Return what the tools' own rows have to say of the workloads of a run."""
    used = [found.cell.workload for found in gathered]
    notes = (tool.note([dict(load.params) for load in used if load.tool == tool.name]) for tool in WORKLOADS.values())
    return joined(*notes)


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
    few = " (indicative)" if manifest.blocks < FEW_UNITS else ""
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


def _command(manifest: Manifest) -> str:
    return clean(shlex.join(manifest.command))


def _reproduce(manifest: Manifest) -> tuple[tuple[str, str], ...]:
    run, version = shlex.quote(clean(manifest.run_id)), clean(manifest.tool_version)
    return (
        (f"Run it again: the matrix below, seed {manifest.seed}, pvbench {version}", _command(manifest)),
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
