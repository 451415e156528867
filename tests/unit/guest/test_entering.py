import subprocess
import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from pvbench import shipped
from pvbench.errors import BootError
from pvbench.guest import entering
from pvbench.testing import FakeTransport
from pvbench.transport import Command, CommandResult


def here(command: Command) -> CommandResult:
    done = subprocess.run(command.argv, input=command.stdin, capture_output=True, check=False)
    return CommandResult(command.argv, done.returncode, done.stdout, done.stderr, 0.1)


def tools(**programs: str) -> bytes:
    out = BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        content = (shipped.folder("guestside") / "pvb-in").read_text()
        for name, text in {"pvb-in": content, **{f"bin/{name}": text for name, text in programs.items()}}.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(text.encode()), 0o755
            archive.addfile(entry, BytesIO(text.encode()))
    return out.getvalue()


@pytest.fixture
def folders() -> list[str]:
    return []


def test_a_guests_own_tool_is_used_and_what_it_lacks_is_ours() -> None:
    pushed = tools(uname="#!/bin/sh\necho ours\n", pvb_tried="#!/bin/sh\necho ours\n")
    way = entering.entered(FakeTransport(here), "root", pushed, 10)

    try:
        assert way.run(Command(("uname",))).stdout != b"ours\n"
        assert way.run(Command(("pvb_tried",))).stdout == b"ours\n"
        assert way.run(Command(("sh", "-c", "exit 7"))).exit_code == 7
        assert way.run(Command(("uname", "-r"))).argv == ("uname", "-r")
    finally:
        folder = Path(way.prefix[-1]).parent
        subprocess.run(["rm", "-r", str(folder)], check=True)


def test_a_guest_that_takes_nothing_is_told_with_what_it_needs() -> None:
    with pytest.raises(BootError, match="took our programs nowhere"):
        entering.entered(FakeTransport(here), "root", b"no tar", 10)


def test_a_user_who_may_not_become_root_is_told_how() -> None:
    def refuses(command: Command) -> CommandResult:
        return CommandResult(command.argv, 1, b"", b"sudo: a password is required\n", 0.1)

    with pytest.raises(BootError, match="debian may not become root") as caught:
        entering.entered(FakeTransport(refuses), "debian", b"", 10)
    assert "NOPASSWD" in str(caught.value.hint)
