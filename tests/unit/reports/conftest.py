"""The flawed sample run, as a fixture."""

import pytest

from pvbench.testing import SampleRun, flawed_run


@pytest.fixture
def run() -> SampleRun:
    """Three blocks; one blkfront randwrite invalid in one block, netperf over netfront never measured."""
    return flawed_run()
