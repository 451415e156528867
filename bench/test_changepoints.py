"""Change points beside Apache Otava's on the same series, and the nights until a step is told: `make bench`.

Otava pins numpy, so it is installed into an environment of its own, `.venv.otava`, by the first run of this.
"""

import json
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pvbench.history.analysis import analyse
from pvbench.history.nouns import AlarmKind, Night, Point, Series, SeriesKey, Side
from pvbench.stats.changepoint import changes
from pvbench.testing.nights import Score, score, synthetic_nights

SEEDS = (401, 402)
OTAVA = Path(__file__).parents[1] / ".venv.otava"
WANTED = ("apache-otava==0.8.0", "numpy==2.2.*", "scipy>=1.16,<1.17")
BY_OTAVA = """
import json, sys, time
from otava.analysis import compute_change_points
series = json.load(sys.stdin)
began = time.process_time()
found = [sorted(int(each.index) for each in compute_change_points(values)[0]) for values in series]
json.dump({"found": found, "seconds": time.process_time() - began}, sys.stdout)
"""
NIGHTS, STEP_AT, STEP = 110, 60, 0.05


def otava() -> Path:
    python = OTAVA / "bin/python"
    if not (OTAVA / "bin/otava").exists():
        try:
            subprocess.run([sys.executable, "-m", "venv", OTAVA], check=True)
            subprocess.run([python, "-m", "pip", "install", "-q", "--no-deps", *WANTED], check=True)
        except subprocess.CalledProcessError as error:
            pytest.skip(f"Apache Otava is not to be had: {error}")
    return python


def told(name: str, every: Score, larger: Score, seconds: float) -> None:
    print(
        f"{name}: F1 {every.f1:.3f}, without 3 % steps {larger.f1:.3f}, precision {every.precision:.3f}, "
        f"flat series alarmed {every.flat:.1%}, {seconds:.2f} s of CPU"
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_changes_are_found_better_and_no_slower_than_by_otava(seed: int) -> None:
    python, made = otava(), synthetic_nights(seed)

    began = time.process_time()
    ours = [[each.index for each in own] for own in changes(made.values)]
    seconds = time.process_time() - began
    done = subprocess.run(
        [python, "-c", BY_OTAVA], input=json.dumps(made.values), capture_output=True, text=True, check=True
    )
    theirs = json.loads(done.stdout)

    print()
    told("pvbench", score(made, ours), score(made, ours, leaving_out=0.03), seconds)
    told("Otava  ", score(made, theirs["found"]), score(made, theirs["found"], leaving_out=0.03), theirs["seconds"])
    assert score(made, ours).f1 > score(made, theirs["found"]).f1
    assert seconds <= min(5, theirs["seconds"])


def history(seed: int, series: int, slower: int) -> tuple[list[Night], list[Series], np.ndarray]:
    """Return a history with noise of 2 % in which the first series are 5 % slower from a night on, and its values."""
    values = 1000 * np.exp(np.random.default_rng(seed).normal(0, 0.02, (series, NIGHTS)))
    values[:slower, STEP_AT:] /= 1 + STEP
    key = SeriesKey(Side.VALUE, "xen1", "block", "blkfront", "", "randread 4 KiB", "{}", "iops")
    nights = [Night(f"{at:03}", f"{at:03}", f"{at:03}", "m", 1, 1) for at in range(NIGHTS)]
    every = [
        Series(replace(key, cell=str(row)), tuple(Point(f"{at:03}", float(value)) for at, value in enumerate(own)))
        for row, own in enumerate(values)
    ]
    return nights, every, values


def test_a_step_of_5_per_cent_is_suspected_and_settled_within_nights() -> None:
    """Fresh boots confirm in the night of the suspicion; what is printed as settled is without them."""
    suspected: Counter[int] = Counter()
    settled: list[int] = []
    slower = 5
    for seed in range(500, 540):
        nights, series, values = history(seed, 50, slower)
        alarms = analyse(nights, series).alarms
        for each in series[:slower]:
            seen = [
                int(alarm.seen)
                for alarm in alarms
                if alarm.series == each.key.id and alarm.kind is AlarmKind.REGRESSION and int(alarm.seen) >= STEP_AT
            ]
            suspected[min(seen, default=NIGHTS) - STEP_AT + 1] += 1
        for own in changes(values[:slower].tolist()):
            at = [each.settled for each in own if each.settled and abs(each.index - STEP_AT) <= 3]
            settled.append((at[0] if at else NIGHTS) - STEP_AT)

    count = 40 * slower
    within = {nights: sum(suspected[at] for at in range(nights + 1)) / count for nights in (1, 2, 3, 5, 10)}
    print("\n5 % step, noise 2 %: SUSPECT within nights", {nights: f"{share:.0%}" for nights, share in within.items()})
    tenths = {share: int(np.quantile(settled, share)) for share in (0.1, 0.5, 0.9)}
    print("settled without fresh boots, nights after:", {f"{share:.0%}": nights for share, nights in tenths.items()})
    assert within[5] >= 0.8
    assert tenths[0.5] <= 20
