from pathlib import Path

import numpy as np
import pytest

from pvbench.history.nouns import Side
from pvbench.history.store import History
from pvbench.testing.histories import Fault, Injected, Simulation, simulated_history

INJECTED = (
    Injected(0, 20, Fault.STEP, 0.5),
    Injected(2, 12, Fault.VANISHED),
    Injected(4, 25, Fault.CONSTANT),
    Injected(6, 10, Fault.STEP, 0.5, until=11),
)


@pytest.fixture(scope="module")
def history(tmp_path_factory) -> History:
    where = tmp_path_factory.mktemp("history")
    return simulated_history(str(where), Simulation(nights=30, series=60, injected=INJECTED, changed=(15,), outliers=0))


def values(history: History, cell: int) -> np.ndarray:
    found = [each for each in history.series() if each.key.side is Side.VALUE][cell]
    return np.array([point.value for point in found.points], dtype=float)


def test_every_night_and_series_is_there_and_says_that_it_is_simulated(history):
    assert (len(history.nights()), len(history.series())) == (30, 60)
    assert all(night.simulated and night.label == "software emulation" for night in history.nights())
    assert history.check() == ()


def test_what_is_put_in_is_in_the_nights_it_was_asked_for(history):
    step, gone, constant, once = (values(history, each.cell) for each in INJECTED)
    assert np.median(step[20:]) / np.median(step[:20]) == pytest.approx(0.5, rel=0.05)
    assert (np.isnan(gone) == (np.arange(30) >= 12)).all()
    assert len(set(constant[25:])) == 1
    assert len(set(constant[:25])) == 25
    assert once[10] / np.median(once) == pytest.approx(0.5, rel=0.1)


def test_a_ratio_tells_of_what_was_put_into_its_cell(history):
    cells = [each.key.cell for each in history.series() if each.key.side is Side.VALUE]
    (ratio,) = [each for each in history.series() if each.key.against_cell == cells[0]]
    told = np.array([point.value for point in ratio.points])
    assert np.median(told[20:]) / np.median(told[:20]) == pytest.approx(2, rel=0.05)


def test_the_rows_tell_what_the_series_tell(history):
    rows = history.rows()
    assert len(rows) == sum(night.expected for night in history.nights())
    assert (rows["outcome"] == "ok").sum() == sum(night.measured for night in history.nights())
    first = next(each for each in history.series() if each.key.side is Side.VALUE)
    own = rows[rows["cell"] == first.key.cell]
    medians = own.groupby("night")["readings"].apply(lambda each: np.median([dict(row)["iops"] for row in each]))
    assert medians.to_numpy() == pytest.approx([point.value for point in first.points])


def test_another_kernel_is_another_environment_of_one_host(history):
    environments = {night.environments for night in history.nights()}
    assert len(environments) == 2


def test_the_same_seed_makes_the_same_files(tmp_path: Path):
    simulation = Simulation(nights=2, series=20)
    made = [simulated_history(str(tmp_path / name), simulation) for name in ("a", "b")]
    files = [sorted(Path(each.place.where).rglob("*.parquet")) for each in made]
    assert [path.read_bytes() for path in files[0]] == [path.read_bytes() for path in files[1]]
