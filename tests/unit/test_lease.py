"""Holding a host: over a real sshd with the real program, and over functions for what cannot be had there."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from pvbench import ssh
from pvbench.errors import CommandFailed, HostBusy, PvbenchError, Unreachable
from pvbench.inventory import Host
from pvbench.lease import Lease, held
from pvbench.testing import FakeClock, FakeTransport
from pvbench.transport import Command, CommandResult
from tests.unit import conftest

pytestmark = pytest.mark.sshd
TTL_S = 1.5


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return str(tmp_path / "lock")


def trouble(lease: Lease, within_s: float = 10) -> PvbenchError:
    """Wait for what goes wrong in the background."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        try:
            lease.check()
        except PvbenchError as error:
            return error
        time.sleep(0.02)
    raise AssertionError("nothing went wrong")


def refused(host: Host, folder: str) -> bool:
    with ssh.connect(host) as transport:
        try:
            with held(transport, host, "another", folder=folder):
                return False
        except HostBusy:
            return True


def test_two_controllers_with_two_scratch_folders_exclude_each_other(sshd: Any, tmp_path: Path, folder: str) -> None:
    one, two = (sshd.host(scratch=str(tmp_path / name)) for name in ("one", "two"))
    with ssh.connect(one) as first, ssh.connect(two) as second:
        with (
            held(first, one, "the first", folder=folder),
            pytest.raises(HostBusy, match=r"held by the first since .*, for 1[78][0-9] s yet"),
            held(second, two, "the second", folder=folder),
        ):
            pass
        with held(second, two, "the second", folder=folder):
            pass


@pytest.mark.thorough
def test_a_host_stays_held_while_one_step_takes_longer_than_the_time_to_live(
    sshd: Any, tmp_path: Path, folder: str
) -> None:
    host = sshd.host(scratch=str(tmp_path / "scratch"))
    with ssh.connect(host) as transport, held(transport, host, "me", folder=folder, ttl_s=TTL_S) as lease:
        for _ in range(2):
            transport.run(Command(("sleep", str(TTL_S))))
            assert refused(host, folder)
        lease.check()
    assert not refused(host, folder)


def test_a_lost_connection_is_told_as_such_and_the_same_token_takes_the_host_up_again(
    sshd: Any, tmp_path: Path, folder: str
) -> None:
    host = sshd.host(scratch=str(tmp_path / "scratch"))
    with ssh.connect(host) as transport, held(transport, host, "me", "token", folder=folder, ttl_s=TTL_S) as lease:
        sshd.signal_sessions(signal.SIGKILL)
        found = trouble(lease)
    assert isinstance(found, Unreachable)
    assert "the connection was lost during" in str(found)
    with ssh.connect(host) as transport, held(transport, host, "me", "token", folder=folder) as lease:
        lease.check()


def test_a_killed_program_of_the_lease_is_told_and_the_same_token_takes_the_host_up_again(
    sshd: Any, tmp_path: Path, folder: str
) -> None:
    host = sshd.host(scratch=str(tmp_path / "scratch"))
    with ssh.connect(host) as transport, held(transport, host, "me", "token", folder=folder, ttl_s=TTL_S) as lease:
        transport.run(Command(("pkill", "-KILL", "-f", f"^python3 {host.scratch}/hostside/.*/pvb-lease")))
        found = trouble(lease)
        assert isinstance(found, CommandFailed)
        assert "pvb-lease ended with exit code -1" in str(found)
        with held(transport, host, "me", "token", folder=folder, ttl_s=60) as again:
            again.check()
            assert refused(host, folder)


@pytest.mark.thorough
def test_a_session_that_ends_late_does_not_give_up_the_host_of_the_one_that_replaced_it(
    start_sshd: Callable[..., Any], tmp_path: Path, folder: str
) -> None:
    server = start_sshd()
    host = server.host(scratch=str(tmp_path / "scratch"))
    with ssh.connect(host, keepalive_s=0.3) as transport, held(transport, host, "me", "token", folder=folder):
        stopped = [pid for pid in server.sessions() if Path(f"/proc/{pid}/comm").read_text() == "sshd\n"]
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        with pytest.raises(Unreachable):
            transport.run(Command(("true",)))
    with ssh.connect(host) as transport, held(transport, host, "me", "token", folder=folder) as lease:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
        time.sleep(0.5)  # the old session ends now, and its programs with it
        assert refused(host, folder)
        lease.check()


@pytest.fixture
def apart(tmp_path: Path) -> Iterator[tuple[Any, str]]:
    """A server behind a link that can be cut: (the server, our end of the link)."""
    if os.geteuid() != 0:
        pytest.skip("only root may make a network of its own")
    name, ours, theirs = f"pvb{os.getpid()}", f"pvbo{os.getpid()}", f"pvbt{os.getpid()}"
    ip: Callable[..., object] = lambda *words: subprocess.run(["ip", *words], check=True)  # noqa: E731
    ip("netns", "add", name)
    try:
        ip("link", "add", ours, "type", "veth", "peer", "name", theirs, "netns", name)
        ip("addr", "add", "198.51.100.1/30", "dev", ours)
        ip("-n", name, "addr", "add", "198.51.100.2/30", "dev", theirs)
        ip("-n", name, "link", "set", theirs, "up")
        ip("link", "set", ours, "up")
        (tmp_path / "sshd").mkdir()
        within = ("ip", "netns", "exec", name)
        server = conftest.start(tmp_path / "sshd", address="198.51.100.2", within=within)
        try:
            yield server, theirs
        finally:
            server.stop()
    finally:
        ip("netns", "del", name)


@pytest.mark.thorough
def test_a_run_goes_on_after_a_network_that_drops_packets_in_silence(
    apart: tuple[Any, str], tmp_path: Path, folder: str
) -> None:
    server, link = apart
    host = server.host(scratch=str(tmp_path / "scratch"))
    cut: Callable[[str], object] = lambda how: subprocess.run(  # noqa: E731
        ["ip", "netns", "exec", link.replace("pvbt", "pvb"), "ip", "link", "set", link, how], check=True
    )
    with (
        ssh.connect(host, keepalive_s=0.3) as transport,
        held(transport, host, "me", "token", folder=folder, ttl_s=4) as lease,
    ):
        cut("down")
        assert isinstance(trouble(lease), Unreachable)
    with pytest.raises(Unreachable), ssh.connect(host, timeout_s=0.5):
        pass
    cut("up")
    with ssh.connect(host) as transport, held(transport, host, "me", "token", folder=folder, ttl_s=4) as lease:
        time.sleep(2)  # time for what the old connection still holds back to arrive
        assert refused(host, folder)
        lease.check()


# --- what only functions can show


def host_that(answer: Callable[[Mapping[str, Any]], dict[str, Any]]) -> FakeTransport:
    def run(command: Command) -> CommandResult:
        whole = [line.split("  ")[1] + ": OK" for line in command.stdin.decode().splitlines()]
        return CommandResult(command.argv, 0, "\n".join(whole).encode(), b"", 0)

    return FakeTransport(run, answer=lambda _argv, request: answer(request))


def renewals(said: dict[str, Any]) -> FakeTransport:
    return host_that(lambda request: said if request["action"] == "renew" else {})


HOST = Host("xen1", "10.0.0.1")


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        ({"lost": "taken"}, HostBusy, "xen1: the lease ran out and the host is somebody else's now"),
        ({"lost": "gone"}, HostBusy, "xen1: the lease ran out and somebody else had the host meanwhile"),
        ({"lost": "replaced"}, HostBusy, "xen1: a newer session of this run holds the host"),
        ({"error": "/run/pvbench: No space left on device"}, CommandFailed, "No space left on device"),
        ({"lost": "unheard of"}, KeyError, "unheard of"),
    ],
)
@pytest.mark.thorough
def test_what_goes_wrong_in_the_background_reaches_the_next_step(
    answer: dict[str, Any], error: type[Exception], words: str
) -> None:
    with held(renewals(answer), HOST, "me", ttl_s=3) as lease:  # renewed after half a second
        lease.check()
        time.sleep(1)
        for _ in range(2):
            with pytest.raises(error, match=words):
                lease.check()


def test_a_host_that_was_silent_for_the_time_to_live_is_not_believed_to_be_ours() -> None:
    clock = FakeClock(step_s=0)
    with held(renewals({}), HOST, "me", clock=clock) as lease:
        lease.check()
        clock.seconds = 181
        with pytest.raises(Unreachable, match="has not answered for 181 s"):
            lease.check()


def test_a_host_whose_lease_cannot_be_written_is_told_with_where_to_look() -> None:
    full = host_that(lambda request: {"error": "/run/pvbench: No space left on device"})
    with pytest.raises(CommandFailed, match="No space left") as refused, held(full, HOST, "me"):
        pass
    assert refused.value.hint is not None
    assert "df /run/pvbench" in refused.value.hint
