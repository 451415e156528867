"""A guest is known by its key through the real transport: sshd on loopback stands for host and guest."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pvbench import ssh
from pvbench.errors import BootError, GuestKeyMismatch, LoginRefused, Unreachable
from pvbench.guest import GuestImage
from pvbench.model import OwnGuest
from pvbench.testing import FakeTransport
from pvbench.transport import Transport
from tests.unit.test_disk_image import qcow2
from tests.unit.xen.test_own_guest import OWN, Entered, driven

pytestmark = pytest.mark.sshd


class Through(FakeTransport):
    """A host made of functions, through which guests are reached by a real connection."""

    def __init__(self, dom0: "Behind") -> None:
        super().__init__(dom0.run, name="xen1", answer=dom0.answer)
        self.dom0 = dom0

    def hop(self, address: str, port: int, user: str, key: str, host_key: str, timeout_s: float) -> Any:
        return self.dom0.host.hop("127.0.0.1", self.dom0.port, user, key, host_key, timeout_s)


class Behind(Entered):
    """A host whose guest answers at a port of this machine."""

    def __init__(self, host: Transport, port: int) -> None:
        super().__init__()
        self.host, self.port = host, port
        self.instead["alive"] = {"alive": False, "log": None, "console": "", "read": 1 << 28, "port": "open"}

    def transport(self) -> FakeTransport:
        return Through(self)


class Shunning(Through):
    """A way to a guest that refuses a login, greets us no more, and ends."""

    def hop(self, *_: Any) -> Any:
        look = self.dom0.instead["alive"]
        if look["alive"]:
            look |= {"alive": False, "port": "mute"}
            raise Unreachable("Not allowed at this time")
        look["alive"] = True
        raise LoginRefused("no")


class Shunned(Behind):
    """A host whose guest is such a one."""

    def __init__(self) -> None:
        super().__init__(FakeTransport(self.run), 0)

    def transport(self) -> FakeTransport:
        return Shunning(self)


@contextmanager
def booted(sshd: Any, image: GuestImage, guest: OwnGuest, folder: Path) -> Iterator[Behind]:
    with ExitStack() as stack:
        dom0 = Behind(stack.enter_context(ssh.connect(sshd.host())), sshd.port)
        xen = driven(dom0, image, guest, folder)
        stack.enter_context(xen.setup(64 << 20, OWN.devices))
        stack.enter_context(xen.boot(OWN))
        yield dom0


@pytest.fixture
def guest(tmp_path: Path) -> OwnGuest:
    path = tmp_path / "debian.qcow2"
    path.write_bytes(qcow2())
    return OwnGuest(path.name, path, "qcow2", 8 << 20, b"1234", "root")


def fails(sshd: Any, image: GuestImage, guest: OwnGuest, folder: Path) -> BootError | GuestKeyMismatch:
    with pytest.raises((BootError, GuestKeyMismatch)) as caught, booted(sshd, image, guest, folder):
        pass
    return caught.value


def test_what_answers_with_another_key_than_was_seeded_is_sent_nothing_and_ends_the_run(
    sshd: Any, image: GuestImage, guest: OwnGuest, tmp_path: Path
) -> None:
    known = sshd.log.count("Accepted publickey")
    error = fails(sshd, image, guest, tmp_path)

    assert isinstance(error, GuestKeyMismatch)
    assert "pvb-b01-xen1 answers with another host key than it was given" in str(error)
    assert "cloud-init did not take the seed" in str(error.hint)
    assert "\n" not in str(error)
    assert sshd.log.count("Accepted publickey") == known + 1  # our own login to the host


def test_what_answers_with_the_key_that_was_said_is_let_go_on(
    sshd: Any, image: GuestImage, guest: OwnGuest, tmp_path: Path
) -> None:
    own = replace(guest, user=sshd.user, key=sshd.key, host_key=sshd.host_key)
    error = fails(sshd, image, own, tmp_path)

    assert isinstance(error, BootError)
    assert "took our programs nowhere" in str(error)


def test_the_right_key_of_somebody_else_who_lets_us_in_not_is_told(
    sshd: Any, image: GuestImage, guest: OwnGuest, tmp_path: Path
) -> None:
    private, _ = ssh.new_key()
    key = tmp_path / "other"
    key.write_text(private)
    own = replace(guest, user=sshd.user, key=key, host_key=sshd.host_key)
    error = fails(sshd, image, own, tmp_path)

    assert "lets our key in not" in str(error)
    assert "`user`, `key` and `host_key`" in str(error.hint)


def test_a_server_that_greets_us_no_more_once_it_refused_us_lets_our_key_in_not(
    image: GuestImage, guest: OwnGuest, tmp_path: Path
) -> None:
    xen = driven(Shunned(), image, guest, tmp_path)

    with xen.setup(64 << 20, OWN.devices), pytest.raises(BootError, match="lets our key in not"), xen.boot(OWN):
        pass
