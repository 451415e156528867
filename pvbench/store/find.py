"""Which runs there are, and which one a person means."""

import difflib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from pvbench.errors import StoreError
from pvbench.model import Outcome
from pvbench.store import codec
from pvbench.store.disk import read_bytes
from pvbench.store.fields import loads

MANIFEST, JOURNAL = "manifest.json", "journal.ndjson"


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

    @property
    def finished(self) -> bool:
        """Whether every planned trial has a record."""
        return self.planned is not None and self.planned == sum(count for _, count in self.outcomes or ())


def runs_folder(root: Path) -> Path:
    """Return where the runs under a results folder are."""
    return root / "runs"


def runs(root: Path) -> tuple[RunInfo, ...]:
    """Return every run under a results folder, oldest first; what cannot be read is in it with its problem."""
    return tuple(_info(path) for path in _folders(root))


def find(root: Path, run: str | Path) -> Path:
    """Return the folder of a run given by its id, the beginning of its id, or its path. Raises StoreError."""
    name = str(run)
    if name and (Path(run) / MANIFEST).is_file():
        return Path(run)
    folders = _folders(root)
    exact = [path for path in folders if path.name == name]
    fitting = exact or [path for path in folders if name and path.name.startswith(name)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise StoreError(f"{name} begins several runs: {', '.join(path.name for path in fitting)}")
    near = difflib.get_close_matches(name, [path.name for path in folders], 1, 0.3) or [p.name for p in folders[-1:]]
    hint = f"the nearest is {near[0]}; `pvbench ls` lists them all" if near else "`pvbench run` makes one"
    raise StoreError(f"no run {name!r} under {runs_folder(root)}", hint=hint)


def _folders(root: Path) -> list[Path]:
    folder = runs_folder(root)
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def _info(path: Path) -> RunInfo:
    try:
        manifest, plan = codec.decode_manifest(read_bytes(path / MANIFEST).decode())
        last = {}
        for number, line in enumerate(read_bytes(path / JOURNAL).split(b"\n")[:-1], 1):
            try:
                record = loads(line.decode())
                last[record["id"]] = Outcome(record["outcome"])
            except (ValueError, TypeError, KeyError):
                raise StoreError(f"{JOURNAL}:{number} is not a trial") from None
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
    )
