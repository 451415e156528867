"""The made-up runs, as fixtures."""

from collections.abc import Callable

import pytest

from pvbench.model import Workload
from pvbench.testing.runs import LOADS, Load, SampleRun, fio, flawed_run, sample_run


@pytest.fixture
def run() -> SampleRun:
    """Three blocks; one blkfront randwrite invalid in one block, netperf over netfront never measured."""
    return flawed_run()


@pytest.fixture
def make() -> Callable[..., SampleRun]:
    return sample_run


@pytest.fixture
def workloads() -> tuple[Load, ...]:
    return LOADS


@pytest.fixture
def random_reads() -> Callable[[int], Workload]:
    """Make a random read of so many bytes."""
    return lambda size: fio("randread", size)
