"""How often a gate is wrong, and how often it can tell: simulated runs, gated by the real thing, as docs/gate.md says.

The runs are blocks drawn from one long run: each with a drift of 6 % that its cells share, and 5 % of each cell's own.
"""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from pvbench.exit_codes import ExitCode
from pvbench.gate.judgement import gate
from pvbench.gate.limits import Limits
from pvbench.gate.nouns import Side
from pvbench.model import Reading, Trial
from pvbench.testing.runs import sample_manifest, sample_run
from tests.unit.gate.runs import times

pytestmark = pytest.mark.proof
DOCS = Path(__file__).parents[3] / "docs/gate.md"
POOL, PAIRS = 1000, 300
WORSE = 0.92


@cache
def pool(factor: float = 1) -> dict[int, tuple[Trial, ...]]:
    blocks: dict[int, list[Trial]] = {}
    for trial in sample_run(POOL, seed=7).changed(times(factor)).trials:
        blocks.setdefault(trial.spec.block, []).append(replace(trial, latency_bins=(), witnesses=(), commands=()))
    return {block: tuple(trials) for block, trials in blocks.items()}


def side(name: str, blocks: "np.ndarray[tuple[int], np.dtype[np.int64]]", factor: float = 1) -> Side:
    trials = tuple(trial for block in blocks.tolist() for trial in pool(factor)[block])
    return Side(sample_manifest((trial.spec for trial in trials), run_id=name, blocks=len(blocks)), trials)


def codes(blocks: int, factor: float = 1) -> list[ExitCode]:
    """Return how the gates of pairs of runs end; one cell of sixteen of the second gives so many times what it did."""
    rng = np.random.default_rng(blocks)
    drawn = [rng.choice(POOL, 2 * blocks, replace=False) for _ in range(PAIRS)]
    return [gate(side("a", one[:blocks]), side("b", one[blocks:], factor), Limits()).code for one in drawn]


def drifted(blocks: int, by: float) -> list[ExitCode]:
    """Return how the gates of pairs of runs end between which the whole host drifted."""
    rng = np.random.default_rng(blocks)

    def pair() -> tuple[Side, Side]:
        drawn, factor = rng.choice(POOL, 2 * blocks, replace=False), float(np.exp(rng.normal(0, by)))
        now = side("b", drawn[blocks:])
        return side("a", drawn[:blocks]), Side(now.manifest, tuple(scaled(trial, factor) for trial in now.trials))

    return [gate(*pair(), Limits()).code for _ in range(PAIRS)]


def scaled(trial: Trial, factor: float) -> Trial:
    return replace(trial, readings=tuple(Reading(each.metric, each.value * factor) for each in trial.readings))


def share(found: list[ExitCode], code: ExitCode) -> str:
    return f"{round(100 * found.count(code) / len(found), 1):g} %"


@pytest.mark.parametrize("blocks", [3, 5, 10, 20, 30])
def test_a_gate_is_wrong_and_can_tell_as_often_as_its_page_says(blocks: int) -> None:
    unchanged, slower = codes(blocks), codes(blocks, WORSE)

    assert unchanged.count(ExitCode.REGRESSED) / PAIRS <= 0.02
    row = [share(unchanged, ExitCode.REGRESSED), share(unchanged, ExitCode.DONE), share(slower, ExitCode.REGRESSED)]
    assert f"| {blocks} | {' | '.join(row)} |" in DOCS.read_text()


def test_a_host_that_drifts_between_two_runs_regresses_as_often_as_the_page_says() -> None:
    shares = [share(drifted(10, by), ExitCode.REGRESSED) for by in (0.02, 0.05)]

    assert f"by 2 %, {shares[0]} of unchanged gates regress, by 5 %, {shares[1]}" in " ".join(DOCS.read_text().split())
