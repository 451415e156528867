"""Whole runs without any difference, boots differing by 4 %, through `pvbench compare`: how often it finds one."""

import math
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pvbench.model import Trial
from pvbench.store import Store
from pvbench.testing.runs import LOADS, sample_run
from pvbench.views.compare import page_of

pytestmark = pytest.mark.proof
SEEDS = 200


def without_difference(run: Any, seed: int) -> Any:
    """Replace every reading by one that differs by drift of its block and luck of its boot alone."""
    rng = np.random.default_rng(seed)
    drift = rng.normal(0, 0.08, 20)

    def draw(trial: Trial) -> Trial:
        luck = drift[trial.spec.block] + rng.normal(0, 0.04)
        return replace(trial, readings=tuple(replace(one, value=200 * math.exp(luck)) for one in trial.readings))

    return run.changed(draw)


@pytest.mark.parametrize(("blocks", "number"), [(5, 1), (10, 1), (5, 4)])
def test_at_most_6_percent_of_200_runs_without_difference_find_one(blocks: int, number: int) -> None:
    plain = sample_run(blocks=blocks, workloads=LOADS[:number])
    tones: Counter[str] = Counter()
    for seed in range(SEEDS):
        run = without_difference(plain, seed)
        page = page_of(run.manifest, run.trials, ["ide", "blkfront"])
        found = {row.tone for group in page.groups for row in group.rows}
        tones["different" if found & {"faster", "slower"} else "none"] += 1
        assert not any(row.decades for group in page.groups for row in group.rows)
    assert tones["different"] <= 0.06 * SEEDS


def test_a_stored_run_gives_the_same_page(tmp_path: Path) -> None:
    run = without_difference(sample_run(blocks=5, workloads=LOADS[:1]), 3)
    with Store.open(tmp_path, run.stored(tmp_path)) as kept:
        there = page_of(kept.manifest, kept.trials(), ["ide", "blkfront"])
    assert page_of(run.manifest, run.trials, ["ide", "blkfront"]) == there
