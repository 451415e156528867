"""Programs out of time are ended by what every machine has, a small guest of busybox and musl too."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pvbench.marked import ending, spelled

TOKEN = "0123abcd4567"
POSIX_GREP = """\
#!/bin/sh
case $1 in -*[!EFceilnqsvx]*) echo "grep: unrecognized option: $1" >&2; exit 2 ;; esac
exec {grep} "$@"
"""


@pytest.fixture
def marked() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sh", "-c", spelled(("sleep", "29"), TOKEN)], stdout=subprocess.PIPE) as running:
        yield running
        running.kill()


def end(folder: Path, token: str) -> None:
    grep = folder / "grep"
    grep.write_text(POSIX_GREP.format(grep=subprocess.check_output(["sh", "-c", "command -v grep"], text=True).strip()))
    grep.chmod(0o755)
    environment = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"}
    subprocess.run(ending(token, 1), env=environment, timeout=20, check=False)


def test_a_marked_program_is_ended_where_grep_knows_posix_alone(
    marked: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    end(tmp_path, TOKEN)
    assert marked.wait(timeout=5) == -15


def test_a_program_of_another_mark_is_left_alone(marked: subprocess.Popen[bytes], tmp_path: Path) -> None:
    end(tmp_path, TOKEN[:-1])
    assert marked.poll() is None
