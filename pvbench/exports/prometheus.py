"""Runs → Prometheus text exposition format 0.0.4, as the textfile collector of node_exporter reads it.

https://prometheus.io/docs/instrumenting/exposition_formats/. Without timestamps, which that collector refuses: the
moment a run began is a gauge of its own.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from statistics import median

from pvbench import wording
from pvbench.exports import units
from pvbench.exports.nouns import ExportedRun
from pvbench.metrics import METRICS
from pvbench.printable import clean
from pvbench.samples import CellTrials

Labels = Mapping[str, str]
Gauge = tuple[str, str, Labels, float]
"""A name, its help, labels and value."""


def encode(runs: Sequence[ExportedRun]) -> bytes:
    """Return a gauge a metric, with the median over boots of each cell that gave figures, and counts of trials."""
    families: dict[tuple[str, str], list[str]] = {}
    for run in runs:
        for name, words, labels, value in _gauges(run):
            families.setdefault((name, words), []).append(f"{name}{{{_labels(labels)}}} {value!r}\n")
    heads = {key: f"# HELP {key[0]} {_escaped(key[1])}\n# TYPE {key[0]} gauge\n" for key in families}
    return "".join(heads[key] + "".join(lines) for key, lines in sorted(families.items())).encode()


def _gauges(run: ExportedRun) -> Iterator[Gauge]:
    of_run = {"run": run.manifest.run_id, "purpose": str(run.manifest.purpose)}
    if (began := _seconds(run.manifest.started)) is not None:
        yield "pvbench_run_start_time_seconds", "When the run began, in seconds since 1970.", of_run, began
    outcomes = Counter(str(trial.outcome) for trial in run.trials)
    outcomes["never_reached"] = len({spec.id for spec in run.manifest.plan} - {each.spec.id for each in run.trials})
    for outcome, count in sorted(outcomes.items()):
        yield "pvbench_trials", "Trials by what became of them.", {**of_run, "outcome": outcome}, count
    for cell in run.measured:
        labels = of_run | _of_cell(run, cell)
        for metric, values in units.figures(cell):
            title = METRICS[metric].title
            words = f"{title[0].upper()}{title[1:]}, the median over boots."
            yield f"pvbench_{units.measure(metric)}", words, labels, median(values)
    yield from _ratios(run, of_run)


def _ratios(run: ExportedRun, of_run: Labels) -> Iterator[Gauge]:
    for judged, estimate in run.ratios:
        pair = judged.pair
        labels = {**of_run, **_of_cell(run, pair.candidate), "factor": pair.pairing.factor.name}
        labels |= {"baseline": pair.pairing.name(pair.baseline), "verdict": judged.verdict}
        labels |= {"baseline_cell": pair.baseline.id, "metric": pair.candidate.metric.name}
        words = "Candidate to baseline, above 1 where the candidate is better."
        yield "pvbench_comparison_ratio", words, labels, estimate.point
        if estimate.interval is not None:
            yield "pvbench_comparison_low_ratio", "The interval's lower end.", labels, estimate.interval.low
            yield "pvbench_comparison_high_ratio", "The interval's upper end.", labels, estimate.interval.high


def _of_cell(run: ExportedRun, cell: CellTrials) -> dict[str, str]:
    arm = cell.cell.arm
    return {
        "host": arm.host,
        "kind": str(arm.kind),
        "device": arm.device,
        "stack": arm.stack,
        "workload": wording.cell_title(cell.cell),
        "cell": cell.id,
        "path": "proved",
        "emulation": run.emulation(arm.host),
    }


def _labels(labels: Labels) -> str:
    return ",".join(f'{name}="{_quoted(value)}"' for name, value in labels.items())


def _escaped(text: str) -> str:
    return clean(text, keep="\n").replace("\\", "\\\\").replace("\n", "\\n")


def _quoted(text: str) -> str:
    return _escaped(text).replace('"', '\\"')


def _seconds(moment: str) -> float | None:
    """Return an ISO 8601 text as seconds since 1970; None for what is no time, which an edited manifest may hold."""
    try:
        return datetime.fromisoformat(moment).timestamp()
    except (ValueError, OverflowError):
        return None
