"""How far a night has come, in a small file that is written whole, so that a killed night goes on where it was."""

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from pvbench.errors import StoreError
from pvbench.store.disk import read_bytes, write_whole, writing

SCHEMA_VERSION = 1
FILE, MOST_BYTES = "journal.json", 4 << 20


class Step(StrEnum):
    """What a night does next, in this order; one that was cut off is done again from its beginning."""

    MEASURE = "measure"
    APPEND = "append"
    ANALYSE = "analyse"
    MEASURE_AGAIN = "measure again"
    APPEND_AGAIN = "append again"
    ANALYSE_AGAIN = "analyse again"
    PUBLISH = "publish"
    NOTIFY = "notify"
    TIDY = "tidy"
    DONE = "done"

    @property
    def following(self) -> "Step":
        """The step after this one."""
        steps = list(Step)
        return steps[min(steps.index(self) + 1, len(steps) - 1)]


@dataclass(frozen=True)
class Progress:
    """A night and what was done of it. `began` is ISO 8601 UTC, `matrix_digest` of the matrix it began with.

    `run_id` is written before the run's folder is made, so that there is never a run that nobody knows of; `again_id`
    is the run that looks at its suspects again. `closed` says why a night was ended before all was measured,
    `contaminated` why its figures cannot be trusted. `sent` are the ways by which its message went, `told` what was
    told of a night that could not be measured. `problems` are what went wrong besides, a line each. `earlier` are the
    nights before it, oldest first, each with the ids of its runs.
    """

    began: str
    matrix_digest: str
    step: Step = Step.MEASURE
    run_id: str | None = None
    again_id: str | None = None
    closed: str = ""
    contaminated: str = ""
    sent: tuple[str, ...] = ()
    told: str = ""
    problems: tuple[str, ...] = ()
    exit_code: int | None = None
    earlier: tuple[tuple[str, ...], ...] = ()

    def advanced(self, to: Step | None = None, **changes: Any) -> Self:
        """Return the night with its step done, at the one that follows or at a later one."""
        return replace(self, step=to or self.step.following, **changes)

    def age_s(self, now: datetime) -> float:
        """Return how many seconds ago it began."""
        return (now - datetime.fromisoformat(self.began).astimezone(UTC)).total_seconds()

    @property
    def runs(self) -> tuple[str, ...]:
        """The ids of its runs."""
        return tuple(run for run in (self.run_id, self.again_id) if run is not None)


def read(folder: Path) -> Progress | None:
    """Return how far the last night came; None where there was none. Raises StoreError for a file that is not ours."""
    path = folder / FILE
    if not path.exists():
        return None
    try:
        content = json.loads(read_bytes(path, MOST_BYTES))
        if content.pop("schema") != SCHEMA_VERSION:
            raise ValueError("it is of another schema")
        plain: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in content.items()
        }
        earlier = tuple(tuple(map(str, runs)) for runs in plain["earlier"])
        progress = Progress(**{**plain, "step": Step(plain["step"]), "earlier": earlier})
        datetime.fromisoformat(progress.began)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        hint = "move it away: the next night then begins anew"
        raise StoreError(f"{path} is no journal of a night: {error}", hint=hint) from error
    return progress


def write(folder: Path, progress: Progress) -> None:
    """Keep how far a night has come, whole and on disk. Raises StoreError or DiskFull."""
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"schema": SCHEMA_VERSION, **asdict(progress)}, indent=1)
    write_whole(folder / FILE, text.encode())
