"""matrix.yaml to HTML over a made-up host that answers with recorded outputs: the program in one page."""

import importlib.util
from pathlib import Path
from types import ModuleType

from pvbench import plan
from pvbench.campaign import visits as controller
from pvbench.campaign.campaign import Settings
from pvbench.campaign.world import Edges
from pvbench.matrix import expand, load
from pvbench.reports import comparison, html, table
from pvbench.store import Store
from pvbench.testing import FakeClock, sample_manifest

MATRIX = """\
schema: 1
hosts: [xen1]
devices: {net: [e1000, netfront], block: [ide, blkfront]}
placement: coexist
workloads:
  - fio: {rw: randread, bs: 4KiB, runtime: 1s, warmup: 0s}
  - netperf: {test: TCP_RR, runtime: 1s, warmup: 1s}
run: {blocks: 3, seed: 7}
compare: {baseline: {net: e1000, block: ide}}
"""


def made_up() -> ModuleType:
    """The made-up hypervisor of the controller's own tests."""
    path = Path(__file__).parents[1] / "unit/campaign/test_visits.py"
    spec = importlib.util.spec_from_file_location("made_up", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_matrix_becomes_a_report(tmp_path: Path) -> None:
    world = made_up()
    matrix = load(MATRIX, name="m.yaml")
    trials = plan.make(expand(matrix), blocks=3, order=matrix.run.order, seed=7, placement=matrix.placement).trials
    manifest = sample_manifest(trials, matrix_text=MATRIX, matrix_digest=matrix.digest, seed=7, hosts=(world.FACTS,))
    host = world.Host()
    host.carrier = {"netfront": "e1000"}
    settings = Settings(matrix.placement, matrix.guest.memory_bytes, 1, matrix.scratch_bytes, 7)

    with Store.create(tmp_path, manifest) as store:
        summary = controller.run(store, settings, Edges(host.connect, FakeClock(), world.Silent()))
    with Store.open(tmp_path, manifest.run_id) as kept:
        page = comparison.build(kept.manifest, kept.trials())

    assert (summary.ok, summary.invalid, summary.not_measured) == (9, 3, 0)
    text = html.render(page)
    for words in ("software emulation", "INVALID", "e1000 carried the most", "blkfront", "indicative", "Xen 4.17.5"):
        assert words in text
    assert "INVALID" in table.render(page, 100)
