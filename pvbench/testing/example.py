"""The example that is shipped: a report of a real run, and the site of a year of nights that end with real ones.

    python -m pvbench.testing.example docs/example

Every night but the last ones is simulated from the real run's rows by a seed, and each page says so. The real ones are
those of results/example/history, made by examples/quickstart.yaml in the lab.
"""

import shutil
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pvbench.dashboard import site
from pvbench.dashboard.gather import gather
from pvbench.history import find
from pvbench.history.store import History
from pvbench.reports import comparison, html
from pvbench.store import Store
from pvbench.testing.histories import Fault, Injected, Simulation, simulated_history
from pvbench.testing.runs import SampleRun

ROOT = Path(__file__).parents[2]
RUN, NIGHTS = ROOT / "results/example/quickstart", ROOT / "results/example/history"
SIMULATED = 363
SLOWER, BETTER, GONE, STUCK, CHANGED = 348, 338, 320, 200, 140
FAULTS = (
    # The real nights are the level of afterwards, so what changed was otherwise before.
    Injected(cell=1, night=0, ratio=1.35, until=SLOWER),
    Injected(cell=7, night=0, ratio=0.8, until=BETTER),
    Injected(cell=5, night=GONE, fault=Fault.VANISHED, until=GONE + 3),
    Injected(cell=3, night=STUCK, fault=Fault.CONSTANT, until=STUCK + 6),
)
SAID = (
    (CHANGED, "new kernel on the lab"),
    (SLOWER, "blkfront without persistent grants"),
    (GONE, "iperf3 was missing"),
)


def build(out: Path) -> None:
    """Write report.html and the site of a year below a folder."""
    out.mkdir(parents=True, exist_ok=True)
    with Store.open(RUN, RUN) as store:
        run = SampleRun(store.manifest, tuple(store.trials()))
        report = html.render(comparison.build(store.manifest, store.trials(), store.earlier()))
    (out / "report.html").write_text(report)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(NIGHTS, folder, dirs_exist_ok=True)
        kept = simulated_history(folder, _year(datetime.fromisoformat(run.manifest.started)), run)
        _annotate(kept)
        kept = kept.fresh()
        first_after = max(datetime.fromisoformat(night.started) for night in kept.nights()) + timedelta(hours=3)
        site.write(gather(kept), out / "dashboard", site.Settings(first_after))


def _year(last: datetime) -> Simulation:
    """Return the nights before a real one. They vary as figures under software emulation do."""
    return Simulation(
        nights=SIMULATED,
        series=15,
        seed=2006,
        first=(last - timedelta(days=SIMULATED)).astimezone(UTC),
        noise=0.04,
        drift=0.03,
        injected=FAULTS,
        changed=(CHANGED,),
        hosts=("lab",),
    )


def _annotate(kept: History) -> None:
    nights = kept.nights()
    for number, text in SAID:
        saying = find.Saying(find.ALL, nights[number].night, text)
        at = datetime.fromisoformat(nights[number].started)
        kept.annotate(find.annotation(nights, kept.series(), saying, at))


if __name__ == "__main__":
    build(Path(sys.argv[1]))
