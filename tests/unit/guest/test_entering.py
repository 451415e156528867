import os
import subprocess
import tarfile
import tempfile
from io import BytesIO
from pathlib import Path

import pytest

from pvbench import shipped
from pvbench.errors import BootError, CommandTimeout
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
        folder = Path(way.programs).parent
        subprocess.run(["rm", "-r", str(folder)], check=True)


def test_a_guest_that_takes_nothing_is_told_with_what_it_needs() -> None:
    with pytest.raises(BootError, match="nowhere: tar is missing or fails in /"):
        entering.entered(FakeTransport(here), "root", b"no tar", 10)


def test_a_place_without_room_is_passed_over_and_said(tmp_path: Path) -> None:
    full = tmp_path / "df"
    full.write_text("#!/bin/sh\nprintf 'Filesystem\\n/dev/vda1 100 100 17 100%% %s\\n' \"$2\"\n")
    full.chmod(0o755)

    def without_room(command: Command) -> CommandResult:
        environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": "/root"}
        done = subprocess.run(command.argv, input=command.stdin, capture_output=True, check=False, env=environment)
        return CommandResult(command.argv, done.returncode, done.stdout, done.stderr, 0.1)

    with pytest.raises(BootError, match="/tmp has 0 MiB free, /var/tmp has 0 MiB free, /dev/shm has") as caught:
        entering.entered(FakeTransport(without_room), "root", tools(), 10)
    assert "MiB of free space in /tmp" in str(caught.value.hint)


def test_a_user_who_may_not_become_root_is_told_how() -> None:
    def refuses(command: Command) -> CommandResult:
        return CommandResult(command.argv, 1, b"", b"sudo: a password is required\n", 0.1)

    with pytest.raises(BootError, match=r"debian may not become root by sudo: .*a password is required") as caught:
        entering.entered(FakeTransport(refuses), "debian", b"", 10)
    assert "NOPASSWD" in str(caught.value.hint)


def test_a_sudo_that_asks_for_a_terminal_is_told_as_that() -> None:
    def refuses(command: Command) -> CommandResult:
        return CommandResult(command.argv, 1, b"", b"sudo: sorry, you must have a tty to run sudo\n", 0.1)

    with pytest.raises(BootError, match="must have a tty") as caught:
        entering.entered(FakeTransport(refuses), "fedora", b"", 10)
    assert "!requiretty" in str(caught.value.hint)


@pytest.mark.parametrize("hosts", ["127.0.0.1 localhost\n", f"127.0.0.1 localhost\n127.0.1.1 {os.uname().nodename}\n"])
def test_a_guest_knows_its_own_name_before_sudo_asks_the_network_for_it(hosts: str, tmp_path: Path) -> None:
    known = tmp_path / "hosts"
    known.write_text(hosts)

    def guest(command: Command) -> CommandResult:
        argv = tuple(word.replace("/etc/hosts", str(known)) for word in command.argv[2:])
        assert known.name in argv[-1]
        done = subprocess.run(argv, capture_output=True, check=False)
        assert done.returncode == 0
        return CommandResult(command.argv, 1, b"", b"", 0.1)  # enough seen

    with pytest.raises(BootError):
        entering.entered(FakeTransport(guest), "ubuntu", b"", 10)

    lines = known.read_text().splitlines()
    assert lines == ["127.0.0.1 localhost", f"127.0.1.1 {os.uname().nodename}"]


def by_sudo(command: Command) -> CommandResult:
    """Run as sudo does: a child of another environment, which its caller cannot end."""
    if "/etc/hosts" in command.argv[-1]:  # this machine's own stays as it is
        return CommandResult(command.argv, 0, b"", b"", 0.1)
    assert command.argv[:2] == ("sudo", "-n") or "pvb-in" in command.argv[2]
    as_root = ("sh", "-c", 'env -i PATH="$PATH" "$@"; exit $?', "sudo", *command.argv[2:])
    argv = as_root if command.argv[0] == "sudo" else command.argv
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as given:
        given.write(command.stdin)
        given.seek(0)
        running = subprocess.Popen(argv, stdin=given, stdout=out, stderr=subprocess.DEVNULL)
        try:
            code = running.wait(command.timeout_s)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()
            raise CommandTimeout("late") from None
        out.seek(0)
        return CommandResult(command.argv, code, out.read(), b"", 0.1)


def runs(pid: str) -> bool:
    try:
        return Path("/proc", pid, "cmdline").read_bytes() != b""  # nothing, of one that has ended
    except OSError:
        return False


def test_a_tool_out_of_time_is_ended_where_another_user_than_root_logs_in(tmp_path: Path) -> None:
    way = entering.entered(FakeTransport(by_sudo), "debian", tools(), 10)
    try:
        note = tmp_path / "pid"
        late = ("sh", "-c", 'echo $$ >"$0"; exec sleep 29', str(note))
        with pytest.raises(CommandTimeout):
            way.run(Command(late, timeout_s=0.3))
        assert not runs(note.read_text().strip())
        assert way.run(Command(("printf", "%s", "a b"))).stdout == b"a b"
    finally:
        subprocess.run(["rm", "-r", str(Path(way.programs).parent)], check=True)
