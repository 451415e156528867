"""The lines of results/README.md for pandas give what the report gives, also where there are twins and tunables."""

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pvbench import plan, wording
from pvbench.contrasts import cell_pairs, contrasts_of, pairings
from pvbench.matrix import expand, load
from pvbench.metrics import METRICS, Better
from pvbench.model import Outcome, Reading, Trial, TrialSpec, canonical
from pvbench.samples import gather
from pvbench.stats import compare
from pvbench.store import Store
from pvbench.testing.runs import sample_manifest

ROOT = Path(__file__).parents[2]
LINES = re.findall(
    r"^```python\n(.*?)^```", (ROOT / "results/README.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
)
MATRIX = """\
schema: 1
hosts: [lab]
devices: {net: [rtl8139, netfront], block: [ide, blkfront]}
placement: coexist
workloads:
  - netperf: {test: TCP_RR}
  - iperf3: {direction: up}
  - fio: {rw: randread, bs: 4KiB}
tunables: {queues: [1, 4], fifo_events: [true, false]}
run: {blocks: 5, runs_per_boot: 2, twins: 0.6}
compare: [{factor: queues, baseline: 1}, {baseline: {net: rtl8139, block: ide}}]
"""


def trials(specs: Sequence[TrialSpec]) -> list[Trial]:
    rng = np.random.default_rng(1)
    made = []
    for number, spec in enumerate(specs):
        started = f"2026-01-01T00:00:{number % 60:02d}Z"
        if number % 17 == 3:
            made.append(Trial(spec, Outcome.INVALID, "the other device carried it", started))
            continue
        ratio = {"netfront": 8.0, "blkfront": 12.0}.get(spec.cell.device, 1.0)
        ratio *= 1.0 if spec.cell.device in ("rtl8139", "ide") else math.sqrt(dict(spec.cell.tunables)["queues"])
        ratio *= 1000.0 if spec.twin else 1.0  # what a reader would see who took twins for values
        value = 100 * ratio * math.exp(rng.normal(0, 0.2))
        metrics = {wording.primary(spec.cell.workload).name, "latency_p50"}
        made.append(Trial(spec, Outcome.OK, None, started, tuple(Reading(name, value) for name in sorted(metrics))))
    return made


def ran(folder: Path) -> tuple[Store, list[Any]]:
    """Return a run, and what the last line of each piece of the README gives for it."""
    found = load(MATRIX, name="m.yaml")
    specs = plan.make(
        expand(found), blocks=5, order="random", seed=1, placement=found.placement, runs_per_boot=2, twins=0.6
    ).trials
    assert any(spec.twin for spec in specs)
    manifest = sample_manifest(specs, blocks=5, contrasts=found.contrasts, run_id="20261122T231500Z-quickstart-ab12")
    store = Store.create(folder / "results", manifest)
    for trial in trials(specs):
        store.append(trial)
    store.export_parquet()
    names: dict[str, Any] = {}
    given = []
    for piece in LINES:
        *before, last = [line for line in piece.replace('"results/', f'"{folder}/results/').splitlines() if line]
        exec("\n".join(before), names)
        given.append(eval(last, names))
    return store, given


def test_the_lines_for_pandas_give_the_figures_of_the_report(tmp_path: Path) -> None:
    store, (medians, devices, queues) = ran(tmp_path)
    gathered = gather(store.manifest, store.trials())
    for cell in gathered:
        assert cell.sample is not None
        facts = {
            "device": cell.cell.device,
            "metric": cell.metric.name,
            "params": params(cell),
            "tunables": tunables(cell),
        }
        assert [pytest.approx(cell.sample.median)] == picked(medians, facts)
    pairs = cell_pairs(pairings(contrasts_of(store.manifest), gathered))
    assert {"queues", "device"} == {pair.pairing.factor.name for pair in pairs}
    for pair in pairs:
        metric = pair.candidate.metric
        assert Better.HIGHER is METRICS[metric.name].better
        assert pair.baseline.sample is not None
        assert pair.candidate.sample is not None
        estimate = compare(pair.baseline.sample, pair.candidate.sample, metric=metric).estimate
        assert estimate is not None
        facts = {"metric": metric.name, "params": params(pair.candidate)}
        if pair.pairing.factor.name == "queues":
            others = "true" if dict(pair.candidate.cell.tunables)["fifo_events"] else "false"
            facts |= {"device": pair.candidate.cell.device, "others": f'{{"fifo_events": {others}}}'}
            assert [pytest.approx(estimate.point)] == picked(queues[4], facts)
        elif pair.baseline.cell.device == "rtl8139":
            facts |= {"tunables": tunables(pair.candidate)}
            assert [pytest.approx(estimate.point)] == picked(devices[pair.candidate.cell.device], facts)


def picked(series: Any, facts: dict[str, str]) -> list[float]:
    for name, value in facts.items():
        series = series[series.index.get_level_values(name) == value]
    return list(series)


def params(cell: Any) -> str:
    return canonical(dict(cell.cell.workload.params))


def tunables(cell: Any) -> str:
    return canonical(dict(cell.cell.tunables))
