"""Images: made once, whole or not at all."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pvbench.errors import ImageError, LabError, PvbenchError
from pvbench.images import bootstrap
from pvbench.images.bootstrap import finished_part, tree
from pvbench.images.mirror import Mirror


def writing(text: str, made_by: list[str]) -> Callable[[Path], None]:
    def make(work: Path) -> None:
        made_by.append(text)
        (work / "part").write_text(text)

    return make


def test_a_part_is_made_once_and_has_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    made_by: list[str] = []

    for text in ("first", "second"):
        assert (finished_part(tmp_path / "guests", "d1", writing(text, made_by)) / "part").read_text() == "first"
    assert made_by == ["first"]


@pytest.mark.parametrize("kind", [ImageError, LabError])
def test_a_build_that_fails_leaves_its_log_and_nothing_else(tmp_path: Path, kind: type[PvbenchError]) -> None:
    def fails(work: Path) -> None:
        (work / "guest.log").write_text("E: no mirror")
        raise kind("mmdebstrap failed", hint=f"see {work / 'guest.log'}")

    with pytest.raises(kind) as failed:
        finished_part(tmp_path, "d1", fails)

    assert failed.value.hint == f"see {tmp_path / 'failed-build.log'}"
    assert (tmp_path / "failed-build.log").read_text() == "E: no mirror"
    assert {path.name for path in tmp_path.iterdir()} <= {"failed-build.log", ".lock"}


def test_what_a_killed_build_left_is_swept_away_by_the_next(tmp_path: Path) -> None:
    (tmp_path / ".building-1").mkdir()

    finished_part(tmp_path, "d1", writing("x", []))

    assert not (tmp_path / ".building-1").exists()


def test_missing_programs_are_told_with_their_packages() -> None:
    with pytest.raises(ImageError) as lacking:
        bootstrap.need({"sh": "dash", "no-such-program": "no-such-package"})

    assert lacking.value.hint == "apt-get install no-such-package"


def test_how_the_mirror_is_reached_is_told_to_apt_and_stays_out_of_the_tree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mmdebstrap").write_text('#!/bin/sh\nfor word; do printf "%s\\n" "$word"; done >words\n')
    (tmp_path / "mmdebstrap").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    source = Mirror("http://m.example/debian", ("signed-by=/k.gpg",), ('Acquire::http::Proxy "http://p";',))

    tree(tmp_path, "t", ("fio",), source, "deb", "deb-src", variant="apt", target="t.tar")

    words = (tmp_path / "words").read_text().splitlines()
    assert '--aptopt=Acquire::http::Proxy "http://p";' in words
    assert words[-4:] == [
        "bookworm",
        "t.tar",
        "deb [signed-by=/k.gpg] http://m.example/debian bookworm main non-free",
        "deb-src [signed-by=/k.gpg] http://m.example/debian bookworm main non-free",
    ]
    assert any("rm -f" in word and "99mmdebstrap" in word and "sources.list" in word for word in words)
