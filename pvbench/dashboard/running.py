"""Which campaigns are under way, by their runs' folders: how far, how long yet, when they last wrote."""

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pvbench.campaign.pace import Pace
from pvbench.errors import StoreError
from pvbench.model import Trial
from pvbench.store import Store
from pvbench.store.find import JOURNAL, runs_folder

FORGOTTEN_S = 6 * 3600
"""A run that has written nothing for longer is not under way, whatever it lacks."""


@dataclass(frozen=True)
class Running:
    """A run that is not finished: `done` of `total` trials, seconds left and since it wrote, and its last trial."""

    run_id: str
    matrix: str
    done: int
    total: int
    left_s: float
    silent_s: float
    last: Trial | None


def running(results: Path, now: datetime) -> tuple[Running, ...]:
    """Return the runs under a results folder that are under way; what cannot be read is none."""
    found = []
    for path, silent_s in _written_of_late(runs_folder(results), now.timestamp()):
        try:
            run = _running(Store.open(results, path), silent_s)
        except StoreError:
            continue
        if run.done < run.total:
            found.append(run)
    return tuple(found)


def _written_of_late(folder: Path, now_s: float) -> list[tuple[Path, float]]:
    """Return the folders of runs whose journal was written of late, and how many seconds ago."""
    try:
        paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError:
        return []
    silent = [(path, max(0.0, now_s - _written(path / JOURNAL))) for path in paths]
    return [(path, seconds) for path, seconds in silent if seconds < FORGOTTEN_S]


def _written(path: Path) -> float:
    try:
        return os.stat(path).st_mtime  # noqa: PTH116  Path raises for some names
    except (OSError, ValueError):
        return 0.0


def _running(store: Store, silent_s: float) -> Running:
    manifest, trials = store.manifest, store.trials()
    pace = Pace(manifest.plan, frozenset())
    for trial in trials:
        pace.booting(trial.spec.boot)
        pace.recorded(trial.spec, trial.took_s)
    return Running(
        run_id=manifest.run_id,
        matrix=manifest.matrix_name,
        done=pace.done,
        total=pace.total,
        left_s=pace.remaining_s,
        silent_s=silent_s,
        last=trials[-1] if trials else None,
    )
