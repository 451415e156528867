"""What was concluded and said of nights, as JSON of small files that are written once: alarms and annotations. Pure."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pvbench.errors import StoreError
from pvbench.history.kinds import of_its_kinds
from pvbench.history.nouns import Alarm, AlarmKind, Annotation, State
from pvbench.history.older import NewerSchema, modern
from pvbench.model import digest
from pvbench.store.fields import loads
from pvbench.store.parquet import storable

SCHEMA_VERSION = 1
STATES = tuple(State)


@dataclass(frozen=True)
class Events:
    """Every alarm that was recorded and everything that people said, in the order of the nights that told them."""

    alarms: tuple[Alarm, ...] = ()
    annotations: tuple[Annotation, ...] = ()


def encode(alarms: Iterable[Alarm] = (), annotations: Iterable[Annotation] = ()) -> tuple[str, bytes]:
    """Return the name of an event's file, the same for the same content, and what is in it."""
    said = {
        "schema": SCHEMA_VERSION,
        "alarms": [asdict(alarm) for alarm in alarms],
        "annotations": [asdict(annotation) for annotation in annotations],
    }
    text = storable(json.dumps({"digest": digest(said, 32), "said": said}, allow_nan=False))
    return f"{digest(said, 32)}.json", text.encode()


def decode(name: str, data: bytes) -> Events:
    """Return what a file says. Raises StoreError for one that is torn, altered, or of a newer schema."""
    try:
        content = loads(data.decode())
        if digest(content["said"], 32) != content["digest"]:
            raise ValueError("it is altered: its digest differs")
        said = modern(content["said"], SCHEMA_VERSION)
        annotations = tuple(of_its_kinds(Annotation(**each)) for each in said["annotations"])
        return Events(tuple(map(_alarm, said["alarms"])), annotations)
    except NewerSchema as error:
        raise StoreError(f"{name}: {error}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{name}: torn, or no events of a history: {error}") from error


def ordered(groups: Iterable[Events], runs: Sequence[str]) -> Events:
    """Return all of them together, each once: alarms by the nights that told them, oldest first, as `runs` are."""
    order = {run_id: number for number, run_id in enumerate(runs)}
    every = list(groups)
    alarms = [alarm for each in every for alarm in each.alarms]
    alarms.sort(key=lambda alarm: (order.get(alarm.seen, len(order)), alarm.series, STATES.index(alarm.state)))
    annotations = [annotation for each in every for annotation in each.annotations]
    annotations.sort(key=lambda annotation: (annotation.night, annotation.at))
    return Events(tuple(dict.fromkeys(alarms)), tuple(dict.fromkeys(annotations)))


def _alarm(row: Mapping[str, Any]) -> Alarm:
    return of_its_kinds(Alarm(**{**row, "kind": AlarmKind(row["kind"]), "state": State(row["state"])}))
