"""One run's folder: its manifest, its journal, its raw outputs. One controller writes; anybody reads."""

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pvbench.errors import StoreError
from pvbench.model import Outcome, RawFile, Trial, TrialSpec
from pvbench.store import codec, kept
from pvbench.store.disk import Journal, claimed, read_bytes, read_lines, sync_folder, write_whole, writing
from pvbench.store.fields import FILE_NAME, uncollected
from pvbench.store.find import JOURNAL, JOURNAL_BYTES, MANIFEST, MANIFEST_BYTES, find, runs_folder
from pvbench.store.manifest import Manifest

if TYPE_CHECKING:
    from filelock import BaseFileLock

PARQUET = "trials.parquet"


class Store:
    """A run's folder. A context manager: leaving it lets another controller write."""

    def __init__(self, path: Path, manifest: Manifest, plan: Mapping[str, TrialSpec]) -> None:
        """Use `create` or `open`."""
        self.path, self.manifest, self._plan = path, manifest, plan
        self._lock: BaseFileLock | None = None
        self._journal: Journal | None = None
        self._decoded: tuple[tuple[int, ...], list[tuple[str, Trial]]] | None = None

    @classmethod
    def create(cls, root: Path, manifest: Manifest) -> Self:
        """Begin a run under `root`/runs, for writing. The folder appears whole or not at all."""
        path = runs_folder(root) / manifest.run_id
        if os.path.lexists(path):
            raise StoreError(f"{path} exists already", hint="`pvbench run --resume` goes on with a run")
        if not FILE_NAME.fullmatch(manifest.run_id):
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
        if self._lock is not None:
            self._lock.release()
        self._journal = self._lock = None

    @cached_property
    def torn_bytes(self) -> int:
        """How much of an unfinished last line a crash had left in the journal when it was opened; not a trial."""
        content = read_bytes(self.path / JOURNAL, JOURNAL_BYTES)
        return len(content) - content.rfind(b"\n") - 1

    def append(self, trial: Trial) -> None:
        """Add a trial to the journal; it is on disk on return. Raises DiskFull, with the journal as it was before.

        One with a figure that no reader would take (not finite, a negative count) is kept as not measured, and says so.
        """
        journal = self._writable()
        if self._plan.get(trial.spec.id) != trial.spec:
            raise StoreError(f"trial {trial.spec.id} is not in the plan of {self.manifest.run_id}")
        journal.append(self._line(trial))

    def keep(self, trial_id: str, name: str, data: bytes) -> RawFile:
        """Store a tool's output verbatim. What an earlier attempt kept stays: the next one is name.2.suffix."""
        self._writable()
        if not (FILE_NAME.fullmatch(trial_id) and FILE_NAME.fullmatch(name)):
            raise StoreError(f"{trial_id}/{name} is not fit for the name of a file")
        folder, found = self.path / "raw" / trial_id, sha256(data).hexdigest()
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
        path, attempt = folder / name, 1
        with writing(folder):
            while not claimed(path):
                attempt += 1
                path = folder / f"{Path(name).stem}.{attempt}{Path(name).suffix}"
        try:
            write_whole(path, data)
        except StoreError:
            with suppress(OSError):
                path.unlink()
            raise
        return RawFile(path.relative_to(self.path).as_posix(), found, len(data))

    def raw(self, file: RawFile) -> bytes:
        """Return a kept output. Raises StoreError if it is not what was kept."""
        return kept.read(self.path, file)

    def altered(self) -> tuple[str, ...]:
        """Return what is wrong with the kept outputs, a line each; every one is read again."""
        return kept.problems(self.path, (file for trial in self.records() for file in trial.raw))

    def records(self) -> tuple[Trial, ...]:
        """Return every trial in the journal, in the order they were made, re-measured ones included."""
        return tuple(trial for _, trial in self._lines())

    def earlier(self) -> tuple[Trial, ...]:
        """Return the records of trials that were made again later: rows, and no figures.

        One that was recorded once more as a whole, when its pass under a trace was made, is not among them.
        """
        made = {(name, trial.started, trial.booted, trial.attempt): trial for name, trial in self._lines()}
        last = {name: trial for (name, *_), trial in made.items()}
        return tuple(trial for (name, *_), trial in made.items() if last[name] is not trial)

    def trials(self) -> tuple[Trial, ...]:
        """Return the last record of each trial, in the order of their first."""
        return tuple(dict(self._lines()).values())

    def finished_ids(self) -> frozenset[str]:
        """Return the ids of the trials that need not be made again: those whose last record is OK or INVALID."""
        last = dict(self._lines())
        return frozenset(name for name, trial in last.items() if trial.outcome is not Outcome.NOT_MEASURED)

    def export_parquet(self) -> Path:
        """Write trials.parquet, derived from the journal: a row a reading, and a row a trial without any."""
        from pvbench.store.parquet import encode  # pyarrow takes longer to import than most verbs to run

        write_whole(self.path / PARQUET, encode(self.manifest, self.trials()))
        return self.path / PARQUET

    @classmethod
    def _read(cls, path: Path) -> Self:
        try:
            with uncollected():
                manifest, plan = codec.decode_manifest(read_bytes(path / MANIFEST, MANIFEST_BYTES).decode())
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
                except NotImplementedError:
                    pass  # a disk that knows no locks: the journal finds another writer by what it holds
            for name in (JOURNAL, "raw"):
                if (self.path / name).is_symlink():
                    raise StoreError(f"{self.path / name} is a symbolic link; a run is written where it stands")
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

    def _line(self, trial: Trial) -> str:
        """Return a trial's line in the journal, which can be read again."""
        try:
            line = codec.encode_trial(trial)
            codec.decode_trial(line, self._plan, self._encoded)
        except ValueError as error:
            reason = f"what was measured cannot be kept: {error}"
            return codec.encode_trial(Trial(trial.spec, Outcome.NOT_MEASURED, reason, trial.started))
        return line

    @cached_property
    def _encoded(self) -> dict[str, dict[str, Any]]:
        """Each planned trial's `spec` as it must stand in its line."""
        cells = {cell: codec.encode_cell(cell) for cell in dict.fromkeys(spec.cell for spec in self._plan.values())}
        return {name: codec.encode_spec(spec, cells[spec.cell]) for name, spec in self._plan.items()}

    def _lines(self) -> list[tuple[str, Trial]]:
        """Return the journal's trials by id; as long as the file stays what it was they are decoded once."""
        state = _state(self.path / JOURNAL)
        if self._decoded is None or self._decoded[0] != state:
            self._decoded = state, self._decode()
        return self._decoded[1]

    def _decode(self) -> list[tuple[str, Trial]]:
        path = self.path / JOURNAL
        found = []
        with uncollected():
            for number, line in enumerate(read_lines(path, JOURNAL_BYTES), 1):
                if not line.endswith(b"\n"):  # a torn one
                    break
                try:
                    found.append(codec.decode_trial(line[:-1].decode(), self._plan, self._encoded))
                except ValueError as error:
                    raise StoreError(f"{path}:{number}: {error}") from error
        return found


def _state(path: Path) -> tuple[int, ...]:
    """Return what differs once a file was written to; whatever is wrong with it is told by who reads it."""
    try:
        there = path.stat()
    except OSError:
        return ()
    return there.st_dev, there.st_ino, there.st_size, there.st_mtime_ns
