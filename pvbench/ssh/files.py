"""Whole files over SSH: by the server's file service where it has one, else through the shell's own `cat`."""

import posixpath
import secrets
import stat
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from pvbench.errors import CommandFailed
from pvbench.transport import MOST_FILE_BYTES, Command, CommandResult

if TYPE_CHECKING:
    from pvbench.ssh.wire import SFTPClient

# Under `sh -c`: $1 is the file, $2 its mode, $3 the temporary name beside it. `sync` on a file is flushing just that.
_PUT = (
    'if [ -d "$1" ]; then echo "it is a folder" >&2; exit 1; fi; '
    "umask 077; trap 'rm -f -- \"$3\"' EXIT; "
    'cat > "$3" && chmod -- "$2" "$3" && { sync "$3" 2>/dev/null || sync; } && mv -f -- "$3" "$1"'
)
_GET = 'exec cat < "$1"'

Run = Callable[[Command], CommandResult]


def put(sftp: "SFTPClient", name: str, data: bytes, path: str, mode: int) -> None:
    """Write a file whole by SFTP. Raises CommandFailed when the machine refuses, and what a lost connection raises."""
    part = _beside(path)
    try:
        with sftp.open(part, "wx") as file:
            file.set_pipelined(True)
            file.chmod(mode & 0o700)
            file.write(data)
        if sftp.stat(part).st_size != len(data):
            raise OSError("it was not written whole")
        sftp.chmod(part, mode)
        sftp.posix_rename(part, path)
    except OSError as error:
        _pass_on_loss(sftp, error)
        with suppress(OSError, EOFError):
            sftp.remove(part)
        raise _refused(name, "write", path, error) from error


def get(sftp: "SFTPClient", name: str, path: str) -> bytes:
    """Read a file whole by SFTP. Raises as `put`."""
    try:
        with sftp.open(path, "r") as file:
            facts = file.stat()
            if (facts.st_size or 0) > MOST_FILE_BYTES:
                raise _too_large(name, path)
            # Files of /proc and /sys claim no size, or one that is not true: only reading tells.
            if facts.st_size and facts.st_mode is not None and stat.S_ISREG(facts.st_mode):
                file.prefetch(facts.st_size)
            data = file.read(MOST_FILE_BYTES + 1)
    except OSError as error:
        _pass_on_loss(sftp, error)
        raise _refused(name, "read", path, error) from error
    if len(data) > MOST_FILE_BYTES:
        raise _too_large(name, path)
    return data


def put_by_shell(run: Run, name: str, data: bytes, path: str, mode: int, timeout_s: float) -> None:
    """Write a file whole through `cat`. Raises CommandFailed, Unreachable or CommandTimeout."""
    words = ("sh", "-c", _PUT, "pvbench-put", path, f"{mode:o}", _beside(path))
    _done(run(Command(words, data, timeout_s)), name, "write", path)


def get_by_shell(run: Run, name: str, path: str, timeout_s: float) -> bytes:
    """Read a file whole through `cat`. Raises as `put_by_shell`."""
    command = Command(("sh", "-c", _GET, "pvbench-get", path), timeout_s=timeout_s, most_bytes=MOST_FILE_BYTES)
    return _done(run(command), name, "read", path).stdout


def _pass_on_loss(sftp: "SFTPClient", error: OSError) -> None:
    channel = sftp.get_channel()
    if isinstance(error, TimeoutError) or channel is None or channel.closed:
        raise error


def _beside(path: str) -> str:
    folder, base = posixpath.split(path)
    return posixpath.join(folder, f".{base}.{secrets.token_hex(4)}.part")


def _done(result: CommandResult, name: str, what: str, path: str) -> CommandResult:
    if result.exit_code != 0:
        said = " ".join(result.stderr.decode(errors="replace").split())
        raise CommandFailed(
            f"{name}: cannot {what} {path}: {said or f'exit code {result.exit_code}'}", hint=_next_step(path)
        )
    return result


def _refused(name: str, what: str, path: str, error: OSError) -> CommandFailed:
    reason = error.strerror or str(error)
    if reason == "Failure":  # all that SFTP's protocol 3 has for most causes
        reason = "the server gives no reason; most often the disk is full or a name is taken by a folder"
    return CommandFailed(f"{name}: cannot {what} {path}: {reason}", hint=_next_step(path))


def _too_large(name: str, path: str) -> CommandFailed:
    return CommandFailed(f"{name}: {path} is larger than {MOST_FILE_BYTES >> 20} MiB and was not fetched")


def _next_step(path: str) -> str:
    folder = posixpath.dirname(path) or "."
    return f"`ls -ld {folder}; df -h {folder}` on the machine shows who may write there and the space left"
