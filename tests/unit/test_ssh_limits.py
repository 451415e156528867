"""What a host may print without end, over a real sshd: it fills nobody's memory, and what was cut is told."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pvbench import ssh
from pvbench.errors import CommandFailed
from pvbench.transport import MOST_FILE_BYTES, MOST_OUTPUT_BYTES, Command, Transport

pytestmark = pytest.mark.sshd


@pytest.fixture
def way(sshd: Any) -> Iterator[Transport]:
    with ssh.connect(sshd.host()) as transport:
        yield transport


@pytest.fixture
def plain_way(plain_sshd: Any) -> Iterator[Transport]:
    with ssh.connect(plain_sshd.host()) as transport:
        yield transport


def is_gone(way: Transport, mark: str) -> bool:
    script = 'for p in /proc/[0-9]*; do tr "\\0" " " <$p/cmdline | grep -q "yes $1" && echo $p; done; true'
    return way.run(Command(("sh", "-c", script, "look", f"[{mark[0]}]{mark[1:]}"))).stdout == b""


def test_a_command_that_prints_without_end_is_ended_and_has_failed(way: Transport) -> None:
    with pytest.raises(CommandFailed, match="yes endless-a printed more than 1 MiB and was ended"):
        way.run(Command(("yes", "endless-a"), most_bytes=1 << 20))
    assert is_gone(way, "endless-a")


def test_what_is_just_allowed_comes_whole(way: Transport) -> None:
    command = Command(("head", "-c", str(1 << 20), "/dev/zero"), most_bytes=1 << 20)
    assert bytes(1 << 20) == way.run(command).stdout


def test_of_a_long_stderr_the_end_is_kept_and_says_what_was_not(way: Transport) -> None:
    script = f"head -c {6 << 20} /dev/zero >&2; echo last >&2"
    said = way.run(Command(("sh", "-c", script))).stderr
    assert said.startswith(b"[2,097,157 bytes before this were not kept]\n")
    assert said.endswith(b"\0last\n")
    assert len(said) < 5 << 20


def test_an_answer_without_end_is_ended_and_has_failed(way: Transport) -> None:
    with (
        pytest.raises(CommandFailed, match=f"printed more than {MOST_OUTPUT_BYTES >> 20} MiB and was ended"),
        way.talk(("sh", "-c", "tr '\\0' x </dev/zero")) as talk,
    ):
        talk.ask({}, 60)


def test_an_answer_nested_without_end_is_no_json(way: Transport) -> None:
    script = "read x; head -c 100000 /dev/zero | tr '\\0' '['; echo"
    with pytest.raises(CommandFailed, match="answered no JSON"), way.talk(("sh", "-c", script)) as talk:
        talk.ask({}, 30)


def of_zeros(path: Path, size: int) -> str:
    with path.open("wb") as file:
        file.truncate(size)
    return str(path)


def test_a_file_too_large_to_fetch_is_told_by_its_name(way: Transport, tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="large is larger than 1024 MiB and was not fetched"):
        way.get(of_zeros(tmp_path / "large", MOST_FILE_BYTES + 1))


def test_a_file_may_be_larger_than_what_a_command_prints(plain_way: Transport, tmp_path: Path) -> None:
    size = MOST_OUTPUT_BYTES + 1
    assert size == len(plain_way.get(of_zeros(tmp_path / "large", size)))
