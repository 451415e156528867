"""The SSH edge against a real OpenSSH sshd."""

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pvbench import ssh
from pvbench.clock import SystemClock
from pvbench.errors import (
    CommandFailed,
    CommandTimeout,
    HostKeyMismatch,
    HostKeyUnknown,
    InventoryError,
    LoginRefused,
    Unreachable,
)
from pvbench.transport import Command, Transport

pytestmark = pytest.mark.sshd
SERVANT = """
import json, sys
for line in sys.stdin:
    request = json.loads(line)
    if request.get("die"):
        sys.exit("it hurts")
    print("no json" if request.get("babble") else json.dumps({"got": request}), flush=True)
"""


@pytest.fixture(scope="module")
def way(sshd: Any) -> Iterator[Transport]:
    with ssh.connect(sshd.host()) as transport:
        yield transport


@pytest.fixture(scope="module")
def plain_way(plain_sshd: Any) -> Iterator[Transport]:
    with ssh.connect(plain_sshd.host()) as transport:
        yield transport


def fresh_key(folder: Path) -> str:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "other"], check=True)
    return " ".join((folder / "other.pub").read_text().split()[:2])


def fingerprint(public: str, folder: Path) -> str:
    (folder / "shown.pub").write_text(public + "\n")
    out = subprocess.run(["ssh-keygen", "-lf", folder / "shown.pub"], check=True, capture_output=True, text=True)
    return out.stdout.split()[1]


# --- commands


def test_every_word_arrives_as_it_was(way: Transport) -> None:
    words = [
        "plain",
        "two words",
        "it's",
        '"',
        "$HOME `id` $(id)",
        "a\nb",
        "naïve→λ",
        "-n",
        "--",
        "*",
        "",
        "\\",
        "a\\nb",
    ]
    words += ["~", "!x", "a;b", "A=b", "\t", "#", "bytes\udcff", "&&", "x" * 100_000]
    show = "import os, sys; sys.stdout.buffer.write(b'\\0'.join(map(os.fsencode, sys.argv[1:])))"
    result = way.run(Command((sys.executable, "-c", show, *words)))
    assert (0, [os.fsencode(word) for word in words]) == (result.exit_code, result.stdout.split(b"\0"))


def test_a_program_is_run_and_not_the_shells_builtin_of_that_name(way: Transport) -> None:
    assert b"a\\nb\n" == way.run(Command(("echo", "a\\nb"))).stdout


def test_streams_exit_code_and_time_are_kept_apart(way: Transport) -> None:
    result = way.run(Command(("sh", "-c", "cat; echo err >&2; sleep 0.2; exit 7"), stdin=b"in\0\xff"))
    assert (7, b"in\0\xff", b"err\n") == (result.exit_code, result.stdout, result.stderr)
    assert 0.2 <= result.elapsed_s < 3


def test_a_missing_program_is_exit_code_127(way: Transport) -> None:
    assert 127 == way.run(Command(("no-such-program",))).exit_code


def test_a_program_ended_by_a_signal_has_exit_code_minus_one(way: Transport) -> None:
    assert -1 == way.run(Command(("sh", "-c", "kill -KILL $$"))).exit_code


def test_much_output_on_both_streams_and_much_input_do_not_block(way: Transport) -> None:
    size = 50_000_000
    code = f"import sys; d=b'x'*1000000\nfor i in range({size // 1000000}): sys.stdout.buffer.write(d)\n"
    code += "sys.stderr.buffer.write(d*3)\nsys.exit(len(sys.stdin.buffer.read()) != 5000000)"
    result = way.run(Command((sys.executable, "-c", code), stdin=b"y" * 5_000_000))
    assert (0, size, 3_000_000) == (result.exit_code, len(result.stdout), len(result.stderr))


def test_input_nobody_reads_does_not_block(way: Transport) -> None:
    assert 0 == way.run(Command(("true",), stdin=b"z" * 8_000_000)).exit_code


@pytest.mark.thorough
def test_a_command_out_of_time_is_ended_on_the_machine_too(way: Transport) -> None:
    mark = "299.4711"
    began = time.monotonic()
    with pytest.raises(CommandTimeout, match="sleep"):
        way.run(Command(("sh", "-c", f"sleep {mark} & sleep {mark}; true"), timeout_s=0.4))
    assert time.monotonic() - began < 5
    assert 1 == way.run(Command(("pgrep", "-f", f"^sleep {mark}"))).exit_code


def test_a_command_given_up_by_its_caller_is_ended_on_the_machine_too(sshd: Any, way: Transport) -> None:
    def interrupt(signum: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(KeyboardInterrupt):
            way.run(Command(("sleep", "299.4713")))
    finally:
        signal.signal(signal.SIGALRM, before)
    assert 1 == way.run(Command(("pgrep", "-f", "^sleep 299.4713"))).exit_code


# --- a lost connection


def test_a_connection_cut_in_the_middle_of_a_command_is_unreachable(start_sshd: Callable[..., Any]) -> None:
    server = start_sshd()
    with ssh.connect(server.host()) as transport:
        with pytest.raises(Unreachable, match="loop"):
            # The session's sshd is the parent of the command.
            transport.run(Command(("sh", "-c", "kill -KILL $PPID; sleep 5")))
        with pytest.raises(Unreachable):
            transport.run(Command(("true",)))
        with pytest.raises(Unreachable):
            transport.put(b"", "/tmp/never")
    server.stop()
    with pytest.raises(Unreachable, match="refuse"), ssh.connect(server.host()):
        pass


@pytest.mark.thorough
def test_a_peer_gone_silent_is_noticed_by_unanswered_keepalives(start_sshd: Callable[..., Any]) -> None:
    server = start_sshd()
    with ssh.connect(server.host(), keepalive_s=0.5) as transport:
        time.sleep(1.8)
        assert 0 == transport.run(Command(("true",))).exit_code  # idle is not silent
        server.signal_sessions(signal.SIGSTOP)
        began = time.monotonic()
        with pytest.raises(Unreachable, match=r"silent|lost"):
            transport.run(Command(("true",)))
        assert time.monotonic() - began < 5
        server.signal_sessions(signal.SIGCONT)


def test_what_listens_but_is_no_ssh_server_is_unreachable_in_time(sshd: Any) -> None:
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        began = time.monotonic()
        with pytest.raises(Unreachable), ssh.connect(sshd.host(port=mute.getsockname()[1]), timeout_s=0.5):
            pass
        assert time.monotonic() - began < 3


# --- host keys


def test_an_unknown_key_stops_with_its_fingerprint_and_the_line_to_add(sshd: Any, tmp_path: Path) -> None:
    with pytest.raises(HostKeyUnknown) as caught, ssh.connect(sshd.step(host_key=None, known_hosts=[tmp_path / "no"])):
        pass
    assert fingerprint(sshd.host_key, tmp_path) in caught.value.message
    assert "ssh-ed25519" in caught.value.message
    assert f'host_key: "{sshd.host_key}"' in str(caught.value.hint)


def test_a_changed_key_stops_with_both_fingerprints_before_anything_is_sent(sshd: Any, tmp_path: Path) -> None:
    old = fresh_key(tmp_path)
    before = sshd.log.count("Accepted publickey")
    with pytest.raises(HostKeyMismatch) as caught, ssh.connect(sshd.host(host_key=old)):
        pass
    for key in (old, sshd.host_key):
        assert fingerprint(key, tmp_path) in caught.value.message
    assert before == sshd.log.count("Accepted publickey")


def test_a_pinned_key_counts_alone_even_if_known_hosts_has_the_shown_one(sshd: Any, tmp_path: Path) -> None:
    known = tmp_path / "known"
    known.write_text(f"[127.0.0.1]:{sshd.port} {sshd.host_key}\n")
    with pytest.raises(HostKeyMismatch), ssh.connect(sshd.step(host_key=fresh_key(tmp_path), known_hosts=[known])):
        pass


@pytest.mark.parametrize("form", ["plain", "hashed", "pattern", "list"])
def test_known_hosts_are_read_as_openssh_writes_them(sshd: Any, tmp_path: Path, form: str) -> None:
    known, name = tmp_path / "known", f"[127.0.0.1]:{sshd.port}"
    field = {"pattern": f"[127.0.0.?]:{sshd.port}", "list": f"other,{name}"}.get(form, name)
    line = f"{field} {sshd.host_key} me@here\n"
    known.write_text(f"# a comment\n@cert-authority * {sshd.host_key}\nbroken line\n{line}")
    if form == "hashed":
        known.write_text(line)
        subprocess.run(["ssh-keygen", "-q", "-H", "-f", known], check=True, capture_output=True)
        assert "|1|" in known.read_text()
    with ssh.connect(sshd.step(host_key=None, known_hosts=[tmp_path / "none", known])) as transport:
        assert 0 == transport.run(Command(("true",))).exit_code


@pytest.mark.parametrize(
    "entries",
    [
        "127.0.0.1 {key}",
        "[127.0.0.1]:1 {key}",
        "![127.0.0.1]:{port},* {key}",
        "127.0.0.1 {key}\n[127.0.0.1]:{port} {other}",
        "127.0.0.1 {other}\n[127.0.0.1]:{port} {key}",
        "127.0.0.1 {other}",
        "[127.0.0.*]:{port} {key}",
        "* {other}\n* {key}",
        "* {key}\n@revoked 127.0.0.1 {key}",
        "* {key}\n@revoked [127.0.0.1]:{port} {key}",
        "@cert-authority * {key}",
        "[127.0.0.1]:{port} {ecdsa}",
        "127.0.0.1,[127.0.0.1]:{port} {key} a comment",
        "  [127.0.0.1]:{port}\t{key}",
    ],
)
def test_a_key_is_trusted_exactly_where_openssh_trusts_it(sshd: Any, tmp_path: Path, entries: str) -> None:
    known = tmp_path / "known"
    subprocess.run(["ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", tmp_path / "ecdsa"], check=True)
    keys = {"key": sshd.host_key, "other": fresh_key(tmp_path), "ecdsa": (tmp_path / "ecdsa.pub").read_text().strip()}
    known.write_text(entries.format(port=sshd.port, **keys) + "\n")
    options = {
        "UserKnownHostsFile": known,
        "GlobalKnownHostsFile": "none",
        "StrictHostKeyChecking": "yes",
        "BatchMode": "yes",
        "IdentityFile": sshd.key,
        "IdentitiesOnly": "yes",
    }
    words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    theirs = subprocess.run(
        ["ssh", "-F", "none", *words, "-l", sshd.user, "-p", str(sshd.port), "127.0.0.1", "true"], capture_output=True
    )
    try:
        with ssh.connect(sshd.step(host_key=None, known_hosts=[known])):
            ours = True
    except (HostKeyUnknown, HostKeyMismatch):
        ours = False
    assert (theirs.returncode == 0) == ours, theirs.stderr


def test_a_revoked_key_is_refused(sshd: Any, tmp_path: Path) -> None:
    known = tmp_path / "known"
    known.write_text(f"* {sshd.host_key}\n@revoked * {sshd.host_key}\n")
    with pytest.raises(HostKeyMismatch, match="revoked"), ssh.connect(sshd.step(host_key=None, known_hosts=[known])):
        pass


def test_a_server_with_several_keys_is_asked_for_the_one_we_know(
    start_sshd: Callable[..., Any], tmp_path: Path
) -> None:
    for kind in ("rsa", "ecdsa"):
        subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", tmp_path / kind], check=True)
    server = start_sshd(*(f"HostKey {tmp_path}/{kind}" for kind in ("rsa", "ecdsa")))
    for kind in ("rsa", "ecdsa"):
        with ssh.connect(server.host(host_key=(tmp_path / f"{kind}.pub").read_text())) as transport:
            assert 0 == transport.run(Command(("true",))).exit_code


def test_a_pinned_key_that_cannot_be_read_is_the_inventorys_fault(sshd: Any) -> None:
    with pytest.raises(InventoryError, match="host_key"), ssh.connect(sshd.host(host_key="ssh-ed25519 AAAA")):
        pass


# --- logging in


def test_a_key_the_server_does_not_know_is_refused_by_name(sshd: Any, tmp_path: Path) -> None:
    fresh_key(tmp_path)
    with pytest.raises(LoginRefused, match="other") as caught, ssh.connect(sshd.host(key=str(tmp_path / "other"))):
        pass
    assert "key:" in str(caught.value.hint)


def test_default_keys_are_tried_when_none_is_named(sshd: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    with pytest.raises(LoginRefused, match="no key to offer"), ssh.connect(sshd.step(key=None, keys=tmp_path)):
        pass
    subprocess.run(["ssh-keygen", "-q", "-t", "ecdsa", "-N", "secret", "-f", tmp_path / "id_ecdsa"], check=True)
    with pytest.raises(LoginRefused, match="id_ecdsa is encrypted"):
        ssh.connect(sshd.step(key=None, keys=tmp_path)).__enter__()
    shutil.copy(sshd.key, tmp_path / "id_ed25519")
    with ssh.connect(sshd.step(key=None, keys=tmp_path)) as transport:
        assert 0 == transport.run(Command(("true",))).exit_code


def test_an_encrypted_key_needs_the_agent_and_uses_it(
    sshd: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    locked = tmp_path / "locked"
    shutil.copy(sshd.key, locked)
    shutil.copy(f"{sshd.key}.pub", f"{locked}.pub")
    subprocess.run(["ssh-keygen", "-q", "-p", "-P", "", "-N", "secret", "-f", locked], check=True, capture_output=True)
    with pytest.raises(LoginRefused, match="encrypted") as caught, ssh.connect(sshd.host(key=str(locked))):
        pass
    assert f"ssh-add {locked}" in str(caught.value.hint)

    door = tmp_path / "agent"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", door], stdout=subprocess.DEVNULL)
    try:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(door))
        for _ in range(200):  # its socket has a name before anybody listens
            if subprocess.run(["ssh-add", "-q", sshd.key], check=False, capture_output=True).returncode == 0:
                break
            time.sleep(0.02)
        for key in (str(locked), None):
            with ssh.connect(sshd.step(key=key, keys=tmp_path)) as transport:
                assert 0 == transport.run(Command(("true",))).exit_code
    finally:
        agent.kill()
        agent.wait()


def test_nothing_is_logged_to_the_terminal(sshd: Any, capfd: pytest.CaptureFixture[str]) -> None:
    with ssh.connect(sshd.host()) as transport, pytest.raises(Unreachable):
        transport.run(Command(("sh", "-c", "kill -KILL $PPID; sleep 5")))
    assert ("", "") == tuple(capfd.readouterr())


# --- through other machines


def test_a_host_is_reached_through_another(sshd: Any, plain_sshd: Any) -> None:
    show = 'echo "$SSH_CONNECTION"'
    with ssh.connect(sshd.host(), plain_sshd.host(name="inner")) as transport:
        assert f"{plain_sshd.port}\n" == transport.run(Command(("sh", "-c", show))).stdout.decode().split(" ")[-1]
        assert "inner" == transport.name


def test_a_hop_reaches_a_guest_with_a_key_given_as_text(way: Transport, plain_sshd: Any, tmp_path: Path) -> None:
    place = ("127.0.0.1", plain_sshd.port, plain_sshd.user, plain_sshd.key.read_text())
    with way.hop(*place, plain_sshd.host_key, 10) as guest:
        assert b"hello" == guest.run(Command(("cat",), stdin=b"hello")).stdout
        assert "127.0.0.1 behind loop" == guest.name
    with pytest.raises(HostKeyMismatch), way.hop(*place, fresh_key(tmp_path), 10):
        pass
    assert 0 == way.run(Command(("true",))).exit_code


def test_a_hop_to_a_guest_that_does_not_answer_yet_is_unreachable(way: Transport, sshd: Any) -> None:
    with pytest.raises(Unreachable, match="through loop"), way.hop("127.0.0.1", 1, "x", "", sshd.host_key, 2):
        pass
    assert 0 == way.run(Command(("true",))).exit_code


# --- files


@pytest.fixture(params=["way", "plain_way"])
def either(request: pytest.FixtureRequest) -> Transport:
    return request.getfixturevalue(request.param)


def test_files_arrive_whole_with_their_mode_and_nothing_beside(either: Transport, tmp_path: Path) -> None:
    data, path = bytes(range(256)) * 20_000, tmp_path / "it's $a file"
    path.write_text("old")
    either.put(data, str(path), 0o750)
    assert (0o100750, [path]) == (path.stat().st_mode, list(tmp_path.iterdir()))
    assert hashlib.sha256(data).digest() == hashlib.sha256(either.get(str(path))).digest()


def test_files_without_a_size_are_read_to_their_end(either: Transport) -> None:
    assert Path("/proc/cpuinfo").read_bytes()[:9] == either.get("/proc/cpuinfo")[:9]


def test_a_file_that_cannot_be_written_or_read_is_said_with_its_name(either: Transport, tmp_path: Path) -> None:
    for path in (tmp_path / "no" / "folder", tmp_path):
        with pytest.raises(CommandFailed, match=str(path)):
            either.put(b"x", str(path))
    with pytest.raises(CommandFailed, match=f"{tmp_path}/absent: .*[Nn]o such file"):
        either.get(str(tmp_path / "absent"))
    assert [] == list(tmp_path.iterdir())


def test_a_file_service_that_is_named_but_missing_is_done_without(
    start_sshd: Callable[..., Any], tmp_path: Path
) -> None:
    with ssh.connect(start_sshd("Subsystem sftp /no/such/server").host()) as transport:
        transport.put(b"here", str(tmp_path / "file"))
        assert b"here" == transport.get(str(tmp_path / "file"))


# --- conversations


def test_a_conversation_answers_line_by_line(way: Transport) -> None:
    with way.talk((sys.executable, "-c", SERVANT)) as program:
        for number in range(3):
            assert {"got": {"n": number, "s": "é\n"}} == program.ask({"n": number, "s": "é\n"}, 5)
        assert {"got": {"big": "b" * 3_000_000}} == program.ask({"big": "b" * 3_000_000}, 10)


def test_a_program_that_ends_is_reported_with_its_last_words(way: Transport) -> None:
    with way.talk((sys.executable, "-c", SERVANT)) as program:
        with pytest.raises(CommandFailed, match=r"exit code 1 .* it hurts"):
            program.ask({"die": True}, 5)
        with pytest.raises(CommandFailed):
            program.ask({}, 5)


def test_an_answer_that_is_no_json_object_is_an_error(way: Transport) -> None:
    with way.talk((sys.executable, "-c", SERVANT)) as program, pytest.raises(CommandFailed, match="no json"):
        program.ask({"babble": True}, 5)
    with way.talk(("sh", "-c", "read x; echo 3; cat")) as program, pytest.raises(CommandFailed, match="no JSON object"):
        program.ask({}, 5)


def test_an_answer_that_does_not_come_is_a_timeout_and_the_program_is_ended(way: Transport) -> None:
    with way.talk(("sleep", "299.4712")) as program, pytest.raises(CommandTimeout):
        program.ask({}, 0.3)
    assert 1 == way.run(Command(("pgrep", "-f", "^sleep 299.4712"))).exit_code


@pytest.mark.thorough
def test_a_program_that_tidies_up_after_its_stdin_ended_is_waited_for(way: Transport, tmp_path: Path) -> None:
    with way.talk(("sh", "-c", 'cat; sleep 2.2; echo done >"$0"', str(tmp_path / "tidy"))):
        pass
    assert "done\n" == (tmp_path / "tidy").read_text()


UNDOING = """
import os, signal, subprocess, sys, time
child = subprocess.Popen(["sh", "-c", "trap 'echo told >" + sys.argv[1] + ".child; exit' TERM; sleep 30 & wait"])
def undo(*_):
    time.sleep(2.5)
    child.kill()
    open(sys.argv[1], "w").write("undone")
    sys.exit(1)
signal.signal(signal.SIGTERM, undo)
for line in sys.stdin:
    time.sleep(30)
"""


@pytest.mark.thorough
def test_a_program_out_of_time_gets_what_its_own_undoing_needs(way: Transport, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    with way.talk((sys.executable, "-c", UNDOING, str(mark))) as program, pytest.raises(CommandTimeout):
        program.ask({}, 1)

    assert "undone" == mark.read_text()
    assert not (tmp_path / "mark.child").exists()  # what it had started was left to it


@pytest.mark.thorough
def test_what_does_not_end_when_told_is_ended_after_its_time(sshd: Any, tmp_path: Path) -> None:
    from pvbench.ssh.process import Process, end_marked

    with ssh.connect(sshd.host()) as transport:
        connection = transport.connection  # type: ignore[attr-defined]
        deaf = ("sh", "-c", "trap '' TERM; sleep 299.4714; sleep 299.4714")
        running = Process(connection, deaf, SystemClock(), 10)
        time.sleep(0.5)
        end_marked(connection, running._token, 1)
        assert 1 == transport.run(Command(("pgrep", "-f", "^sleep 299.4714"))).exit_code


def test_errors_of_the_callers_own_pass_through_a_conversation(way: Transport) -> None:
    with pytest.raises(OSError, match="mine"), way.talk(("cat",)):
        raise OSError("mine")


# --- ~/.ssh/config


def test_a_name_of_the_ssh_configuration_leads_to_its_host(sshd: Any, plain_sshd: Any, tmp_path: Path) -> None:
    folder = tmp_path / ".ssh"
    (folder / "parts").mkdir(parents=True)
    (folder / "parts" / "one").write_text(
        f"Host outer\n HostName 127.0.0.1\n Port {sshd.port}\n User {sshd.user}\n IdentityFile {sshd.key}\n"
    )
    (folder / "config").write_text(
        f"Include parts/*\nHost inner\n HostName 127.0.0.1\n Port {plain_sshd.port}\n"
        f" ProxyJump outer\n User nobody\n IdentityFile {plain_sshd.key}\nHost *\n UserKnownHostsFile {folder}/known\n"
    )
    (folder / "known").write_text("".join(f"[127.0.0.1]:{one.port} {one.host_key}\n" for one in (sshd, plain_sshd)))
    inner = plain_sshd.host(name="inner", address="inner", port=None, key=None, host_key=None)
    way = ssh.route(inner, {}, ssh.asker(tmp_path, os.environ), ssh.local(tmp_path, os.environ))
    assert ["outer", "inner"] == [step.name for step in way]
    with ssh.connect(*way) as transport:
        assert b"hello" == transport.run(Command(("printf", "hello"))).stdout
    assert json.dumps(sshd.user) == json.dumps(way[-1].credentials.user)
