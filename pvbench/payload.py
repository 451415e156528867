"""What is put on a host: files in memory, and large ones that are read as they are sent; packed as a tar."""

import hashlib
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pvbench.errors import DeployError

PIECE = 1 << 20
END = bytes(2 * tarfile.BLOCKSIZE)
"""The end of an archive, by POSIX's pax(1), "ustar Interchange Format"."""


@dataclass(frozen=True)
class File:
    """What a file holds, and its mode."""

    data: bytes
    mode: int = 0o644

    @property
    def sha256(self) -> str:
        """The digest of the contents, as hex."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return len(self.data)

    def pieces(self) -> Iterator[bytes]:
        """Yield the contents."""
        yield self.data


@dataclass(frozen=True)
class LargeFile:
    """A file of some GiB on this machine, which is never held in memory: its digest as hex, and its size in bytes."""

    path: Path
    sha256: str
    size: int
    mode: int = 0o400

    def pieces(self) -> Iterator[bytes]:
        """Yield the contents piece by piece. Raises DeployError for a file that is shorter now."""
        left = self.size
        with self.path.open("rb") as file:
            while left:
                piece = file.read(min(PIECE, left))
                if not piece:
                    raise DeployError(f"{self.path} became shorter while it was sent")
                left -= len(piece)
                yield piece


AnyFile = File | LargeFile


@dataclass(frozen=True)
class Payload:
    """Files by their relative names. Raises ValueError for a name that leads out of its folder or breaks a line."""

    files: Mapping[str, AnyFile]

    def __post_init__(self) -> None:
        for name in self.files:
            path = PurePosixPath(name)
            clean = name == str(path) and not path.is_absolute() and ".." not in path.parts and name.isprintable()
            if not clean or "\\" in name or name == ".":
                raise ValueError(f"{name!r} cannot be the name of a deployed file")

    @property
    def digest(self) -> str:
        """The digest of names, modes and contents, as hex."""
        lines = (f"{file.sha256} {file.mode:o} {name}\n" for name, file in sorted(self.files.items()))
        return hashlib.sha256("".join(lines).encode()).hexdigest()


def payload_of(folder: Path) -> Payload:
    """Read a folder's files, all levels; what Python and editors leave behind is passed over."""
    files = {}
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.is_file() and not any(part.startswith(".") or part == "__pycache__" for part in relative.parts):
            mode = 0o755 if path.stat().st_mode & 0o100 else 0o644
            files[relative.as_posix()] = File(path.read_bytes(), mode)
    return Payload(files)


def packed(files: Mapping[str, AnyFile]) -> Iterator[bytes]:
    """Yield the files as entries of a tar, in pieces; END comes after the last."""
    for path, file in files.items():
        yield _header(path, file)
        yield from file.pieces()
        yield bytes(-file.size % tarfile.BLOCKSIZE)


def packed_size(files: Mapping[str, AnyFile]) -> int:
    """Return how many bytes `packed` yields."""
    blocks = tarfile.BLOCKSIZE
    return sum(len(_header(path, file)) + -(-file.size // blocks) * blocks for path, file in files.items())


def _header(path: str, file: AnyFile) -> bytes:
    entry = tarfile.TarInfo(path)
    entry.size, entry.mode = file.size, file.mode
    return entry.tobuf(tarfile.GNU_FORMAT)
