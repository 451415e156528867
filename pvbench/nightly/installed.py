"""The files of a timer in systemd's folder: put there, and taken away again, where they are ours and of that matrix."""

from collections.abc import Sequence
from pathlib import Path

from pvbench.errors import UsageError
from pvbench.nightly.units import MARK, Timed, mark
from pvbench.store.disk import read_bytes, sync_folder, write_whole, writing

WANTED = "timers.target.wants"
_MOST_BYTES = 1 << 16


def user_folder(home: Path, configuration: str | None) -> Path:
    """Return where a user's own units lie: systemd.unit(5), "User Unit Search Path"."""
    return (Path(configuration) if configuration else home / ".config") / "systemd/user"


def install(timed: Timed, folder: Path) -> list[Path]:
    """Write the units and return them. Raises UsageError where files of that name are others'."""
    for name in timed.files:
        _check(folder / name, timed.matrix)
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    for name, text in timed.files.items():
        write_whole(folder / name, text.encode(errors="surrogateescape"))
    return [folder / name for name in timed.files]


def there(names: Sequence[str], matrix: str, folder: Path) -> list[Path]:
    """Return what `uninstall` would remove: units that are there, and the link that enables the timer."""
    present = []
    for name in names:
        _check(folder / name, matrix)
        link = folder / WANTED / name
        present += [path for path in (folder / name, link) if path.is_file() or path.is_symlink()]
    return present


def uninstall(names: Sequence[str], matrix: str, folder: Path) -> list[Path]:
    """Remove the units, and return what was removed. Raises UsageError for files that are not ours."""
    present = there(names, matrix, folder)
    for path in present:
        with writing(path):
            path.unlink()
            sync_folder(path.parent)
    return present


def _check(path: Path, matrix: str) -> None:
    if not path.exists():
        return
    first = read_bytes(path, _MOST_BYTES).decode(errors="surrogateescape").partition("\n")[0]
    if not first.startswith(MARK):
        raise UsageError(f"{path} is not of pvbench, and is left as it is", hint="rename the matrix, or that file")
    if first != mark(matrix):
        raise UsageError(
            f"{path} is of another matrix, {first.removeprefix(MARK)}, and is left as it is",
            hint="rename the matrix, or --uninstall the other first",
        )
