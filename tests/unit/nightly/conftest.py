"""Nights over a made-up world, and what they leave."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pvbench.cli.main import main
from pvbench.history.nouns import Night
from pvbench.history.store import History
from pvbench.testing.campaign import MATRIX
from pvbench.testing.world import HOSTS, FakeWorld


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in, with a matrix and its hosts."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "hosts.yaml").write_text(HOSTS)
    (folder / "quick.yaml").write_text(MATRIX)
    return folder


@pytest.fixture
def world(tmp_path: Path) -> FakeWorld:
    return FakeWorld(tmp_path / "home")


@pytest.fixture
def nightly(here: Path, world: FakeWorld) -> Callable[..., int]:
    """Call `pvbench nightly quick.yaml` over the made-up world; return its exit code."""
    return lambda *more: main(["nightly", "quick.yaml", *more], world.edges())


@pytest.fixture
def history(here: Path) -> Callable[[], History]:
    return lambda: History.open(str(here / "results/history"))


@pytest.fixture
def nights(history: Callable[[], History]) -> Callable[[], tuple[Night, ...]]:
    """The nights that the history has, second looks left out."""
    return lambda: tuple(night for night in history().nights() if night.again is None)


@pytest.fixture
def call(here: Path, world: FakeWorld) -> Callable[..., int]:
    """Call any verb over the made-up world; return its exit code."""
    return lambda *words: main([*words], world.edges())
