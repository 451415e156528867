"""Files in place on a host, by digest: what is there and whole is left alone, the rest is sent in one go.

Everything lies in folders named by the digest of what they hold, under one root. Whether a folder is whole is decided
by the digests of its files, never by a marker, so a killed upload, a changed file and a cleaned disk look the same. A
check is one remote command and an upload is another, for each costs a second on a host under software emulation.

The check is hostside/pvb-claim, handed to the host's shell as text, for nothing may be written into a scratch folder,
that program included, before it has found the folder to be ours alone.
"""

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from pvbench import shipped
from pvbench.errors import CommandTimeout, DeployError
from pvbench.payload import END, AnyFile, File, LargeFile, Payload, packed, packed_size, payload_of
from pvbench.progress import Update, Watch, unwatched
from pvbench.transport import Command, CommandResult, Transport

__all__ = ["File", "LargeFile", "Payload", "deploy", "deploy_files", "payload_of", "place_of"]

_DIGEST_CHARS = 16
_MEND = "mend: "
_LARGE, _KEPT = 64 << 20, 256 << 20
"""Of what is larger so much must stay free beside it: whoever else lives there needs room for logs."""
# $1 is the root, $2 a new name in it, $3 how many KiB must be free, the others are the folders to renew; nothing is
# written where they are not. stdin is a tar of what was not whole, with
# the `sha256sum` lines of everything as $2/.digests. Whole files of a folder are linked, not copied; the renewed folder
# takes the old one's place when all of it is proved.
_UPLOAD = """
export LC_ALL=C; umask 077; set -e
cd -- "$1"; part=$2; needed=$3; shift 3
free=$(df -Pk . | tail -n 1 | tr -s ' ' | cut -d ' ' -f 4)
case $free in
'' | *[!0-9]*) ;;
*) [ "$free" -ge "$needed" ] || { echo "no space left: $needed KiB are needed, $free are free" >&2; exit 1; } ;;
esac
find . -maxdepth 1 -name '.part-*' -mmin +60 -exec rm -rf -- {} +
trap 'rm -rf -- "$part"' EXIT
mkdir -- "$part"
for folder; do [ ! -d "$folder" ] || cp -al -- "$folder" "$part/"; done
tar -xpof - -C "$part"
(cd -- "$part" && sha256sum -c .digests >/dev/null)
for folder; do
  [ ! -e "$folder" ] || mv -- "$folder" "$part/.old-$folder"
  mv -- "$part/$folder" "$folder"
done
"""

_NEXT_STEPS = (
    ("no space left", "free some space there, or set `scratch:` to a folder on a larger disk in hosts.yaml"),
    ("disk quota", "free some space there, or set `scratch:` to a folder on a larger disk in hosts.yaml"),
    ("read-only", "set `scratch:` to a folder on a writable disk in hosts.yaml"),
    ("permission denied", "give the user write permission there, or set `scratch:` to another folder in hosts.yaml"),
    ("did not match", "the file changed while it was sent, or the way to the host spoils data: try again"),
    ("unexpected eof", "the file became shorter while it was sent, or the connection was lost: try again"),
    ("not found", "the host needs sh, tar, find, stat and sha256sum (coreutils)"),
)


def deploy(transport: Transport, payload: Payload, scratch: str, folder: str, *, timeout_s: float = 120.0) -> str:
    """Put the payload's files into one folder under `scratch`/`folder` on the host and return that folder.

    The scratch folder is made, or taken if it is empty, and marked. Raises DeployError when it is not ours alone or has
    no room for the files, and what the transport raises.
    """
    top = payload.digest[:_DIGEST_CHARS]
    _place(transport, {f"{top}/{name}": file for name, file in payload.files.items()}, scratch, folder, timeout_s)
    return f"{scratch.rstrip('/')}/{folder}/{top}"


def deploy_files(
    transport: Transport,
    files: Mapping[str, AnyFile],
    scratch: str,
    folder: str,
    *,
    timeout_s: float = 300.0,
    watch: Watch = unwatched,
) -> dict[str, str]:
    """Put big files, each into a folder of its own, so that a change of one sends only that one. Raises as `deploy`.

    Returns the remote path of each name. `watch` is told of what is sent in pieces.
    """
    placed = {name: place_of(name, file) for name, file in Payload(files).files.items()}
    _place(transport, {placed[name]: file for name, file in files.items()}, scratch, folder, timeout_s, watch)
    return {name: f"{scratch.rstrip('/')}/{folder}/{path}" for name, path in placed.items()}


def place_of(name: str, file: AnyFile) -> str:
    """Return where `deploy_files` puts a file, below its folder."""
    return f"{file.sha256[:_DIGEST_CHARS]}/{name}"


def _place(
    transport: Transport,
    wanted: Mapping[str, AnyFile],
    scratch: str,
    folder: str,
    timeout_s: float,
    watch: Watch = unwatched,
) -> None:
    whole = _whole(transport, wanted, scratch, folder, timeout_s)
    missing = {path: file for path, file in wanted.items() if path not in whole}
    if not missing:
        return
    folders = sorted({path.partition("/")[0] for path in missing})
    proved = "".join(
        f"{file.sha256}  {path}\n" for path, file in wanted.items() if path.partition("/")[0] in folders
    ).encode()
    large = {path: file for path, file in missing.items() if isinstance(file, LargeFile)}
    small = {path: file for path, file in missing.items() if path not in large}
    first = b"".join(packed({**small, ".digests": File(proved)}))
    size = len(first) + packed_size(large) + len(END)
    needed = size + (_KEPT if size > _LARGE else 0)
    part = f".part-{secrets.token_hex(4)}"
    place = f"{scratch.rstrip('/')}/{folder}"
    upload = ("sh", "-c", _UPLOAD, "pvbench-upload", place, part, str(-(-needed // 1024)), *folders)
    what = f"did not take {size / 1e6:.1f} MB"
    if not large:
        _done(transport, Command(upload, first + END, timeout_s), scratch, what)
        return
    names = ", ".join(path.rpartition("/")[2] for path in large)
    with watch(f"{transport.name}: sending {names}") as update:
        _done(transport, Command(upload, first, timeout_s, more=_Sent(large, update)), scratch, what)


def _whole(
    transport: Transport, wanted: Mapping[str, AnyFile], scratch: str, folder: str, timeout_s: float
) -> frozenset[str]:
    """Return which files are there and whole; claim the scratch folder. Raises DeployError."""
    digests = "".join(f"{file.sha256}  {path}\n" for path, file in wanted.items()).encode()
    executable = [path for path, file in wanted.items() if file.mode & 0o100]
    claim = (shipped.folder("hostside") / "pvb-claim").read_text()
    check = ("sh", "-c", claim, "pvb-claim", scratch.rstrip("/"), folder, *executable)
    checked = _done(transport, Command(check, digests, timeout_s), scratch, "cannot be used")
    lines = checked.stdout.decode(errors="replace").splitlines()
    whole = {line.removesuffix(": OK") for line in lines if line.endswith(": OK")}
    return frozenset(
        whole - {line.removesuffix(": not executable") for line in lines if line.endswith(": not executable")}
    )


@dataclass(frozen=True)
class _Sent:
    """The rest of an archive, made as it is sent; `update` is told how far it has come."""

    files: Mapping[str, LargeFile]
    update: Update

    def __iter__(self) -> Iterator[bytes]:
        done, total = 0, packed_size(self.files) + len(END)
        for piece in chain(packed(self.files), (END,)):
            yield piece
            done += len(piece)
            self.update(done, total)


def _done(transport: Transport, command: Command, scratch: str, what: str) -> CommandResult:
    try:
        result = transport.run(command)
    except CommandTimeout as error:
        raise DeployError(
            f"{transport.name}: {scratch} {what} within {command.timeout_s:g} s",
            hint=f"`df -h {scratch}` and `uptime` on the host show whether its disk or its processor is the reason",
        ) from error
    if result.exit_code == 0:
        return result
    said = [line.strip() for line in result.stderr.decode(errors="replace").splitlines() if line.strip()]
    # What a full disk or a missing permission says comes first; tar and sha256sum then complain about the consequences.
    mend = next((line.removeprefix(_MEND) for line in said if line.startswith(_MEND)), None)
    if mend is not None:
        raise DeployError(
            f"{transport.name}: {scratch} {what}: {said[0]}",
            hint=f"{mend}; or set `scratch:` to another folder in hosts.yaml",
        )
    telling = next((line for line in said for mark, _ in _NEXT_STEPS if mark in line.lower()), said[-1] if said else "")
    hint = next((step for mark, step in _NEXT_STEPS if mark in telling.lower()), None)
    raise DeployError(
        f"{transport.name}: {scratch} {what}: {telling or f'exit code {result.exit_code}'}",
        hint=hint or f"`ls -ld {scratch}; df -h {scratch}` on the host shows who may write there and the space left",
    )
