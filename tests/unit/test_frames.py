"""A run in a notebook: the tables hold what the journal holds, and what cannot be read is said in a line."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import pvbench
from pvbench.errors import PvbenchError
from pvbench.frames import Loaded
from pvbench.metrics import METRICS
from pvbench.model import Granted, Phase, Trial
from pvbench.reports import comparison
from pvbench.store import Store
from pvbench.testing import FakeHypervisor, flawed_run, sample_run
from pvbench.testing.campaign import MATRIX, begin, measure
from pvbench.tunables import TUNABLES

TUNED = "tunables: {queues: [1, 4]}\ncompare: {factor: queues, baseline: 1}"
ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "results/example/quickstart"


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    return pvbench.load(EXAMPLE)


def test_every_trial_and_every_reading_is_a_row_with_its_value_in_base_units(loaded: Loaded) -> None:
    with Store.open(EXAMPLE, EXAMPLE) as store:
        trials = store.trials()

    assert list(loaded.trials["trial"]) == [trial.spec.id for trial in trials]
    readings = [(trial.spec.id, each.metric, each.value) for trial in trials for each in trial.readings]
    assert list(loaded.readings[["trial", "metric", "value"]].itertuples(index=False, name=None)) == readings


def test_every_figure_has_its_unit_beside_it_and_in_attrs(loaded: Loaded) -> None:
    rows = loaded.readings[["metric", "unit"]].itertuples(index=False, name=None)

    assert all(METRICS[metric].unit == unit == loaded.readings.attrs["metrics"][metric] for metric, unit in rows)
    assert loaded.trials.attrs["units"] == {f"{phase}_s": "s" for phase in Phase}


def test_flags_and_times_of_a_trial_are_in_its_row(loaded: Loaded) -> None:
    with Store.open(EXAMPLE, EXAMPLE) as store:
        trials = store.trials()

    assert list(loaded.trials["flags"]) == [tuple(map(str, trial.flags)) for trial in trials]
    assert [moment.isoformat() for moment in loaded.trials["started"]] == [
        trial.started.replace("Z", "+00:00") for trial in trials
    ]


def test_the_docs_name_every_column_that_a_run_has_at_least(loaded: Loaded) -> None:
    text = (ROOT / "docs/notebooks.md").read_text()

    phases = {f"{phase}_s" for phase in Phase}
    columns = {*loaded.trials.columns, *loaded.comparisons.columns} - phases - {"run_id", "trial", "cell", "comparison"}
    assert [name for name in sorted(columns) if not re.search(rf"[`\"]{name}[`\"]", text)] == []


def test_no_tunable_is_called_as_a_column_of_every_run_is(loaded: Loaded) -> None:
    assert set(TUNABLES).isdisjoint(loaded.trials.columns)


def test_a_trial_without_a_figure_is_a_row_of_trials_with_its_reason_and_none_of_readings(tmp_path: Path) -> None:
    made = flawed_run()

    run = pvbench.load(made.stored(tmp_path))

    lacking = {trial.spec.id: trial.reason for trial in made.trials if not trial.readings}
    rows = run.trials[run.trials["outcome"] != "ok"]
    assert dict(zip(rows["trial"], rows["reason"], strict=True)) == lacking != {}
    assert set(run.readings["trial"]).isdisjoint(lacking)


def test_a_tunable_is_a_column_beside_what_was_granted(tmp_path: Path) -> None:
    def tuned(trial: Trial) -> Trial:
        arm = replace(trial.spec.cell.arm, tunables=(("queues", 4),))
        spec = replace(trial.spec, cell=replace(trial.spec.cell, arm=arm))
        return replace(trial, spec=spec, granted=(Granted("queues", "4", "1"),))

    made = sample_run(blocks=1).changed(tuned)
    plan = tuple(trial.spec for trial in made.trials)

    run = pvbench.load(replace(made, manifest=replace(made.manifest, plan=plan)).stored(tmp_path))
    assert set(run.trials["queues"]) == {4}
    assert set(run.trials["queues_granted"]) == {"1"}


def test_what_a_table_cannot_hold_is_spelt_out_in_it(tmp_path: Path) -> None:
    odd = "4 \udc80"

    def told(trial: Trial) -> Trial:
        cell = trial.spec.cell
        workload = replace(cell.workload, tool=odd)
        arm = replace(cell.arm, tunables=(("offloads", odd),))
        spec = replace(trial.spec, cell=replace(cell, arm=arm, workload=workload))
        return replace(trial, spec=spec, granted=(Granted("offloads", "none", odd),))

    made = sample_run(blocks=2).changed(told)
    plan = tuple(trial.spec for trial in made.trials)

    run = pvbench.load(replace(made, manifest=replace(made.manifest, plan=plan)).stored(tmp_path))
    assert set(run.trials["offloads"]) == set(run.trials["offloads_granted"]) == {r"4 \udc80"}
    assert set(run.comparisons["tool"]) == {r"4 \udc80"}


def test_every_comparison_of_the_report_is_a_row_with_the_same_figures_and_verdict(tmp_path: Path) -> None:
    made = flawed_run()
    page = comparison.build(made.manifest, made.trials)

    compared = pvbench.load(made.stored(tmp_path)).comparisons

    rows = [row for group in page.groups for row in group.rows]
    assert len(rows) == 8
    for row, (_, ours) in zip(rows, compared.iterrows(), strict=True):
        assert (ours["baseline"], ours["candidate"]) == (row.baseline.device, row.candidate.device)
        assert (ours["workload"], ours["metric"], ours["verdict"]) == (row.workload, row.metric, row.tone)
        assert (ours["replicates"], ours["indicative"]) == (row.units, row.indicative) or row.units is None
        for name, figure in (("ratio", row.point), ("low", row.low), ("high", row.high)):
            assert ours[name] == figure or (figure is None and ours[name] != ours[name])


def test_a_comparison_has_its_level_its_correction_and_the_units_of_what_it_compares(loaded: Loaded) -> None:
    compared = loaded.comparisons

    assert set(compared["level"].dropna()) == {0.95}
    assert all(METRICS[row["metric"]].unit == row["unit"] for _, row in compared.iterrows())
    assert compared.attrs["units"] == dict.fromkeys(("ratio", "low", "high", "level", "p_adjusted"), "1")
    assert compared.attrs["correction"] == "Holm"
    faster = compared[compared["verdict"] == "faster"]
    assert (faster["low"] > 1.05).all()
    assert (faster["p_adjusted"] < 0.05).all()


def test_arms_that_differ_in_a_tunable_are_compared_by_its_values(tmp_path: Path) -> None:
    matrix = MATRIX.replace("compare: {baseline: {net: e1000, block: ide}}", TUNED)
    with begin(tmp_path, matrix) as store:
        measure(store, FakeHypervisor().hold)

    compared = pvbench.load(store.path).comparisons

    columns = ["factor", "baseline", "candidate", "device", "replicated"]
    assert set(compared[columns].itertuples(index=False, name=None)) == {
        ("queues", 1, 4, "netfront", "boot"),
        ("queues", 1, 4, "blkfront", "boot"),
    }
    assert set(compared["verdict"]) == {"equivalent"}


def test_a_run_that_has_no_trial_yet_has_the_columns_of_one_that_has(loaded: Loaded, tmp_path: Path) -> None:
    run = pvbench.load(sample_run().changed(lambda _trial: None).stored(tmp_path))

    assert (len(run.trials), len(run.readings)) == (0, 0)
    assert list(run.trials.columns) == list(loaded.trials.columns)
    assert set(run.comparisons["verdict"]) == {"not_measured"}


@pytest.mark.parametrize("run", ["yesterday", "", "results/no/such", "\0"])
def test_a_run_that_is_not_there_is_an_error_of_one_line(tmp_path: Path, run: str) -> None:
    with pytest.raises(PvbenchError) as caught:
        pvbench.load(run, results=tmp_path)

    assert str(caught.value).count("\n") == 0


def test_a_damaged_journal_is_an_error_of_one_line(tmp_path: Path) -> None:
    for name in ("manifest.json", "journal.ndjson"):
        (tmp_path / name).write_bytes((EXAMPLE / name).read_bytes())
    (tmp_path / "journal.ndjson").write_text('{"schema": 3}\n')

    with pytest.raises(PvbenchError, match=r"journal\.ndjson:1: ") as caught:
        pvbench.load(tmp_path)
    assert str(caught.value).count("\n") == 0


def test_the_types_of_pvbench_are_there_for_who_imports_it() -> None:
    assert Path(pvbench.__file__).with_name("py.typed").is_file()


def test_to_import_pvbench_takes_nothing_with_it() -> None:
    seen = "import sys, pvbench; print([m for m in ('pandas', 'numpy', 'pyarrow', 'click') if m in sys.modules])"

    done = subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
