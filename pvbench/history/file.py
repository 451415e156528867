"""A run as one Parquet file: a row a trial, and beside the rows what was expected and how the run was judged.

It is sealed as a whole, so that damage is told and never read as figures.
"""

import io
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pvbench.errors import Damaged, StoreError
from pvbench.history import record
from pvbench.history.nouns import Night, Point, SeriesKey
from pvbench.history.older import MIGRATIONS, Migrations, NewerSchema, modern
from pvbench.history.record import SCHEMA_VERSION, KeptRun, RunColumns
from pvbench.history.seal import sealed, whole
from pvbench.model import Outcome, Trial, canonical, digest
from pvbench.store import Manifest
from pvbench.store.parquet import COLUMNS, cell_row, storable, trial_row

SAID = b"pvbench.history"
"""The key in the file's metadata under which the run, its series and their values stand as JSON."""
_OF_READINGS = ("metric", "unit", "value")
ROWS = pa.schema(
    [
        ("night", pa.string()),
        *(field for field in COLUMNS if field.name not in _OF_READINGS),
        ("flags", pa.list_(pa.string())),
        ("readings", pa.map_(pa.string(), pa.float64())),
    ]
)
"""The columns of a row a trial; `readings` are by metric, in its base unit."""


def encode(night: Night, points: Mapping[SeriesKey, Point], manifest: Manifest, trials: Iterable[Trial]) -> bytes:
    """Return the file of a run."""
    rows = table(night, manifest, trials)
    return encode_rows(KeptRun(night, points, content_of(rows)), rows)


def table(night: Night, manifest: Manifest, trials: Iterable[Trial]) -> pa.Table:
    """Return a row a trial."""
    return pa.Table.from_pylist(list(_rows(night, manifest, trials)), schema=ROWS)


def encode_rows(run: KeptRun, rows: pa.Table) -> bytes:
    """Return the file of a run whose rows are a table already."""
    buffer = io.BytesIO()
    metadata = {SAID: storable(json.dumps(record.said(run), allow_nan=False))}
    pq.write_table(rows.replace_schema_metadata(metadata), buffer, compression="zstd")
    return sealed(buffer.getvalue())


def read_columns(
    name: str, data: bytes, wanted: int = SCHEMA_VERSION, migrations: Migrations = MIGRATIONS
) -> RunColumns:
    """Return what a file says of its run, without its rows. Raises Damaged; StoreError for one that is newer.

    `wanted` is the schema that is known here, `migrations` what makes it of older ones.
    """
    with _reading(name, data):
        metadata = pq.read_metadata(io.BytesIO(data)).metadata
        return record.columns(modern(json.loads(metadata[SAID]), wanted, migrations))


def read_run(name: str, data: bytes) -> KeptRun:
    """Return the same as nouns."""
    return read_columns(name, data).run


def rows_of(name: str, data: bytes) -> pa.Table:
    """Return a file's rows. Raises Damaged."""
    with _reading(name, data):
        return pq.read_table(io.BytesIO(data)).replace_schema_metadata(None)


@contextmanager
def _reading(name: str, data: bytes) -> Iterator[None]:
    if not whole(data):
        raise Damaged(f"{name}: torn or altered, or no file of a history: its checksum differs")
    try:
        yield
    except NewerSchema as error:
        raise StoreError(f"{name}: {error}") from error
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise Damaged(f"{name}: no file of a history: {_first_line(error)}") from error


def _rows(night: Night, manifest: Manifest, trials: Iterable[Trial]) -> Iterator[dict[str, Any]]:
    hosts = {host.name: host.identity for host in manifest.hosts}
    of_cell: dict[Any, dict[str, Any]] = {}
    for trial in trials:
        cell = trial.spec.cell
        if cell not in of_cell:
            of_cell[cell] = {"run_id": manifest.run_id, "host_identity": hosts.get(cell.host)} | cell_row(cell)
        yield trial_row(of_cell[cell], trial) | {
            "night": night.night,
            "flags": [str(flag.kind) for flag in trial.flags],
            "readings": [(reading.metric, reading.value) for reading in trial.readings],
        }


def content_of(rows: pa.Table) -> str:
    """Return what tells two states of one run apart: which trials it has, how they ended, and their readings."""
    compared = rows.select(["trial", "started", "outcome", "readings"]).to_pylist()
    return digest(sorted([list(row.values()) for row in compared], key=canonical), 32)


def lost(before: pa.Table, now: pa.Table) -> int:
    """Return how many measured trials the rows of before have that those of now do not have as they were."""
    return len(_measured(before) - _measured(now))


def _measured(rows: pa.Table) -> set[str]:
    compared = rows.filter(pc.equal(rows["outcome"], str(Outcome.OK))).select(["trial", "started", "readings"])
    return {canonical([row["trial"], row["started"], sorted(row["readings"])]) for row in compared.to_pylist()}


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0].strip() or type(error).__name__
