"""Programs that are run to their end."""

from pathlib import Path

import pytest

from pvbench.errors import ImageError
from pvbench.images.programs import run


def test_a_failing_program_says_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=r"exit code 3: .*the reason"):
        run(["sh", "-c", "echo the reason; exit 3"], log=tmp_path / "log", timeout_s=10)


def test_a_missing_program_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="no-such-program is not installed"):
        run(["no-such-program"], log=tmp_path / "log", timeout_s=10)


def test_a_program_that_does_not_end_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="did not end within"):
        run(["sleep", "5"], log=tmp_path / "log", timeout_s=0.2)


def test_a_program_finds_what_an_ordinary_user_has_no_path_to(tmp_path: Path) -> None:
    run(["sh", "-c", "echo $PATH"], log=tmp_path / "log", timeout_s=10)

    assert "/usr/sbin" in (tmp_path / "log").read_text().split()[-1].split(":")
