"""What was read of a history's files, kept on this machine so that only new files are read. It may go at any time."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, astuple
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from platformdirs import user_cache_path

from pvbench.errors import StoreError
from pvbench.history.gathered import COLUMNS, Gathered, Run
from pvbench.history.nouns import SeriesKey, Side
from pvbench.history.place import Entry
from pvbench.history.record import night_from
from pvbench.model import digest
from pvbench.store.disk import read_bytes, write_whole

FOLDER = "PVBENCH_HISTORY_CACHE"
"""The environment variable that names another folder to keep it in; set, and empty: nothing is kept."""
FORM = 1
"""Counted up with every change of what is kept; another form is read by nobody."""
SAID = b"pvbench.history.cache"
WORTH = 8
"""A history of fewer runs is read as fast without."""


def usual_folder() -> Path | None:
    """Return where caches are kept; None where they are not wanted."""
    named = os.environ.get(FOLDER)
    if named is None:
        return user_cache_path("pvbench") / "histories"
    return Path(named) if named else None


class Cache:
    """The cache of the history at a place. One that is torn, of another form or of another place is none."""

    def __init__(self, folder: Path, place: str) -> None:
        """Take the folder of all caches, and the place as a whole path or address."""
        self.path, self._place = folder / f"{digest(place, 32)}.arrow", place

    def read(self) -> Gathered:
        """Return the runs that are kept, none where there is nothing whole."""
        with suppress(StoreError, ValueError, KeyError, TypeError, IndexError, pa.ArrowException):
            return decode(read_bytes(self.path), self._place)
        return Gathered()

    def write(self, runs: Gathered) -> None:
        """Keep these runs instead, if there are enough; where that cannot be, nothing is kept."""
        if len(runs.runs) < WORTH:
            return
        with suppress(StoreError, OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self.path, encode(runs, self._place))


def encode(runs: Gathered, place: str) -> bytes:
    """Return the file of a cache: the digest of all that follows, and an Arrow stream of the points."""
    said = {
        "form": FORM,
        "place": place,
        "runs": [
            {"entry": astuple(run.entry), "night": asdict(run.night), "content": run.content} for run in runs.runs
        ],
        "keys": [astuple(key) for key in runs.keys],
        "texts": runs.texts,
    }
    columns = {name: runs.rows[name] for name in COLUMNS.names or ()}
    table = pa.table(columns, metadata={SAID: json.dumps(said)})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as stream:
        stream.write_table(table)
    body: bytes = sink.getvalue().to_pybytes()
    return hashlib.sha256(body).digest() + body


def decode(data: bytes, place: str) -> Gathered:
    """Return what is kept of a place. Raises ValueError, KeyError, TypeError or ArrowException for what is no cache."""
    body = memoryview(data)[hashlib.sha256().digest_size :]
    if not data.startswith(hashlib.sha256(body).digest()):
        raise ValueError("it is torn")
    table = pa.ipc.open_stream(pa.py_buffer(body)).read_all()
    said = json.loads(table.schema.metadata[SAID])
    if (said["form"], said["place"]) != (FORM, place):
        raise ValueError("it is of another form, or of another place")
    rows = np.empty(table.num_rows, COLUMNS)
    for name in COLUMNS.names or ():
        rows[name] = table[name].to_numpy()
    return Gathered(tuple(_runs(said)), tuple(_keys(said)), tuple(said["texts"]), rows)


def _runs(kept: Mapping[str, Any]) -> Iterator[Run]:
    for run in kept["runs"]:
        yield Run(Entry(*run["entry"]), night_from(run["night"]), run["content"])


def _keys(kept: Mapping[str, Any]) -> Iterator[SeriesKey]:
    for side, *names in kept["keys"]:
        yield SeriesKey(Side(side), *names)
