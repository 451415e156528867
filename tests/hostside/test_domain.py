"""pvb-domain starts a domain: at once, or once the PV halves of its emulated NICs bear MACs of their own."""

import os
import socket
import threading
from pathlib import Path

import pytest

from tests.hostside.test_programs import program


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Programs of a toolstack that note how they were called."""
    log = tmp_path / "log"
    for name in ("xl", "xenstore-write"):
        path = tmp_path / name
        path.write_text(f'#!/bin/sh\necho {name} "$@" >>{log}\n[ "$1" != domid ] || echo 7\n')
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return log


def test_a_domain_runs_as_soon_as_it_is_made(said: Path) -> None:
    assert program("pvb-domain").started("pvb-a", "/a.cfg", {}) == 7
    assert said.read_text().splitlines() == ["xl create -q /a.cfg", "xl domid pvb-a"]


def test_a_domain_whose_nics_have_another_half_runs_once_that_has_its_own_mac(said: Path) -> None:
    program("pvb-domain").started("pvb-a", "/a.cfg", {"0": "00:16:3e:01:02:80"})

    assert said.read_text().splitlines() == [
        "xl create -p -q /a.cfg",
        "xl domid pvb-a",
        "xenstore-write /local/domain/7/device/vif/0/mac 00:16:3e:01:02:80",
        "xl unpause 7",
    ]


@pytest.mark.parametrize(("greeting", "does"), [(b"SSH-2.0-x\r\n", "open"), (b"", "mute")])
def test_a_port_at_which_nobody_greets_yet_is_no_server_that_is_there(
    greeting: bytes, does: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    domain = program("pvb-domain")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        monkeypatch.setattr(domain, "SSH_PORT", listening.getsockname()[1])
        monkeypatch.setattr(domain, "GREETS_S", 0.2)

        def greet() -> None:
            with listening.accept()[0] as way:
                way.sendall(greeting)

        greeter = threading.Thread(target=greet)
        if greeting:
            greeter.start()
        assert domain.port("127.0.0.1") == does
    if greeting:
        greeter.join()
    assert domain.port("127.0.0.1") == "refused"
