"""A run as one Parquet file: a row a trial, and beside the rows what was expected and how the run was judged.

It is sealed as a whole, so that damage is told and never read as figures.
"""

import io
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pvbench.errors import Damaged, StoreError
from pvbench.history.kinds import of_its_kinds
from pvbench.history.nouns import Night, Point, Role, SeriesKey, Side
from pvbench.history.older import MIGRATIONS, Migrations, NewerSchema, modern
from pvbench.history.seal import sealed, whole
from pvbench.metrics import METRICS
from pvbench.model import Outcome, Trial, canonical, digest
from pvbench.store import Manifest
from pvbench.store.parquet import COLUMNS, cell_row, storable, trial_row

SCHEMA_VERSION = 1
"""The schema of what is written; older ones are read as `older` makes them."""
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
_KEY = tuple(field.name for field in fields(SeriesKey))
_POINT = tuple(field.name for field in fields(Point) if field.name != "run_id")
_NUMBER = (float, int, type(None))
_KINDS = {
    **dict.fromkeys(("value", "low", "high"), _NUMBER),
    "units": (int, type(None)),
    **dict.fromkeys(("environment", "reason"), (str,)),
}
"""What the columns of points are of, as JSON has it."""


@dataclass(frozen=True)
class KeptRun:
    """What a file says of its run: the night, its series' values, and `content`, a digest of what was measured."""

    night: Night
    points: Mapping[SeriesKey, Point]
    content: str


def encode(night: Night, points: Mapping[SeriesKey, Point], manifest: Manifest, trials: Iterable[Trial]) -> bytes:
    """Return the file of a run."""
    rows = table(night, manifest, trials)
    return encode_rows(KeptRun(night, points, content_of(rows)), rows)


def table(night: Night, manifest: Manifest, trials: Iterable[Trial]) -> pa.Table:
    """Return a row a trial."""
    return pa.Table.from_pylist(list(_rows(night, manifest, trials)), schema=ROWS)


def encode_rows(run: KeptRun, rows: pa.Table) -> bytes:
    """Return the file of a run whose rows are a table already."""
    keys, points = run.points.keys(), run.points.values()
    said = {
        "schema": SCHEMA_VERSION,
        "content": run.content,
        "night": asdict(run.night),
        "series": {name: [getattr(key, name) for key in keys] for name in _KEY},
        "points": {name: [getattr(point, name) for point in points] for name in _POINT},
    }
    buffer = io.BytesIO()
    metadata = {SAID: storable(json.dumps(said, allow_nan=False))}
    pq.write_table(rows.replace_schema_metadata(metadata), buffer, compression="zstd")
    return sealed(buffer.getvalue())


def read_run(name: str, data: bytes, wanted: int = SCHEMA_VERSION, migrations: Migrations = MIGRATIONS) -> KeptRun:
    """Return what a file says of its run, without its rows. Raises Damaged; StoreError for one that is newer.

    `wanted` is the schema that is known here, `migrations` what makes it of older ones.
    """
    with _reading(name, data):
        metadata = pq.read_metadata(io.BytesIO(data)).metadata
        return _decoded(modern(json.loads(metadata[SAID]), wanted, migrations))


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


def _decoded(record: Mapping[str, Any]) -> KeptRun:
    night = night_from(record["night"])
    _hold(record["series"], dict.fromkeys(_KEY, (str,)))
    _hold(record["points"], _KINDS)
    if unknown := set(record["series"]["metric"]) - METRICS.keys():
        raise NewerSchema(f"it has the metric {min(unknown)!r}, which this pvbench does not know; a newer one wrote it")
    keys = zip(*(record["series"][name] for name in _KEY), strict=True)
    points = zip(*(record["points"][name] for name in _POINT), strict=True)
    sides = {str(side): side for side in Side}
    series = {
        SeriesKey(sides[side], *names): Point(night.run_id, *values)
        for (side, *names), values in zip(keys, points, strict=True)
    }
    return KeptRun(night, series, record["content"])


def night_from(record: Mapping[str, Any]) -> Night:
    """Return the night that is kept as JSON. Raises KeyError, TypeError or ValueError where it is none."""
    own = dict(record)
    own["role"], own["environments"] = Role(own["role"]), tuple((host, text) for host, text in own["environments"])
    night = of_its_kinds(Night(**own))
    date.fromisoformat(night.night)
    return night


def _hold(columns: Mapping[str, Any], kinds: Mapping[str, tuple[type, ...]]) -> None:
    for name, allowed in kinds.items():
        if not {type(each) for each in columns[name]} <= {*allowed}:
            raise ValueError(f"{name} holds something of another kind")


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
