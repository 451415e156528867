"""Records a history of the schema of now, and what it says: python tests/golden/history/record.py FOLDER.

A folder here is of one schema and stays as it is for ever: it must open with the same figures.
"""

import sys
from dataclasses import asdict, replace
from pathlib import Path

from pvbench import plain_json
from pvbench.history.nouns import Alarm, AlarmKind, Annotation, Role, State
from pvbench.history.store import History
from pvbench.testing import SampleRun, flawed_run, sample_run


def dated(run: SampleRun, day: int) -> SampleRun:
    """Return the run as if it had begun on a day of November."""
    started = f"2026-11-{day:02d}T23:45:10Z"
    return SampleRun(replace(run.manifest, run_id=f"202611{day:02d}-golden", started=started), run.trials)


def record(folder: Path) -> None:
    """Write a history of two nights and a look again, with an alarm and an annotation."""
    history = History.open(str(folder / "history"))
    looks = [(sample_run(blocks=2), 3, None), (flawed_run(), 4, None), (sample_run(seed=2), 5, "20261104-golden")]
    for run, day, again in looks:
        own = dated(run, day)
        history.append(own.manifest, own.trials, role=Role.AGAIN if again else Role.NIGHT, again=again)
    one = history.series()[0].key.id
    seen = "20261104-golden"
    history.record([Alarm(one, AlarmKind.REGRESSION, State.SUSPECT, seen, seen, 0.9, 0.02, 0.05, "10 % worse")])
    history.annotate(Annotation(one, "2026-11-04", "kernel update </script>", "2026-11-05T08:00:00Z"))
    (folder / "history/.lock").unlink()
    (folder / "says.json").write_text(plain_json.dumps(says(history.fresh())) + "\n")


def says(history: History) -> dict[str, object]:
    """Return all that a history says, as JSON has it."""
    rows = history.rows()
    return plain_json.plain(  # type: ignore[no-any-return]
        {
            "nights": [asdict(night) for night in history.nights()],
            "series": [{"id": each.key.id, **asdict(each)} for each in history.series()],
            "alarms": [asdict(alarm) for alarm in history.alarms()],
            "annotations": [asdict(annotation) for annotation in history.annotations()],
            "rows": [
                {**row, "flags": list(row["flags"]), "readings": dict(row["readings"])}
                for row in rows[["run_id", "trial", "outcome", "reason", "flags", "readings"]].to_dict("records")
            ],
            "problems": history.problems(),
        }
    )


if __name__ == "__main__":
    record(Path(sys.argv[1]))
