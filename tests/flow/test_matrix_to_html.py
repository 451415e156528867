"""matrix.yaml to HTML over a made-up host that answers with recorded outputs: the program in one page."""

from pathlib import Path

from pvbench.reports import comparison, html, table
from pvbench.store import Store
from pvbench.testing import FakeHypervisor
from pvbench.testing.campaign import MATRIX, begin, measure


def test_a_matrix_becomes_a_report(tmp_path: Path) -> None:
    host = FakeHypervisor(carrier={"netfront": "e1000"})

    with begin(tmp_path, MATRIX.replace("blocks: 2", "blocks: 3")) as store:
        summary = measure(store, host.hold)
    with Store.open(tmp_path, store.path) as kept:
        page = comparison.build(kept.manifest, kept.trials())

    assert (summary.ok, summary.invalid, summary.not_measured) == (9, 3, 0)
    text = html.render(page)
    for words in ("software emulation", "INVALID", "e1000 carried the most", "blkfront", "indicative", "Xen 4.17.5"):
        assert words in text
    assert "INVALID" in table.render(page, 100)
