"""Logging in, against a real sshd and a real agent: wherever `ssh` gets in with a key, pvbench does."""

import base64
import getpass
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pvbench import ssh
from pvbench.errors import CommandFailed, LoginRefused, TransportError, Unreachable
from pvbench.inventory import Host
from pvbench.transport import Command

pytestmark = [pytest.mark.sshd, pytest.mark.thorough]


def keygen(path: Path, *options: str, passphrase: str = "") -> Path:
    words = options or ("-t", "ed25519")
    subprocess.run(["ssh-keygen", "-q", "-N", passphrase, "-C", path.name, "-f", path, *words], check=True)
    return path


class Desk:
    """A person's home with an SSH configuration, keys and an agent, and a server that admits one key."""

    def __init__(self, home: Path, server: Any) -> None:
        self.home, self.server, self.folder = home, server, home / ".ssh"
        self.folder.mkdir(parents=True)
        self.door = home / "agent"
        self.agent = subprocess.Popen(["ssh-agent", "-D", "-a", self.door], stdout=subprocess.DEVNULL)
        while not self.door.exists():
            time.sleep(0.02)
        self.environment = {**os.environ, "SSH_AUTH_SOCK": str(self.door), "HOME": str(home)}

    def admit(self, *keys: Path) -> None:
        lines = [key.with_name(key.name + ".pub").read_text() for key in keys]
        (self.server.folder / "authorized_keys").write_text("".join(lines))

    def hold(self, *keys: Path) -> None:
        for key in keys:
            subprocess.run(["ssh-add", "-q", key], env=self.environment, check=True, capture_output=True)

    def configure(self, text: str) -> None:
        (self.folder / "known").write_text(f"[127.0.0.1]:{self.server.port} {self.server.host_key}\n")
        head = f"Host box\n  HostName 127.0.0.1\n  Port {self.server.port}\n  User {getpass.getuser()}\n"
        known = f"Host *\n  UserKnownHostsFile {self.folder}/known\n"
        (self.folder / "config").write_text(head + text.format(ssh=self.folder, **vars(self)) + known)

    def way(self, host: Host | None = None) -> tuple[ssh.Step, ...]:
        ask = ssh.configuration(self.home, self.environment, print)
        return ssh.route(host or Host("box", "box"), {}, ask, ssh.local(self.home, self.environment))

    def ours(self, host: Host | None = None) -> bytes:
        with ssh.connect(*self.way(host)) as transport:
            return transport.run(Command(("echo", "in"))).stdout

    def theirs(self) -> bool:
        words = ["ssh", "-F", str(self.folder / "config"), "-o", "BatchMode=yes", "box", "true"]
        return subprocess.run(words, env=self.environment, capture_output=True).returncode == 0


@pytest.fixture
def desk(tmp_path: Path, start_sshd: Callable[..., Any]) -> Iterator[Desk]:
    made = Desk(tmp_path / "home", start_sshd("MaxAuthTries 3"))
    yield made
    made.agent.kill()
    made.agent.wait()


@pytest.fixture
def keys(desk: Desk) -> dict[str, Path]:
    return {name: keygen(desk.folder / name) for name in ("one", "two", "three", "four", "good")}


def test_identity_files_are_tried_in_order_until_one_is_right(desk: Desk, keys: dict[str, Path]) -> None:
    desk.admit(keys["good"])
    desk.configure("  IdentityFile {ssh}/absent\n  IdentityFile {ssh}/one\n  IdentityFile {ssh}/good\n")
    assert desk.theirs()
    assert b"in\n" == desk.ours()


def test_an_agents_key_that_a_file_names_goes_before_its_others(desk: Desk, keys: dict[str, Path]) -> None:
    desk.admit(keys["good"])
    desk.hold(keys["one"], keys["two"], keys["three"], keys["good"])
    keys["good"].unlink()  # only its public half is left on disk
    desk.configure("  IdentityFile {ssh}/good\n")
    assert desk.theirs()
    assert b"in\n" == desk.ours()


def test_with_identities_only_the_agents_other_keys_are_not_offered(desk: Desk, keys: dict[str, Path]) -> None:
    desk.admit(keys["good"])
    desk.hold(keys["one"], keys["two"], keys["three"])
    desk.configure("  IdentityFile {ssh}/four\n  IdentityFile {ssh}/good\n  IdentitiesOnly yes\n")
    assert desk.theirs()
    assert b"in\n" == desk.ours()
    desk.configure("  IdentityFile {ssh}/four\n  IdentityFile {ssh}/good\n")
    assert not desk.theirs()  # three attempts are all the server grants
    with pytest.raises(LoginRefused, match="hung up after 3 keys") as caught:
        desk.ours()
    assert "IdentitiesOnly" in str(caught.value.hint)


def test_a_public_half_whose_private_half_is_in_the_agent_will_do(desk: Desk, keys: dict[str, Path]) -> None:
    desk.admit(keys["good"])
    desk.hold(keys["one"], keys["two"], keys["three"], keys["good"])
    desk.configure("  IdentityFile {ssh}/good.pub\n  IdentitiesOnly yes\n")
    assert desk.theirs()
    assert b"in\n" == desk.ours()
    assert b"in\n" == desk.ours(Host("box", "box", key=f"{keys['good']}.pub"))
    subprocess.run(["ssh-add", "-q", "-D"], env=desk.environment, check=True, capture_output=True)
    with pytest.raises(LoginRefused, match="public half of a key that no SSH agent holds"):
        desk.ours()


def test_the_agent_of_the_configuration_is_asked_or_none(desk: Desk, keys: dict[str, Path]) -> None:
    desk.admit(keys["good"])
    desk.hold(keys["good"])
    desk.environment["SSH_AUTH_SOCK"] = "/nowhere"
    desk.configure("  IdentityFile none\n  IdentityAgent {door}\n")
    assert desk.theirs()
    assert b"in\n" == desk.ours()
    desk.environment["SSH_AUTH_SOCK"] = str(desk.door)
    desk.configure("  IdentityFile none\n  IdentityAgent none\n")
    assert not desk.theirs()
    with pytest.raises(LoginRefused, match="no key to offer"):
        desk.ours()


@pytest.mark.parametrize(
    "kind",
    [
        "-t rsa -b 2048",
        "-t rsa -b 2048 -m PEM",
        "-t ecdsa -b 384",
        "-t ecdsa -b 521 -m PEM",
        "-t ecdsa -m PKCS8",
        "-t ed25519",
    ],
)
def test_a_key_of_any_usual_kind_and_format_lets_in(desk: Desk, kind: str) -> None:
    key = keygen(desk.folder / "key", *kind.split())
    desk.admit(key)
    desk.configure("  IdentityFile {ssh}/key\n  IdentityAgent none\n")
    assert desk.theirs()
    assert b"in\n" == desk.ours()
    desk.hold(key)
    key.unlink()
    desk.configure("  IdentityFile none\n")
    assert desk.theirs()
    assert b"in\n" == desk.ours()


@pytest.mark.parametrize(
    ("kind", "how"),
    [
        ("rsa", "beside"),
        ("ecdsa", "named"),
        ("ed25519", "key in the agent"),
        ("rsa", "all in the agent"),
        ("ecdsa", "key in the agent"),
        ("ed25519", "beside"),
    ],
)
def test_a_certificate_lets_in(desk: Desk, start_sshd: Callable[..., Any], kind: str, how: str) -> None:
    authority = keygen(desk.folder / "authority")
    desk.server = start_sshd(f"TrustedUserCAKeys {authority}.pub", "AuthorizedKeysFile none")
    key = keygen(desk.folder / "key", "-t", kind, *(("-b", "2048") if kind == "rsa" else ()))
    certify = ["ssh-keygen", "-q", "-s", authority, "-I", "me", "-n", getpass.getuser(), f"{key}.pub"]
    subprocess.run(certify, check=True)
    certificate = desk.folder / "key-cert.pub"
    if "agent" in how:
        desk.hold(key)  # takes the certificate along
        if how == "key in the agent":
            subprocess.run(["ssh-add", "-q", "-D"], env=desk.environment, check=True, capture_output=True)
            certificate.rename(desk.folder / "elsewhere.pub")
            desk.hold(key)
        key.unlink()
    elif how == "named":
        certificate.rename(desk.folder / "elsewhere.pub")
    named = "  CertificateFile {ssh}/elsewhere.pub\n" if how in ("named", "key in the agent") else ""
    desk.configure(f"  IdentityFile {'none' if how == 'all in the agent' else '{ssh}/key'}\n{named}")
    assert desk.theirs()
    assert b"in\n" == desk.ours()


@pytest.mark.parametrize("form", ["RFC4716", "PEM", "PKCS8"])
def test_an_encrypted_key_without_an_agent_is_said_and_the_next_one_tried(desk: Desk, form: str) -> None:
    locked = keygen(desk.folder / "locked", "-t", "rsa", "-b", "2048", "-m", form, passphrase="secret")
    good = keygen(desk.folder / "good")
    desk.admit(good)
    desk.configure("  IdentityFile {ssh}/locked\n  IdentityFile {ssh}/good\n  IdentityAgent none\n")
    assert desk.theirs()
    assert b"in\n" == desk.ours()
    good.unlink()
    (desk.folder / "good.pub").unlink()
    with pytest.raises(LoginRefused, match="locked is encrypted and no SSH agent holds it") as caught:
        desk.ours()
    assert f"ssh-add {locked}" in str(caught.value.hint)


@pytest.mark.parametrize("beside", [True, False])
def test_a_fido_key_file_gets_the_sentence_that_is_true_of_it(desk: Desk, beside: bool) -> None:
    # A security key is needed to make a real one; its public half, in the clear in either file, says what it is.
    def strings(*fields: bytes) -> bytes:
        return b"".join(len(field).to_bytes(4, "big") + field for field in fields)

    kind = b"sk-ssh-ed25519@openssh.com"
    blob = strings(kind, b"x" * 32, b"ssh:")
    private = b"openssh-key-v1\0" + strings(b"none", b"none", b"") + b"\0\0\0\1" + strings(blob, b"\0" * 64)
    name = "OPENSSH PRIVATE KEY"
    (desk.folder / "touch").write_text(
        f"-----BEGIN {name}-----\n{base64.b64encode(private).decode()}\n-----END {name}-----\n"
    )
    if beside:
        (desk.folder / "touch.pub").write_text(f"{kind.decode()} {base64.b64encode(blob).decode()}\n")
    desk.configure("  IdentityFile {ssh}/touch\n  IdentityAgent none\n")
    with pytest.raises(LoginRefused, match="FIDO key, which wants a touch"):
        desk.ours()


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (("AuthenticationMethods publickey,password", "PasswordAuthentication yes"), "and then wants a password"),
        (
            ("AuthenticationMethods publickey,keyboard-interactive", "KbdInteractiveAuthentication yes", "UsePAM yes"),
            "and then wants a second factor",
        ),
        (("PubkeyAuthentication no", "PasswordAuthentication yes"), "takes no public keys"),
    ],
)
def test_a_server_that_wants_more_than_a_key_is_told_as_such(
    desk: Desk, start_sshd: Callable[..., Any], lines: tuple[str, ...], words: str
) -> None:
    desk.server = start_sshd(*lines)
    desk.configure(f"  IdentityFile {desk.server.key}\n  IdentityAgent none\n")
    with pytest.raises(LoginRefused, match=words) as caught:
        desk.ours()
    assert "never" in caught.value.message + str(caught.value.hint)


def test_two_keys_are_given_where_two_are_wanted(desk: Desk, start_sshd: Callable[..., Any]) -> None:
    desk.server = start_sshd("AuthenticationMethods publickey,publickey")
    keys = [keygen(desk.folder / name) for name in ("one", "two")]
    desk.admit(*keys)
    desk.configure("  IdentityFile {ssh}/one\n  IdentityFile {ssh}/two\n  IdentityAgent none\n")
    assert desk.theirs()
    assert b"in\n" == desk.ours()


# --- the way there


@pytest.mark.parametrize(
    "command",
    [
        f"{shutil.which('python3')} {{relay}} %h %p",
        "ssh -F {ssh}/config -o BatchMode=yes -W '[%h]:%p' door",
        "{relay_shell} # comments are the shell's",
    ],
)
def test_a_proxy_command_carries_the_connection_and_ends_with_it(
    desk: Desk, sshd: Any, tmp_path: Path, command: str
) -> None:
    relay = tmp_path / "relay.py"
    relay.write_text(
        "import os, select, socket, sys\n"
        "far = socket.create_connection((sys.argv[1], int(sys.argv[2])))\n"
        "while True:\n"
        "    for one in select.select([0, far], [], [])[0]:\n"
        "        data = os.read(0, 65536) if one == 0 else far.recv(65536)\n"
        "        data or sys.exit()\n"
        "        far.sendall(data) if one == 0 else os.write(1, data)\n"
    )
    desk.relay = relay  # type: ignore[attr-defined]
    desk.relay_shell = f"echo hello >&2; exec python3 {relay} %h %p"  # type: ignore[attr-defined]
    door = f"Host door\n  HostName 127.0.0.1\n  Port {sshd.port}\n  User {sshd.user}\n  IdentityFile {sshd.key}\n"
    desk.configure(f"  IdentityFile {desk.server.key}\n  ProxyCommand {command}\n{door}")
    with (desk.folder / "known").open("a") as known:
        known.write(f"[127.0.0.1]:{sshd.port} {sshd.host_key}\n")
    if "relay_shell" in command:
        assert not desk.theirs()  # `exec echo` is all that OpenSSH runs of it
        with pytest.raises(TransportError, match="ProxyCommand said: hello"):
            desk.ours()
        return
    assert desk.theirs()
    before = children()
    with ssh.connect(*desk.way()) as transport:
        assert b"in\n" == transport.run(Command(("echo", "in"))).stdout
        assert 1 == len(children() - before)
    assert not children() - before


def children() -> set[int]:
    """The programs that this test's process started and that live."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = entry.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if int(parent) == os.getpid() and state != "Z":
            found.add(int(entry.parent.name))
    return found


def test_a_proxy_command_that_fails_is_told_with_its_words(desk: Desk) -> None:
    desk.configure("  ProxyCommand sh -c 'echo no way there >&2; exit 1'\n")
    with pytest.raises(Unreachable, match="ProxyCommand said: no way there"):
        desk.ours()


def test_a_chain_of_jumps_is_gone_with_each_machines_own_login(
    desk: Desk, start_sshd: Callable[..., Any], keys: dict[str, Path]
) -> None:
    first, second = start_sshd(), start_sshd()
    (first.folder / "authorized_keys").write_text((desk.folder / "one.pub").read_text())
    (second.folder / "authorized_keys").write_text((desk.folder / "two.pub").read_text())
    desk.admit(keys["good"])
    user = getpass.getuser()
    desk.configure(
        f"  ProxyJump first,{user}@127.0.0.1:{second.port}\n  IdentityFile {{ssh}}/good\n"
        f"Host first\n  HostName 127.0.0.1\n  Port {first.port}\n  User {user}\n  IdentityFile {{ssh}}/one\n"
        "Host 127.0.0.1\n  IdentityFile {ssh}/two\n"
    )
    with (desk.folder / "known").open("a") as known:
        known.writelines(f"[127.0.0.1]:{one.port} {one.host_key}\n" for one in (first, second))
    assert desk.theirs()
    assert b"in\n" == desk.ours()
    jump = f"{user}@127.0.0.1:{second.port}"
    assert b"in\n" == desk.ours(Host("box", "box", jump=jump))


def test_an_alias_names_the_key_of_a_host(desk: Desk) -> None:
    desk.configure(f"  IdentityFile {desk.server.key}\n  HostKeyAlias door\n")
    (desk.folder / "known").write_text(f"door {desk.server.host_key}\n")
    assert desk.theirs()
    assert b"in\n" == desk.ours()


def test_revoked_keys_are_not_trusted(desk: Desk) -> None:
    desk.configure(f"  IdentityFile {desk.server.key}\n  RevokedHostKeys {{ssh}}/revoked\n")
    (desk.folder / "revoked").write_text(f"{desk.server.host_key}\n")
    assert not desk.theirs()
    with pytest.raises(TransportError, match="revoked"):
        desk.ours()


# --- login shells


@pytest.fixture
def chatty(start_sshd: Callable[..., Any], tmp_path: Path) -> Callable[[str], Any]:
    """A server whose login shell is started in a home with a start-up file of its own."""

    def one(script: str) -> Any:
        shell = tmp_path / "shell"
        shell.write_text(f"#!/bin/sh\n{script}\n")
        shell.chmod(0o755)
        return start_sshd(f"ForceCommand {shell}")

    return one


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ('echo "Welcome to xen1"; eval "$SSH_ORIGINAL_COMMAND"', "prints before any command: 'Welcome to xen1'"),
        ("echo This account is currently not available.; exit 1", "runs no commands: This account is currently not"),
        ("echo 'export: Command not found.' >&2; exit 1", "runs no commands: export: Command not found"),
    ],
)
def test_a_login_shell_that_prints_or_runs_nothing_is_named_in_a_line(
    chatty: Callable[[str], Any], script: str, words: str
) -> None:
    server = chatty(script)
    with pytest.raises(CommandFailed, match=words), ssh.connect(server.host()):
        pass


def test_a_login_shell_that_warns_on_stderr_is_no_hindrance(chatty: Callable[[str], Any]) -> None:
    server = chatty('echo "setlocale: no such locale" >&2; eval "$SSH_ORIGINAL_COMMAND"')
    with ssh.connect(server.host()) as transport:
        assert b"in\n" == transport.run(Command(("echo", "in"))).stdout


def test_a_bashrc_that_greets_is_named(chatty: Callable[[str], Any], tmp_path: Path) -> None:
    (tmp_path / ".bashrc").write_text("echo 'Welcome back'\n")
    # Bash reads the file where sshd starts it as the first shell.
    server = chatty(f'exec env -u SHLVL HOME={tmp_path} bash -c "$SSH_ORIGINAL_COMMAND"')
    with pytest.raises(CommandFailed, match="prints before any command: 'Welcome back'") as caught:
        with ssh.connect(server.host()):
            pass
    assert ".bashrc" in str(caught.value.hint)
    (tmp_path / ".bashrc").write_text("[ -t 1 ] || return\necho 'Welcome back'\n")
    with ssh.connect(server.host()) as transport:
        assert b"in\n" == transport.run(Command(("echo", "in"))).stdout
