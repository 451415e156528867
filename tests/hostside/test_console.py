"""pvb_console: what a domain prints on Xen's console, read from a real pseudo terminal."""

import os
import sys
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.marked import HOSTSIDE

sys.path.append(str(HOSTSIDE))
import pvb_console


@pytest.fixture
def terminal() -> Iterator[tuple[int, str]]:
    """The end that a domain prints to, as xenconsoled has it, and the name of the other."""
    master, slave = os.openpty()
    tty.setraw(slave)
    os.set_blocking(master, False)
    yield master, os.ttyname(slave)
    os.close(master)
    os.close(slave)


def test_what_is_printed_is_kept_from_the_first_byte_and_nothing_is_waited_for(
    terminal: tuple[int, str], tmp_path: Path
) -> None:
    master, name = terminal
    names: list[str | None] = [None, name]
    file = tmp_path / "pvb-a.console"
    kept = pvb_console.Kept(lambda: names.pop(0), str(file))

    os.write(master, b"Linux version 6.1\r\n")
    kept.drain()  # there is no terminal yet
    assert not file.exists()
    kept.drain()
    kept.drain()
    assert file.read_bytes() == b"Linux version 6.1\r\n"
    os.write(master, b"box login: ")
    kept.drain()
    assert file.read_bytes() == b"Linux version 6.1\r\nbox login: "

    os.truncate(file, 0)  # as one that has grown large is
    os.write(master, b"more")
    kept.drain()
    assert file.read_bytes() == b"more"
    kept.close()
    kept.close()


def test_a_domain_that_has_gone_leaves_what_it_printed(tmp_path: Path) -> None:
    master, slave = os.openpty()
    tty.setraw(slave)
    kept = pvb_console.Kept(lambda: os.ttyname(slave), str(tmp_path / "console"))
    os.write(master, b"panic")
    kept.drain()
    os.close(slave)
    os.close(master)
    kept.drain()

    assert (tmp_path / "console").read_bytes() == b"panic"
    kept.close()


def test_only_a_pseudo_terminal_is_read() -> None:
    class Store:
        def __init__(self, value: str | None) -> None:
            self.value = value

        def __enter__(self) -> "Store":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def read(self, path: str) -> str | None:
            assert path == "/local/domain/4/console/tty"
            return self.value

    assert pvb_console.tty_of(4, lambda: Store("/dev/pts/3")) == "/dev/pts/3"
    for value in ("/etc/shadow", "/dev/pts/../sda", "", None):
        assert pvb_console.tty_of(4, lambda value=value: Store(value)) is None
