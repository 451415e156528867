"""A real OpenSSH sshd on loopback, run as whoever runs the tests, on a free port, with keys of its own."""

import getpass
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pvbench import ssh
from pvbench.inventory import Host

INSTALL = "apt-get install openssh-server openssh-client"


def keygen(path: Path, *options: str, passphrase: str = "") -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", path, *options], check=True)
    return path


@dataclass
class Sshd:
    folder: Path
    port: int
    process: subprocess.Popen[bytes]
    address: str = "127.0.0.1"
    user: str = field(default_factory=getpass.getuser)

    @property
    def key(self) -> Path:
        return self.folder / "id"

    @property
    def host_key(self) -> str:
        return " ".join((self.folder / "host.pub").read_text().split()[:2])

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def host(self, **other: str | int | None) -> Host:
        facts: dict[str, str | int | None] = {
            "name": "loop",
            "address": self.address,
            "port": self.port,
            "user": self.user,
            "key": str(self.key),
            "host_key": self.host_key,
        }
        return Host(**(facts | other))  # type: ignore[arg-type]

    def step(
        self, *, known_hosts: Sequence[Path] = (), keys: Path | None = None, **other: str | int | None
    ) -> ssh.Step:
        agent = os.environ.get("SSH_AUTH_SOCK")
        return ssh.direct(self.host(**other), known_hosts=known_hosts, keys=keys, agent=agent)

    def sessions(self) -> list[int]:
        """The processes sshd started, all generations."""
        parents: dict[int, list[int]] = {}
        for entry in Path("/proc").glob("[0-9]*/stat"):
            try:
                rest = entry.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents.setdefault(int(rest[1]), []).append(int(entry.parent.name))
        found, todo = [], [self.process.pid]
        while todo:
            children = parents.get(todo.pop(), [])
            found += children
            todo += children
        return found

    def signal_sessions(self, number: signal.Signals) -> None:
        for pid in self.sessions():
            with_it = Path(f"/proc/{pid}/comm")
            if with_it.exists() and with_it.read_text().startswith("sshd"):
                os.kill(pid, number)

    def stop(self) -> None:
        for pid in self.sessions():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.kill()
        self.process.wait()


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def start(folder: Path, *lines: str, address: str = "127.0.0.1", within: tuple[str, ...] = ()) -> Sshd:
    """Start a server; `within` is the command that puts it into a network of its own, where `address` is."""
    program = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if program is None:
        pytest.fail(f"these tests need a real sshd: {INSTALL}", pytrace=False)
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # sshd's privilege separation wants it; a package makes it
    keygen(folder / "host")
    keygen(folder / "id")
    shutil.copy(folder / "id.pub", folder / "authorized_keys")
    port = free_port()
    config = folder / "config"
    quick = "SetEnv SHLVL=1"  # bash under sshd reads ~/.bashrc only as the first shell; what stands there is not ours
    config.write_text(
        "\n".join(
            [
                *lines,  # the first value counts
                f"Port {port}",
                f"ListenAddress {address}",
                f"HostKey {folder}/host",
                f"PidFile {folder}/pid",
                f"AuthorizedKeysFile {folder}/authorized_keys",
                "StrictModes no",
                "UsePAM no",
                "PermitRootLogin yes",
                "PasswordAuthentication no",
                "KbdInteractiveAuthentication no",
                "LogLevel VERBOSE",
                quick,
                "",
            ]
        )
    )
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*within, program, "-D", "-e", "-f", config], stderr=log, stdin=subprocess.DEVNULL)
    server = Sshd(folder, port, process, address)
    for _ in range(200):
        with socket.socket() as sock:
            if sock.connect_ex((address, port)) == 0:
                return server
        if process.poll() is not None:
            break
        time.sleep(0.02)
    server.stop()
    pytest.fail(f"sshd did not start: {server.log}", pytrace=False)


@pytest.fixture(scope="module")
def start_sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Sshd]]:
    """Start a server with further configuration lines; it ends with the module's tests."""
    servers: list[Sshd] = []

    def one(*lines: str) -> Sshd:
        servers.append(start(tmp_path_factory.mktemp("sshd"), *lines))
        return servers[-1]

    yield one
    for server in servers:
        server.stop()


@pytest.fixture(scope="module")
def sshd(start_sshd: Callable[..., Sshd]) -> Sshd:
    """A server with a file service."""
    return start_sshd("Subsystem sftp internal-sftp")


@pytest.fixture(scope="module")
def plain_sshd(start_sshd: Callable[..., Sshd]) -> Sshd:
    """A server without a file service, as the guest's."""
    return start_sshd()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB: the full disk is a real one."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root may mount a tmpfs")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)
