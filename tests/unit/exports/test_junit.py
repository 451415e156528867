"""junitparser reads the JUnit XML."""

from collections import Counter
from dataclasses import replace

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped

from pvbench.exports import junit
from pvbench.exports.nouns import ExportedRun
from pvbench.model import Outcome


@pytest.mark.parametrize("name", ["flawed", "hostile_run"])
def test_each_trial_is_a_case_that_ends_as_it_did(name: str, request: pytest.FixtureRequest) -> None:
    run: ExportedRun = request.getfixturevalue(name)
    never = run.trials[-1]
    run = replace(run, trials=run.trials[:-1])

    (suite,) = JUnitXml.fromstring(junit.encode([run]))

    ends = Counter(type(result) for case in suite for result in case.result)
    became = Counter(trial.outcome for trial in run.trials)
    assert {Failure: became[Outcome.INVALID], Error: became[Outcome.NOT_MEASURED], Skipped: 1} == ends
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (
        len(run.manifest.plan),
        ends[Failure],
        ends[Error],
        1,
    )
    assert [case.name for case in suite if never.spec.id in case.name] == [list(suite)[-1].name]


def test_a_case_says_its_figures_and_the_suite_what_the_host_ran_on(flawed: ExportedRun) -> None:
    (suite,) = JUnitXml.fromstring(junit.encode([flawed]))

    assert "lab: software emulation" in {each.value for each in suite.properties()}
    assert [case for case in suite if case.is_passed and "path proved" not in case.system_out] == []
