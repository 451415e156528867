"""What bounds a comparison from outside its devices, and what a report makes of it."""

from dataclasses import replace

import pytest

from pvbench.model import Contrast, CpuBill, DeviceKind, Payer, Reading, Trial
from pvbench.reports.comparison import build
from pvbench.reports.page import Row
from pvbench.testing.runs import SampleRun, sample_run


def with_store(share: float) -> SampleRun:
    """A run whose backing store gives so much of what blkfront was measured at."""

    def change(trial: Trial) -> Trial:
        best = max(value.value for value in trial.readings if value.metric == trial.readings[0].metric)
        bound = tuple(Reading(each.metric, share * best) for each in trial.readings[:1])
        return replace(trial, ceiling=bound) if trial.spec.cell.device == "blkfront" else trial

    return sample_run(blocks=6).changed(change)


def rows(run: SampleRun, kind: str) -> tuple[Row, ...]:
    return next(group.rows for group in build(run.manifest, run.trials).groups if group.kind == kind)


def test_a_device_as_fast_as_its_backing_store_is_capped() -> None:
    found = rows(with_store(1.02), "block")

    assert {row.verdict for row in found} == {"CAPPED"}
    assert {row.bound for row in found} == {"≥"}
    assert "an arm reaches what the backing store itself gives on the host, so the ratio is a bound" in found[0].notes


def test_a_store_with_room_to_spare_bounds_nothing() -> None:
    assert {row.verdict for row in rows(with_store(1.5), "block")} == {"FASTER"}


@pytest.mark.parametrize(
    ("device", "baseline", "verdict", "bound"),
    [
        ("netfront", "e1000", "CAPPED", "≥"),
        ("netfront", "netfront", "CAPPED", "≤"),
        ("e1000", "e1000", "FASTER", ""),
        ("e1000", "netfront", "SLOWER", ""),
    ],
)
def test_a_peer_without_cpu_to_spare_bounds_the_arm_that_got_furthest_only(
    device: str, baseline: str, verdict: str, bound: str
) -> None:
    def change(trial: Trial) -> Trial:
        if trial.spec.cell.device != device:
            return trial
        busy = CpuBill(10.0, 2, ((Payer.PEER, 9.8), (Payer.IDLE, 10.2)))
        return replace(trial, bill=busy, seconds=(*trial.seconds, ("tool", 10.0)))

    run = sample_run(blocks=6).changed(change)
    devices = (Contrast("device", ((DeviceKind.NET, baseline),)),)
    found = rows(SampleRun(replace(run.manifest, contrasts=devices), run.trials), DeviceKind.NET.value)

    first = next(row for row in found if row.metric == "goodput" and "UDP" not in row.workload)
    assert (first.verdict, first.bound) == (verdict, bound)
