"""Sessions in the docs print what they show."""

import doctest
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SESSIONS = [path for path in sorted((ROOT / "docs").glob("*.md")) if ">>> " in path.read_text()]


@pytest.mark.parametrize("path", SESSIONS, ids=lambda path: path.name)
def test_a_session_in_the_docs_prints_what_it_shows(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)

    ran = doctest.testfile(
        str(path), module_relative=False, globs={"results": tmp_path}, optionflags=doctest.NORMALIZE_WHITESPACE
    )
    assert ran.failed == 0
