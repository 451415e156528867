"""The command line called in this process, over a made-up world."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from pvbench.cli.main import main
from pvbench.testing.campaign import MATRIX
from pvbench.testing.world import HOSTS, FakeWorld


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in, with the size of the terminal settled."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "130")
    return folder


@pytest.fixture
def world(tmp_path: Path) -> FakeWorld:
    return FakeWorld(tmp_path / "home")


@pytest.fixture
def call(here: Path, world: FakeWorld, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Call the command line over the made-up world."""

    def one(*argv: str | Path) -> Said:
        capsys.readouterr()
        code = main([str(word) for word in argv], world.edges())
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return one


@pytest.fixture
def matrix(here: Path) -> Path:
    """A matrix, and the hosts file and stacks beside it."""
    (here / "hosts.yaml").write_text(HOSTS)
    (here / "stacks.yaml").write_text("schema: 1\nstacks: {xen: {}}\n")
    path = here / "quick.yaml"
    path.write_text(MATRIX)
    return path


@pytest.fixture
def measured(call: Callable[..., Said], matrix: Path) -> Said:
    """What a whole run said."""
    said = call("run", matrix)
    assert said.code == 0, said.err
    return said
