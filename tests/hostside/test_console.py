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
import pvb_xenstore

from tests import contracts
from tests.hostside.test_observe import Nodes
from tests.hostside.test_ownership import Created, Host
from tests.hostside.test_programs import program

TTY = "/local/domain/{}/console/tty"


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


def test_only_a_pseudo_terminal_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    nodes: dict[str, str] = {}
    monkeypatch.setattr(pvb_xenstore, "Xenstore", lambda: Nodes(nodes))

    assert pvb_console.tty_of(4) is None
    for value in ("/etc/shadow", "/dev/pts/../sda", "", "/dev/pts/3\n"):
        nodes[TTY.format(4)] = value
        assert pvb_console.tty_of(4) is None
    nodes[TTY.format(4)] = "/dev/pts/3"
    assert pvb_console.tty_of(4) == "/dev/pts/3"


@pytest.mark.parametrize("console", ["xen", "none"])
def test_a_domain_says_what_it_printed_on_such_a_console_until_it_goes(
    terminal: tuple[int, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, console: str
) -> None:
    master, name = terminal
    host = Host(tmp_path)
    Created(host)
    monkeypatch.setenv("PATH", host.environment["PATH"])
    nodes = {TTY.format(7): name, "/local/domain/7/name": "pvb-b01"}
    monkeypatch.setattr(pvb_xenstore, "Xenstore", lambda: Nodes(nodes))
    domains = program("pvb-domain").Domains()
    request = {"action": "create", "name": "pvb-b01", "config": "", "root": str(host.root), "console": console}
    contracts.check("pvb-domain", request, domains.create(request))
    kept = Path(host.scratch.boot) / "pvb-b01.console"
    assert kept.stat().st_mode & 0o777 == 0o600

    os.write(master, b"ssh-ed25519 AAAAC3 root@box\r\nbox login: ")
    asked = {"action": "alive", "name": "pvb-b01", "keys": True}
    look = domains.alive(asked)
    contracts.check("pvb-domain", asked, look)
    printed = "ssh-ed25519 AAAAC3 root@box\r\n" if console == "xen" else ""
    assert (look["alive"], look["keys"]) == (True, printed)
    assert look["console"] == (f"{printed}box login: " if printed else "")

    domains.destroy({"name": "pvb-b01"})
    assert not kept.exists()
