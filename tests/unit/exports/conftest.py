"""A run in which every name and text is what somebody hostile would choose, and some trials gave nothing."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from pvbench.exports.nouns import ExportedRun
from pvbench.model import Flag, FlagKind, Trial, TrialSpec
from pvbench.testing.runs import LAB, flawed_run

HOSTILE = '=cmd|" /C calc"!A1,</script><img src=x onerror=alert(1)>\n\\"}#{ÿ\r\x1b[2J\ud800'


def renamed(spec: TrialSpec) -> TrialSpec:
    return replace(spec, cell=replace(spec.cell, arm=replace(spec.cell.arm, host=HOSTILE, stack=f"{HOSTILE}@0123")))


def hostile(trial: Trial) -> Trial:
    reason = HOSTILE if trial.reason else None
    return replace(
        trial, spec=renamed(trial.spec), reason=reason, flags=(Flag(FlagKind.OTHER, HOSTILE),), cache_mode=HOSTILE
    )


@pytest.fixture(scope="session")
def flawed() -> ExportedRun:
    run = flawed_run()
    return ExportedRun(run.manifest, run.trials)


@pytest.fixture(scope="session")
def hostile_run() -> ExportedRun:
    run = flawed_run()
    manifest = replace(
        run.manifest,
        matrix_name=HOSTILE,
        hosts=(replace(LAB, name=HOSTILE),),
        plan=tuple(map(renamed, run.manifest.plan)),
    )
    return ExportedRun(manifest, tuple(map(hostile, run.trials)))


@pytest.fixture(scope="session")
def otava_program() -> str:
    """Apache Otava, as OTAVA or PATH name it or `make test` installs it."""
    ours = Path(__file__).parents[3] / ".venv.otava/bin"
    found = os.environ.get("OTAVA") or shutil.which("otava", path=f"{os.environ['PATH']}{os.pathsep}{ours}")
    if found is None:
        pytest.skip("otava, of apache-otava, is not on PATH, nor does OTAVA name it")
    return found
