"""What every test shares."""

import os

import pytest
from hypothesis import settings

# Other load makes a test slow, and no slow test wrong: time-outs are for what waits.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture(autouse=True)
def nothing_waits_for_the_disk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody pulls the plug while tests run, and waiting for the disk was two fifths of their time.

    In the lab, where time is measured, a sync is one.
    """
    if request.node.get_closest_marker("lab") is None:
        monkeypatch.setattr(os, "fsync", os.fstat)


@pytest.fixture(autouse=True)
def no_history_is_kept_in_the_home_of_whoever_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """pvbench/history/cache.py names the variable; empty, nothing is kept."""
    monkeypatch.setenv("PVBENCH_HISTORY_CACHE", "")
