"""Which runs there are, and which one a person means."""

import difflib
import os
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pvbench.errors import StoreError
from pvbench.model import Outcome, Purpose
from pvbench.store import codec
from pvbench.store.disk import read_bytes
from pvbench.store.fields import loads, moment

MANIFEST, JOURNAL = "manifest.json", "journal.ndjson"
MANIFEST_BYTES, JOURNAL_BYTES = 64 << 20, 1 << 30
"""Ten times what a hundred thousand trials take."""

_NO_TIME = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class RunInfo:
    """A line of `pvbench ls`. `problem` says why a folder could not be read; its counts are then None."""

    run_id: str
    path: Path
    started: str | None = None
    matrix_name: str | None = None
    hosts: tuple[str, ...] = ()
    planned: int | None = None
    outcomes: tuple[tuple[Outcome, int], ...] | None = None
    problem: str | None = None
    purpose: Purpose | None = None

    @property
    def finished(self) -> bool:
        """Whether every planned trial has a record."""
        return self.planned is not None and self.planned == sum(count for _, count in self.outcomes or ())


def runs_folder(root: Path) -> Path:
    """Return where the runs under a results folder are."""
    return root / "runs"


def runs(root: Path) -> tuple[RunInfo, ...]:
    """Return every run under a results folder, by when it began; what cannot be read comes first, with its problem."""
    return tuple(_info(path) for _, path in sorted((began(path) or _NO_TIME, path) for path in _folders(root)))


def latest(root: Path) -> Path | None:
    """Return the folder of the run that began last; None where no folder says when it did."""
    known = [(when, path) for path in _folders(root) if (when := began(path)) is not None]
    return max(known)[1] if known else None


def began(path: Path) -> datetime | None:
    """Return when a run began, by its manifest alone: a folder may be renamed. None where nothing tells."""
    try:
        return moment(loads(read_bytes(path / MANIFEST, MANIFEST_BYTES).decode()), "started")
    except (StoreError, ValueError, KeyError, TypeError):
        return None


def find(root: Path, run: str | Path) -> Path:
    """Return the folder of a run given by its id, the beginning of its id, or its path. Raises StoreError."""
    name = str(run)
    if name and os.path.isfile(os.path.join(name, MANIFEST)):  # noqa: PTH113, PTH118  Path raises for some names
        return Path(run)
    folders = _folders(root)
    exact = [path for path in folders if path.name == name]
    fitting = exact or [path for path in folders if name and path.name.startswith(name)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise StoreError(f"{name} begins several runs: {', '.join(path.name for path in fitting)}")
    if os.sep in name and os.path.isdir(name):  # noqa: PTH112
        return Path(run)  # what is wrong with it is said by whoever reads it
    near = difflib.get_close_matches(name, [path.name for path in folders], 1, 0.3) or [p.name for p in folders[-1:]]
    hint = f"the nearest is {near[0]}; `pvbench ls` lists them all" if near else "`pvbench run` makes one"
    raise StoreError(f"no run {name!r} under {runs_folder(root)}", hint=hint)


def _folders(root: Path) -> list[Path]:
    folder = runs_folder(root)
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if not entry.name.startswith("."))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except (OSError, ValueError) as error:
        raise StoreError(f"cannot read {folder}: {getattr(error, 'strerror', None) or error}") from error
    return [folder / name for name in names if os.path.isdir(folder / name)]  # noqa: PTH112


def _info(path: Path) -> RunInfo:
    try:
        manifest, plan = codec.decode_manifest(read_bytes(path / MANIFEST, MANIFEST_BYTES).decode())
        last = {}
        for number, line in enumerate(read_bytes(path / JOURNAL, JOURNAL_BYTES).split(b"\n")[:-1], 1):
            try:
                record = loads(line.decode())
                if record["id"] not in plan:
                    raise KeyError
                last[record["id"]] = Outcome(record["outcome"])
            except (ValueError, TypeError, KeyError):
                raise StoreError(f"{JOURNAL}:{number} is not a trial of this run") from None
    except (StoreError, ValueError) as error:
        return RunInfo(path.name, path, problem=str(error))
    counts = Counter(last.values())
    return RunInfo(
        path.name,
        path,
        started=manifest.started,
        matrix_name=manifest.matrix_name,
        hosts=tuple(host.name for host in manifest.hosts),
        planned=len(plan),
        outcomes=tuple((outcome, counts[outcome]) for outcome in Outcome),
        purpose=manifest.purpose,
    )
