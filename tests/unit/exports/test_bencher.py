"""Bencher Metric Format, against the schema that https://bencher.dev/docs/reference/bencher-metric-format tells of."""

import json
from statistics import median

import jsonschema
import pytest

from pvbench.exports import bencher
from pvbench.exports.nouns import ExportedRun

FIGURE = {
    "type": "object",
    "properties": {name: {"type": "number"} for name in ("value", "lower_value", "upper_value")},
    "required": ["value"],
    "additionalProperties": False,
}
MEASURES = {
    "type": "object",
    "propertyNames": {"maxLength": 64, "pattern": "^[a-z0-9_]+$"},
    "minProperties": 1,
    "additionalProperties": FIGURE,
}
BMF = {"type": "object", "propertyNames": {"minLength": 1, "maxLength": 1024}, "additionalProperties": MEASURES}


@pytest.mark.parametrize("name", ["flawed", "hostile_run"])
def test_a_benchmark_is_a_cell_that_was_measured(name: str, request: pytest.FixtureRequest) -> None:
    run: ExportedRun = request.getfixturevalue(name)

    made = json.loads(bencher.encode([run]))

    jsonschema.validate(made, BMF)
    assert [cell.id for cell in run.measured] == [name.rpartition("[")[2].rstrip("]") for name in made]
    assert [name for name in made if "(software emulation)" not in name or not name.isprintable()] == []


def test_a_value_is_the_median_between_the_least_and_the_greatest(flawed: ExportedRun) -> None:
    cell = next(cell for cell in flawed.measured if cell.metric.name == "goodput" and len(cell.sample or ()) > 1)
    made = json.loads(bencher.encode([flawed]))

    bits = [reading.value for trial in cell.trials for reading in trial.readings if reading.metric == "goodput"]
    (figure,) = (made[name]["goodput_bytes_per_second"] for name in made if cell.id in name)
    assert [median(bits) / 8, min(bits) / 8, max(bits) / 8] == pytest.approx(list(figure.values()))
