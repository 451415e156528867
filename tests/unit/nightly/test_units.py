"""A timer of a night: what systemd itself says of the units, whatever the paths; put there and taken away again."""

import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pvbench.errors import UsageError
from pvbench.nightly.units import Timed, word

NAMES = ("plain", "a b", "100%h", 'say "it"', "it's", "$HOME ${x}", "back\\slash", "tab\there", "é", "-n", "#", ";")
Call = Callable[..., int]


def verified(folder: Path, *options: str) -> str:
    """Return what `systemd-analyze verify` finds wrong with the units in a folder."""
    environment = {**os.environ, "XDG_RUNTIME_DIR": "/tmp"}  # sockets of the machine's own user units lie there
    argv = ["systemd-analyze", *options, "verify", "--man=no", *map(str, sorted(folder.glob("*.*")))]
    said = subprocess.run(argv, capture_output=True, text=True, env=environment, check=False)
    return said.stderr + (f"exit code {said.returncode}" if said.returncode else "")


def timed(matrix: str, user: str | None = "root") -> Timed:
    return Timed("pvbench-nightly-quick", matrix, (sys.executable, "-m", "pvbench", "nightly", matrix), "02:30", user)


def written(made: Timed, folder: Path) -> Path:
    for name, text in made.files.items():
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_systemd_finds_nothing_wrong_with_the_units_of_any_path(tmp_path: Path, name: str) -> None:
    assert "" == verified(written(timed(f"/srv/{name}/matrix.yaml"), tmp_path))


def test_systemd_finds_nothing_wrong_with_a_users_own(tmp_path: Path) -> None:
    assert "" == verified(written(timed("/home/me/matrix.yaml", user=None), tmp_path), "--user")


def test_systemd_does_find_what_is_wrong(tmp_path: Path) -> None:
    made = Timed("pvbench-nightly-quick", "m", ("/no/such/program",), "02:30", "root")
    assert "/no/such/program" in verified(written(made, tmp_path))


@pytest.mark.parametrize("name", NAMES)
def test_systemd_and_a_shell_read_back_the_words_that_were_meant(name: str) -> None:
    """Inside quotes a backslash means the same to both of them; a percent sign is doubled for systemd alone."""
    assert [name] == [each.replace("%%", "%") for each in shlex.split(word(name).replace("\\t", "\t"))]
    line = timed(name).cron.replace("\\%", "%")
    assert name == shlex.split(line)[-1]


def test_a_path_that_no_unit_can_hold_is_refused() -> None:
    with pytest.raises(UsageError, match="cannot stand in a unit"):
        timed("a\nb")


def test_units_are_put_where_a_user_has_them_and_taken_away_again(
    nightly: Call, world: object, here: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "home/.config/systemd/user"
    assert 0 == nightly("--install", "--user", "--at", "3:05")
    said = capsys.readouterr()
    files = [folder / "pvbench-nightly-quick.service", folder / "pvbench-nightly-quick.timer"]
    assert [*map(str, files)] == said.out.splitlines()[:2]
    assert said.out.splitlines()[2].startswith("5 3 * * * ")
    assert "systemctl --user daemon-reload && systemctl --user enable --now pvbench-nightly-quick.timer" in said.err
    assert "" == verified(folder, "--user")
    assert f"nightly {here / 'quick.yaml'} --results {here / 'results'}" in files[0].read_text()
    assert "OnCalendar=*-*-* 03:05:00" in files[1].read_text()

    (folder / "timers.target.wants").mkdir()
    (folder / "timers.target.wants" / files[1].name).symlink_to(files[1])  # as `systemctl enable` does
    assert 0 == nightly("--uninstall", "--user")
    assert [] == [path for path in folder.rglob("*") if not path.is_dir()]
    assert 0 == nightly("--uninstall", "--user")
    assert "no units of quick.yaml" in capsys.readouterr().err


def test_a_dry_run_writes_nothing_of_them(nightly: Call, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == nightly("--install", "--user", "--dry-run")
    assert "OnCalendar=*-*-* 02:00:00" in capsys.readouterr().out
    assert not (tmp_path / "home").exists()
    assert 0 == nightly("--install", "--dry-run")
    assert "WantedBy=timers.target" in capsys.readouterr().out


def test_units_of_somebody_else_and_of_another_matrix_are_left_alone(
    nightly: Call, tmp_path: Path, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "home/.config/systemd/user"
    folder.mkdir(parents=True)
    theirs = folder / "pvbench-nightly-quick.timer"
    for text, says in (
        ("[Timer]\n", "is not of pvbench"),
        (timed("/x/quick.yaml").files[theirs.name], "another matrix"),
    ):
        theirs.write_text(text)
        for verb in ("--install", "--uninstall"):
            assert 2 == nightly(verb, "--user")
            assert says in capsys.readouterr().err
        assert [theirs] == list(folder.iterdir())


def test_a_time_that_is_none_is_told(nightly: Call, capsys: pytest.CaptureFixture[str]) -> None:
    for at in ("24:00", "2", "2:0", "٢:٠٠", "02:00:00"):
        assert 2 == nightly("--install", "--user", "--at", at)
        assert "no time of day such as 02:00" in capsys.readouterr().err
