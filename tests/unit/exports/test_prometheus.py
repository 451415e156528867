"""The parser of prometheus_client reads the text exposition."""

import re
from statistics import median

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from pvbench.exports import prometheus, units
from pvbench.exports.nouns import ExportedRun
from pvbench.metrics import METRICS
from pvbench.printable import clean


def parsed(run: ExportedRun) -> dict[str, Metric]:
    families = list(text_string_to_metric_families(prometheus.encode([run]).decode()))
    assert len(families) == len({family.name for family in families})
    return {family.name: family for family in families}


@pytest.mark.parametrize("name", ["flawed", "hostile_run"])
def test_each_metric_is_a_gauge_with_a_value_for_each_measured_cell(name: str, request: pytest.FixtureRequest) -> None:
    run: ExportedRun = request.getfixturevalue(name)
    families = parsed(run)

    for cell in run.measured:
        for metric, values in units.figures(cell):
            family = families[f"pvbench_{units.measure(metric)}"]
            (sample,) = (each for each in family.samples if each.labels["cell"] == cell.id)
            assert ("gauge", median(values), "software emulation", "proved") == (
                family.type,
                sample.value,
                sample.labels["emulation"],
                sample.labels["path"],
            )
    assert len(run.trials) == sum(sample.value for sample in families["pvbench_trials"].samples)


def test_a_hostile_name_is_a_label_as_it_is(hostile_run: ExportedRun) -> None:
    (host,) = hostile_run.manifest.hosts
    hosts = {sample.labels["host"] for sample in parsed(hostile_run)["pvbench_io_operations_per_second"].samples}

    assert {clean(host.name, keep="\n")} == hosts


def test_every_metric_has_a_name_that_prometheus_takes() -> None:
    assert set(METRICS) == set(units.UNITS)
    assert [name for name in units.UNITS.values() if not re.fullmatch("[a-z][a-z0-9_]*", name)] == []


def test_no_series_is_told_twice(flawed: ExportedRun) -> None:
    lines = [line.rpartition(" ")[0] for line in prometheus.encode([flawed]).decode().splitlines() if line[0] != "#"]

    assert len(lines) == len(set(lines))
