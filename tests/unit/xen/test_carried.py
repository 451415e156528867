"""A program of hostside/ that is carried to a host: it runs from memory, and no file of it is written."""

import json
import subprocess
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from pvbench import shipped
from pvbench.errors import CommandFailed
from pvbench.xen.carried import sources, talk


class Here:
    """This machine as a transport that talks, and does nothing else."""

    name = "here"

    def __init__(self, folder: Path, *python: str) -> None:
        self.folder, self.python = folder, python or (sys.executable,)

    def talk(self, argv: tuple[str, ...]) -> AbstractContextManager["Here"]:
        self.argv = (*self.python, *argv[1:])
        self.lines: list[bytes] = []
        return nullcontext(self)

    def ask(self, request: Mapping[str, Any], timeout_s: float) -> dict[str, Any]:
        """Say all there has been to say, and return the last answer."""
        self.lines.append(json.dumps(request).encode())
        done = subprocess.run(
            self.argv, input=b"\n".join(self.lines) + b"\n", capture_output=True, cwd=self.folder, check=False
        )
        if done.returncode:
            raise CommandFailed(f"here: ended with exit code {done.returncode}")
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[len(self.lines) - 1])
        return answer


def test_what_a_program_imports_is_carried_before_it() -> None:
    names = [name for name, _ in sources(shipped.folder("hostside"), "pvb-observe")]

    assert names[-1] == "pvb-observe"
    assert {"pvb_cpu", "pvb_ends", "pvb_model", "pvb_serve"} <= set(names)
    assert names.index("pvb_xenstore") < names.index("pvb_ends")


def test_a_carried_program_answers_and_leaves_no_file(tmp_path: Path) -> None:
    here: Any = Here(tmp_path)
    with talk(here, "pvb-observe", 5) as program:
        answer = program.ask({"action": "nonsense"}, 5)

    assert answer == {"error": "unknown action 'nonsense'"}
    assert list(tmp_path.iterdir()) == []


def test_a_host_without_python_is_told_what_it_needs(tmp_path: Path) -> None:
    here: Any = Here(tmp_path, "false")
    with pytest.raises(CommandFailed, match="pvb-observe does not start") as failed, talk(here, "pvb-observe", 5):
        pass

    assert failed.value.hint is not None
    assert "python3, 3.6 or later" in failed.value.hint
