"""Runs of schemas 1 and 2, kept as they were written then: the same figures and verdicts as when they were new."""

import gzip
import json
import shutil
from pathlib import Path

import pytest

from pvbench.model import Contrast, DeviceKind
from pvbench.reports import comparison
from pvbench.store import Store

RUNS = sorted((Path(__file__).parents[1] / "golden/runs").iterdir())


@pytest.mark.parametrize("kept", RUNS, ids=lambda path: path.name)
def test_a_run_of_an_older_schema_reports_as_when_it_was_new(kept: Path, tmp_path: Path) -> None:
    run = tmp_path / "runs" / kept.name
    run.mkdir(parents=True)
    shutil.copyfile(kept / "manifest.json", run / "manifest.json")
    (run / "journal.ndjson").write_bytes(gzip.decompress((kept / "journal.ndjson.gz").read_bytes()))
    with Store.open(tmp_path, run) as store:
        page = comparison.build(store.manifest, store.trials(), store.earlier())
        assert int(kept.name[-1]) == store.manifest.schema
    expected = json.loads((kept / "page.json").read_text(encoding="utf-8"))
    assert (expected["headline"], expected["noise"]) == (page.headline, page.noise)
    assert expected["rows"] == [
        [
            group.title,
            row.workload,
            row.baseline.device,
            row.baseline.median,
            row.candidate.device,
            row.candidate.median,
            row.verdict,
            row.ratio,
            row.interval,
        ]
        for group in page.groups
        for row in group.rows
    ]
    kinds = DeviceKind.BLOCK, DeviceKind.NET
    assert (Contrast("device", tuple(zip(kinds, ("ide", "e1000"), strict=True))),) == store.manifest.contrasts


def test_there_is_a_run_of_each_older_schema() -> None:
    assert ["schema-1", "schema-2"] == [path.name for path in RUNS]
