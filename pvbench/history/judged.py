"""A run → the night that it is and the value of each of its series, by the one function that judges a run. Pure."""

from collections.abc import Iterator, Sequence

from pvbench import wording
from pvbench.comparisons import Compared, Judged, compare_run
from pvbench.history.nouns import Night, Point, Role, SeriesKey, Side
from pvbench.model import Arm, Outcome, Trial, canonical, digest
from pvbench.samples import CellTrials
from pvbench.store import Manifest


def night_of(
    manifest: Manifest,
    trials: Sequence[Trial],
    *,
    role: Role = Role.NIGHT,
    again: str | None = None,
    simulated: bool = False,
) -> Night:
    """Return what a run is in a history; trials of twins and repeats count as any other."""
    last = {trial.spec.id: trial.outcome for trial in trials}
    return Night(
        run_id=manifest.run_id,
        night=manifest.started[:10],
        started=manifest.started,
        matrix=manifest.matrix_name,
        expected=len({spec.id for spec in manifest.plan} | last.keys()),
        measured=sum(outcome is Outcome.OK for outcome in last.values()),
        environments=tuple(_environments(manifest, trials)),
        label=wording.label(manifest.hosts),
        role=role,
        again=again,
        simulated=simulated,
    )


def points_of(manifest: Manifest, trials: Sequence[Trial]) -> dict[SeriesKey, Point]:
    """Return the value of each series that a run was to measure: of each cell, and of each cell beside its baseline."""
    compared = compare_run(manifest, trials)
    identities = {host.name: host.identity for host in manifest.hosts}
    return dict([*_values(manifest, compared, identities), *_ratios(manifest, compared, identities)])


def _values(manifest: Manifest, compared: Compared, identities: dict[str, str]) -> Iterator[tuple[SeriesKey, Point]]:
    for each in compared.cells:
        sample = each.sample
        # Of a value that is not positive no ratio to an earlier night can be told.
        told = sample is not None and sample.median > 0
        yield (
            _key(Side.VALUE, each),
            Point(
                run_id=manifest.run_id,
                value=sample.median if sample and told else None,
                units=len(sample) if sample else None,
                environment=_environment(manifest, each.cell.arm, identities),
                reason="" if told else _reason(each),
            ),
        )


def _ratios(manifest: Manifest, compared: Compared, identities: dict[str, str]) -> Iterator[tuple[SeriesKey, Point]]:
    for judged in compared.judged:
        baseline, candidate = judged.pair.baseline, judged.pair.candidate
        arms = (candidate.cell.arm, baseline.cell.arm)
        environments = sorted({_environment(manifest, arm, identities) for arm in arms})
        yield (
            _key(Side.RATIO, candidate, baseline, judged.pair.pairing.factor.name),
            _ratio(manifest.run_id, judged, "+".join(environments)),
        )


def _ratio(run_id: str, judged: Judged, environment: str) -> Point:
    estimate = judged.comparison.estimate if judged.comparison else None
    if estimate is None:
        sides = judged.pair.baseline, judged.pair.candidate
        reasons = dict.fromkeys(_reason(side) for side in sides if not side.sample)
        return Point(run_id, None, environment=environment, reason="; ".join(reasons) or judged.verdict)
    interval = estimate.interval
    return Point(
        run_id,
        estimate.point,
        interval.low if interval else None,
        interval.high if interval else None,
        estimate.units,
        environment,
    )


def _key(side: Side, each: CellTrials, against: CellTrials | None = None, factor: str = "") -> SeriesKey:
    cell = each.cell
    return SeriesKey(
        side=side,
        host=cell.host,
        kind=str(cell.kind),
        arm=wording.arm(cell),
        cell=cell.lasting_id,
        workload=wording.title(cell.workload),
        settings=canonical({"tool": cell.workload.tool, **dict(cell.workload.params)}),
        metric=each.metric.name,
        against=wording.arm(against.cell) if against else "",
        against_cell=against.cell.lasting_id if against else "",
        factor=factor,
    )


def _environment(manifest: Manifest, arm: Arm, identities: dict[str, str]) -> str:
    """Return the digest of what an arm ran on: its host, what was deployed there, the guest's image."""
    return digest([identities.get(arm.host), arm.stack, dict(manifest.guest).get("digest")])


def _environments(manifest: Manifest, trials: Sequence[Trial]) -> Iterator[tuple[str, str]]:
    """Yield each host with the digest of what it is and of all that was deployed on it."""
    identities = {host.name: host.identity for host in manifest.hosts}
    arms = {spec.cell.arm for spec in manifest.plan} | {trial.spec.cell.arm for trial in trials}
    for host in sorted({arm.host for arm in arms} | identities.keys()):
        yield host, digest(sorted({_environment(manifest, arm, identities) for arm in arms if arm.host == host}))


def _reason(each: CellTrials) -> str:
    """Return why a cell has no figure: what its last trial said, or that none came."""
    reasons = [trial.reason for trial in each.trials if trial.reason]
    if reasons:
        return f"{each.cell.device}: {reasons[-1]}"
    return f"{each.cell.device}: {'it read zero' if each.sample else 'no trial was made'}"
