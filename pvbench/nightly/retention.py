"""What is older than is to be kept: run folders and reports of a night's own, and rows; never a judged value."""

import os
import shutil
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from pvbench.errors import StoreError
from pvbench.history.store import History
from pvbench.model import Outcome
from pvbench.nightly.publish import REPORTS
from pvbench.nightly.settings import Settings
from pvbench.store import Store
from pvbench.store.disk import writing
from pvbench.store.fields import FILE_NAME
from pvbench.store.find import runs_folder

Nights = Sequence[Sequence[str]]
"""The runs of each night, oldest night first."""


def tidy(
    nights: Nights, settings: Settings, results: Path, site: Path, history: History, now: datetime
) -> Iterator[str]:
    """Remove run folders, reports and rows that are older than is kept; say of each what became of it, in a line."""
    known = {night.run_id: night.measured for night in history.nights()}
    for run in _older(nights, settings.keep_runs):
        if line := _run(runs_folder(results) / run, known.get(run)):
            yield line
    for run in _older(nights, settings.keep_reports):
        path = site / REPORTS / f"{run}.html"
        if path.is_file() and not path.is_symlink():
            with writing(path):
                path.unlink()
            yield f"removed the report {path}"
    if settings.keep_rows_days is not None:
        before = f"{now - timedelta(days=settings.keep_rows_days):%Y-%m-%d}"
        for thinned in history.thin(before):
            yield f"dropped the rows of {thinned.run_id}; its judged values stay"


def _older(nights: Nights, keep: int | None) -> Iterator[str]:
    for night in nights[: max(0, len(nights) - keep)] if keep is not None else ():
        yield from (run for run in night if FILE_NAME.fullmatch(run))


def _run(folder: Path, measured: int | None) -> str:
    """Remove a run's folder; "" where there is none. One that is not what the history has of it is left alone."""
    gone = folder.with_name(f".{folder.name}.removed")
    if gone.is_dir() and not gone.is_symlink():  # by a call that was killed
        shutil.rmtree(gone, ignore_errors=True)
    if not os.path.lexists(folder):
        return ""
    why = _why_not(folder, measured)
    if why:
        return f"left alone {folder}: {why}"
    with writing(folder):
        folder.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)
    return f"removed the run {folder}; its rows are in the history"


def _why_not(folder: Path, measured: int | None) -> str:
    if folder.is_symlink():
        return "it is a symbolic link"
    try:
        with Store.open(folder.parent.parent, folder, write=True) as store:
            if store.manifest.run_id != folder.name:
                return f"it is of {store.manifest.run_id}"
            ok = sum(trial.outcome is Outcome.OK for trial in store.trials())
    except StoreError as error:
        return error.message
    if measured is None:
        return "the history does not have it"
    return "" if ok <= measured else f"it has {ok} measured trials, and the history {measured}"
