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
FILE, MOST_BYTES = "journal.json", 1 << 20


class Step(StrEnum):
    """What a night does next, in this order; one that was cut off is done again from its beginning."""

    MEASURE = "measure"
    APPEND = "append"
    DONE = "done"

    @property
    def following(self) -> "Step":
        """The step after this one."""
        steps = list(Step)
        return steps[min(steps.index(self) + 1, len(steps) - 1)]


@dataclass(frozen=True)
class Progress:
    """A night and what was done of it. `began` is ISO 8601 UTC, `matrix_digest` of the matrix it began with.

    `run_id` is written before the run's folder is made, so that there is never a run that nobody knows of. `closed`
    says why a night was ended before all was measured. `problems` are what went wrong besides, a line each.
    """

    began: str
    matrix_digest: str
    step: Step = Step.MEASURE
    run_id: str | None = None
    closed: str = ""
    problems: tuple[str, ...] = ()
    exit_code: int | None = None

    def advanced(self, **changes: Any) -> Self:
        """Return the night with its step done."""
        return replace(self, step=self.step.following, **changes)

    def age_s(self, now: datetime) -> float:
        """Return how many seconds ago it began."""
        return (now - datetime.fromisoformat(self.began).astimezone(UTC)).total_seconds()


def read(folder: Path) -> Progress | None:
    """Return how far the last night came; None where there was none. Raises StoreError for a file that is not ours."""
    path = folder / FILE
    if not path.exists():
        return None
    try:
        content = json.loads(read_bytes(path, MOST_BYTES))
        if content.pop("schema") != SCHEMA_VERSION:
            raise ValueError("it is of another schema")
        return Progress(**{**content, "step": Step(content["step"]), "problems": tuple(content["problems"])})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        hint = "move it away: the next night then begins anew"
        raise StoreError(f"{path} is no journal of a night: {error}", hint=hint) from error


def write(folder: Path, progress: Progress) -> None:
    """Keep how far a night has come, whole and on disk. Raises StoreError or DiskFull."""
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"schema": SCHEMA_VERSION, **asdict(progress)}, indent=1)
    write_whole(folder / FILE, text.encode())
