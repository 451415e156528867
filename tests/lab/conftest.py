"""The lab that a module of tests measures on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.campaign import lab_is_up, pvbench


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The lab runs while a module's tests do; one that ran before is left running."""
    folder = tmp_path_factory.mktemp("lab")
    was_up = lab_is_up(folder)
    assert pvbench(folder, "lab", "up", timeout=3600).returncode == 0
    yield
    if not was_up:
        pvbench(folder, "lab", "down")


@pytest.fixture
def room(tmp_path: Path) -> Iterator[None]:
    """Nothing of a test stays on the lab's disk, which a few images of one's own would fill."""
    yield
    pvbench(tmp_path, "clean", "lab", "--all")
