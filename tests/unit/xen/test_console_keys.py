"""Host keys on a guest's console: whole lines of one key a type, and nothing else."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from pvbench import ssh
from pvbench.errors import BootError, HostKeyMismatch
from pvbench.transport import Command
from pvbench.xen import console_keys
from tests.hostside.test_programs import program


def public(folder: Path, name: str, *options: str) -> str:
    subprocess.run(["ssh-keygen", "-q", "-N", "", *options, "-f", folder / name], check=True)
    return (folder / f"{name}.pub").read_text().strip()


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("keys")
    return {
        "ed25519": public(folder, "ed25519", "-t", "ed25519"),
        "other": public(folder, "other", "-t", "ed25519"),
        "ecdsa": public(folder, "ecdsa", "-t", "ecdsa"),
        "rsa": public(folder, "rsa", "-t", "rsa", "-b", "2048"),
    }


def learnt(console: str) -> str | None:
    key = console_keys.shown(console, "the guest a.qcow2")
    return key and key.line


def line(key: str) -> str:
    return " ".join(key.split()[:2])


def test_what_cloud_init_prints_between_its_marks_is_learnt(keys: dict[str, str]) -> None:
    console = (
        "ci-info: | eth0 | True | 198.18.10.2 |\r\n"
        f"{keys['other']}\r\n"
        "-----BEGIN SSH HOST KEY FINGERPRINTS-----\r\n256 SHA256:abc root@debian (ED25519)\r\n"
        "-----BEGIN SSH HOST KEY KEYS-----\r\n"
        f"{keys['ecdsa']}\r\n{keys['ed25519']}\r\n"
        "-----END SSH HOST KEY KEYS-----\r\n"
    )

    assert learnt(console) == line(keys["ed25519"])


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_a_line_of_an_image_of_ones_own_is_learnt(keys: dict[str, str], kind: str) -> None:
    assert learnt(f"booting\n{keys[kind]}\n") == line(keys[kind])
    assert learnt(f"\x1b[0mbox login: {keys[kind]}\r\n") == line(keys[kind])


def test_a_line_that_is_printed_twice_is_one_key(keys: dict[str, str]) -> None:
    assert learnt(f"{keys['ed25519']}\n{keys['ed25519']}\n") == line(keys["ed25519"])


def test_two_keys_of_one_type_are_refused(keys: dict[str, str]) -> None:
    with pytest.raises(BootError, match="shows two ssh-ed25519 host keys, SHA256:"):
        learnt(f"{keys['ed25519']}\n{keys['other']}\n")


def test_what_is_not_whole_shows_nothing(keys: dict[str, str]) -> None:
    key = keys["ed25519"]
    words = key.split()
    longer = f"{words[0]} {words[1]}AAAA"
    for console in (
        "",
        key,  # without its end
        f"{key[:60]}\n",
        f"{key[:40]}[  1.5] e1000: up\n{key[40:]}\n",
        f"echo {key}\n",
        f"ssh-rsa {words[1]}\n",
        f"{longer}\n",
        f"{words[0]}  {words[1]}\n",
        "ssh-ed25519 AAAA\n",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5\n",
        "-----BEGIN SSH HOST KEY KEYS-----\n",
        f"-----BEGIN SSH HOST KEY KEYS-----\n{key}\n",  # there may be more to come
    ):
        assert learnt(console) is None, console


def test_of_a_console_without_end_only_lines_that_may_be_keys_are_handed_on(
    keys: dict[str, str], tmp_path: Path
) -> None:
    domain = program("pvb-domain")
    console = tmp_path / "pvb-a.console"
    console.write_bytes(
        b"\0" * 5000
        + b"noise\n" * 1_000_000
        + b"ssh-ed25519 AAAA"
        + b"A" * 9000
        + b"\n"
        + f"{keys['ed25519']}\r\n{keys['ecdsa']}".encode()
    )

    lines = domain.key_lines(str(console))
    assert lines == f"{keys['ed25519']}\r\n"
    assert learnt(lines) == line(keys["ed25519"])
    console.write_bytes(b"ssh-ed25519 AAAA\n" * 10_000)
    assert len(domain.key_lines(str(console)).splitlines()) == 64
    assert domain.key_lines(str(tmp_path / "none")) == ""


@pytest.mark.sshd
def test_a_learnt_key_lets_the_login_go_on_and_another_does_not(sshd: Any, keys: dict[str, str]) -> None:
    for console, expected in ((f"{sshd.host_key} root@box\n", "hello"), (f"{keys['other']}\n", "nothing was sent")):
        key = learnt(console)
        assert key is not None
        with ssh.connect(sshd.host()) as host:
            try:
                with host.hop("127.0.0.1", sshd.port, sshd.user, sshd.key.read_text(), key, 20) as guest:
                    said = guest.run(Command(("echo", "hello"))).stdout.decode()
            except HostKeyMismatch as error:
                said = str(error)
        assert expected in said
