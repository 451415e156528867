"""One run's folder: its manifest, its journal, its raw outputs. One controller writes; anybody reads."""

import os
import re
import shutil
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from pvbench.errors import StoreError
from pvbench.model import Cell, Outcome, RawFile, Trial, TrialSpec
from pvbench.store import codec
from pvbench.store.disk import Journal, read_bytes, sync_folder, write_whole, writing
from pvbench.store.fields import uncollected
from pvbench.store.find import JOURNAL, MANIFEST, find, runs_folder
from pvbench.store.manifest import Manifest

if TYPE_CHECKING:
    from filelock import BaseFileLock

PARQUET = "trials.parquet"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class SampleKey(NamedTuple):
    """One metric of one device in one comparison (`Cell.comparison`)."""

    comparison: str
    device: str
    metric: str


class Store:
    """A run's folder. A context manager: leaving it lets another controller write."""

    def __init__(self, path: Path, manifest: Manifest, plan: Mapping[str, TrialSpec]) -> None:
        """Use `create` or `open`."""
        self.path, self.manifest, self._plan = path, manifest, plan
        self._lock: BaseFileLock | None = None
        self._journal: Journal | None = None

    @classmethod
    def create(cls, root: Path, manifest: Manifest) -> Self:
        """Begin a run under `root`/runs, for writing. The folder appears whole or not at all."""
        path = runs_folder(root) / manifest.run_id
        if path.exists():
            raise StoreError(f"{path} exists already", hint="`pvbench run --resume` goes on with a run")
        if not _NAME.fullmatch(manifest.run_id):
            raise StoreError(f"{manifest.run_id!r} is not fit for the name of a folder")
        being_made = path.with_name(f".{path.name}.{os.getpid()}.new")
        try:
            with writing(path):
                (being_made / "raw").mkdir(parents=True)
                (being_made / JOURNAL).touch()
            write_whole(being_made / MANIFEST, codec.encode_manifest(manifest).encode(errors="backslashreplace"))
            with writing(path):
                being_made.rename(path)
                sync_folder(path.parent)
        except StoreError:
            shutil.rmtree(being_made, ignore_errors=True)
            raise
        return cls._read(path)._for_writing()

    @classmethod
    def open(cls, root: Path, run: str | Path, *, write: bool = False) -> Self:
        """Open a run by its id, the beginning of its id, or its path; with `write`, as the only writer.

        Raises StoreError where there is none, several, one of another schema, or another writer.
        """
        store = cls._read(find(root, run))
        return store._for_writing() if write else store

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Let another controller write. Reading goes on."""
        if self._journal is not None and self._lock is not None:
            self._journal.close()
            self._lock.release()
            self._journal = self._lock = None

    @cached_property
    def torn_bytes(self) -> int:
        """How much of an unfinished last line a crash had left in the journal when it was opened; not a trial."""
        content = read_bytes(self.path / JOURNAL)
        return len(content) - content.rfind(b"\n") - 1

    def append(self, trial: Trial) -> None:
        """Add a trial to the journal; it is on disk on return. Raises DiskFull, with the journal as it was before."""
        journal = self._writable()
        if self._plan.get(trial.spec.id) != trial.spec:
            raise StoreError(f"trial {trial.spec.id} is not in the plan of {self.manifest.run_id}")
        journal.append(codec.encode_trial(trial))

    def keep(self, trial_id: str, name: str, data: bytes) -> RawFile:
        """Store a tool's output verbatim. What an earlier attempt kept stays: the next one is name.2.suffix."""
        self._writable()
        if not (_NAME.fullmatch(trial_id) and _NAME.fullmatch(name)):
            raise StoreError(f"{trial_id}/{name} is not fit for the name of a file")
        folder, found = self.path / "raw" / trial_id, sha256(data).hexdigest()
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
        path, attempt = folder / name, 1
        while path.exists():
            attempt += 1
            path = folder / f"{Path(name).stem}.{attempt}{Path(name).suffix}"
        write_whole(path, data)
        return RawFile(path.relative_to(self.path).as_posix(), found, len(data))

    def raw(self, file: RawFile) -> bytes:
        """Return a kept output. Raises StoreError if it is not what was kept."""
        path = self.path / file.path
        if not path.resolve().is_relative_to((self.path / "raw").resolve()):
            raise StoreError(f"{file.path} is not among the raw outputs of {self.path}")
        data = read_bytes(path)
        if sha256(data).hexdigest() != file.sha256:
            raise StoreError(f"{path} was altered: its SHA-256 is not the recorded one")
        return data

    def records(self) -> tuple[Trial, ...]:
        """Return every trial in the journal, in the order they were made, re-measured ones included."""
        return tuple(trial for _, trial in self._lines())

    def earlier(self) -> tuple[Trial, ...]:
        """Return the records of trials that were made again later: rows, and no figures."""
        lines = self._lines()
        last = {name: number for number, (name, _) in enumerate(lines)}
        return tuple(trial for number, (name, trial) in enumerate(lines) if last[name] != number)

    def trials(self) -> tuple[Trial, ...]:
        """Return the last record of each trial, in the order of their first."""
        return tuple(dict(self._lines()).values())

    def finished_ids(self) -> frozenset[str]:
        """Return the ids of the trials that need not be made again: those whose last record is OK or INVALID."""
        last = dict(self._lines())
        return frozenset(name for name, trial in last.items() if trial.outcome is not Outcome.NOT_MEASURED)

    def samples(self) -> dict[SampleKey, tuple[tuple[int, float], ...]]:
        """Return the (block, value) pairs of every metric, in block order; only OK trials have any, twins are none."""
        comparisons: dict[Cell, str] = {}
        found: dict[SampleKey, list[tuple[int, float]]] = defaultdict(list)
        for trial in self.trials():
            cell = trial.spec.cell
            if trial.spec.twin:
                continue
            if cell not in comparisons:
                comparisons[cell] = cell.comparison
            for reading in trial.readings:
                found[SampleKey(comparisons[cell], cell.device, reading.metric)].append(
                    (trial.spec.block, reading.value)
                )
        return {key: tuple(sorted(values)) for key, values in found.items()}

    def export_parquet(self) -> Path:
        """Write trials.parquet, derived from the journal: a row a reading, and a row a trial without any."""
        from pvbench.store.parquet import encode  # pyarrow takes longer to import than most verbs to run

        write_whole(self.path / PARQUET, encode(self.manifest.run_id, self.trials()))
        return self.path / PARQUET

    @classmethod
    def _read(cls, path: Path) -> Self:
        try:
            with uncollected():
                manifest, plan = codec.decode_manifest(read_bytes(path / MANIFEST).decode())
        except ValueError as error:
            raise StoreError(f"{path / MANIFEST}: {error}") from error
        return cls(path, manifest, plan)

    def _for_writing(self) -> Self:
        from filelock import FileLock, Timeout  # only a controller needs it

        lock = FileLock(self.path / ".lock", timeout=0)
        try:
            with writing(self.path / ".lock"):
                try:
                    lock.acquire()
                except Timeout:
                    hint = "wait until it ends, or end it"
                    raise StoreError(f"another controller is writing to {self.path}", hint=hint) from None
            self._journal = Journal(self.path / JOURNAL)
            for half_written in self.path.rglob(".*.new"):  # by a controller that was killed
                half_written.unlink()
        except BaseException:
            with suppress(OSError):
                lock.release()
            raise
        self._lock, self.torn_bytes = lock, self._journal.torn_bytes
        return self

    def _writable(self) -> Journal:
        if self._journal is None:
            raise StoreError(f"{self.path} is open for reading only")
        return self._journal

    def _lines(self) -> list[tuple[str, Trial]]:
        path, encoded = self.path / JOURNAL, {}
        cells: dict[Cell, dict[str, Any]] = {}
        for name, spec in self._plan.items():
            cell = cells.get(spec.cell)
            if cell is None:
                cell = cells[spec.cell] = codec.encode_cell(spec.cell)
            encoded[name] = codec.encode_spec(spec, cell)
        lines, found = read_bytes(path).split(b"\n"), []
        with uncollected():
            for number, line in enumerate(lines[:-1], 1):  # after the last end of line: a torn one, or nothing
                try:
                    found.append(codec.decode_trial(line.decode(), self._plan, encoded))
                except (ValueError, RecursionError) as error:
                    raise StoreError(f"{path}:{number}: {error}") from error
        return found
