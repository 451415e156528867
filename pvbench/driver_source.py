"""Files that drivers are built of, on this machine: which they are, what identifies them, how they are copied.

They are looked for where guestside/mkbuildtree looks: where they lie in a kernel, or by themselves.
"""

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

from pvbench.model import DriverSource

KNOWN = "no xen-netfront.c, xen-blkfront.c, evtchn.c, xen-netback or xen-blkback"
_PLACES = ("", "drivers/net", "drivers/block", "drivers/xen")
_FILES = ("xen-netfront.c", "xen-blkfront.c", "xen-evtchn.c", "evtchn.c")
_FOLDERS = ("xen-netback", "netback", "xen-blkback", "blkback")
_ALONE = ("netback.c", "blkback.c")
_ARCHIVES = (".deb", ".tar", ".tar.xz", ".tar.gz", ".tar.zst", ".tar.bz2")


def is_archive(path: Path) -> bool:
    """Whether a file's name says that it is a kernel's archive or a package of one."""
    return path.is_file() and path.name.endswith(_ARCHIVES)


def files_of(folder: Path) -> tuple[Path, ...]:
    """Return the files of a folder that drivers are built of, sorted; none where it has no driver."""
    found = {path for place in _PLACES for name in _FILES if (path := folder / place / name).is_file()}
    backends = [folder / place / name for place in _PLACES for name in _FOLDERS]
    if any((folder / name).is_file() for name in _ALONE):
        backends.append(folder)
    for each in backends:
        found |= {path for path in each.glob("*.[ch]") if path.is_file() and not path.name.endswith(".mod.c")}
    return tuple(sorted(found))


def read(name: str, path: Path | None, patches: Sequence[Path]) -> DriverSource:
    """Return a source with what identifies it: the contents of its files, and of its patches in their order.

    Without a path it is the source of whichever kernel the drivers are for. Raises OSError.
    """
    state = hashlib.sha256()
    if path is None:
        state.update(b"distro")
    elif is_archive(path):
        with path.open("rb") as file:
            state.update(hashlib.file_digest(file, "sha256").digest())
    else:
        for each in files_of(path):
            state.update(f"{each.relative_to(path)}\0{hashlib.sha256(each.read_bytes()).hexdigest()}\0".encode())
    for patch in patches:
        state.update(hashlib.sha256(patch.read_bytes()).digest())
    return DriverSource(name, state.hexdigest()[:12], None if path is None else str(path), tuple(map(str, patches)))


def stage(path: Path, folder: Path, *, any_version: bool = False) -> Path:
    """Copy what is needed of a source into a new folder, and return where it lies there: a whole kernel is large.

    A folder that may be of any version leaves behind what tells its own, a kernel's Makefile.
    """
    if is_archive(path):
        folder.mkdir()
        return Path(shutil.copy(path, folder / path.name))
    copied, told = folder / "drivers", not any_version and (path / "Makefile").is_file()
    for each in (*files_of(path), *([path / "Makefile"] if told else [])):
        target = copied / each.relative_to(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(each, target)
    return copied
