"""The shipped run of the lab: what a newcomer may look at before measuring anything."""

from pathlib import Path

from pvbench.model import Emulation, Outcome
from pvbench.reports import comparison, html
from pvbench.store import Store

RESULTS = Path(__file__).parents[2] / "results"


def test_the_shipped_run_still_reads_whole_and_renders() -> None:
    with Store.open(RESULTS, str(RESULTS / "example/quickstart")) as store:
        trials = store.trials()
        for trial in trials:
            assert [store.raw(raw) for raw in trial.raw]  # raises where a digest differs
        page = comparison.build(store.manifest, trials)

    assert [trial.outcome for trial in trials] == [Outcome.OK] * 55
    assert {host.emulation for host in store.manifest.hosts} == {Emulation.SOFTWARE}
    text = html.render(page)
    assert "software emulation" in text
    assert "blkfront" in text
