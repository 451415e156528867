"""The workflows under docs/ci: valid to those who run them, and of options that pvbench has."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from pvbench.cli.app import App, Edges
from pvbench.cli.main import VERBS

CI = Path(__file__).parents[3] / "docs/ci"
SCHEMAS = {
    "github.yml": ["vendor.github-workflows"],
    "gitlab.yml": ["vendor.gitlab-ci", "--data-transform", "gitlab-ci"],
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_workflow_is_valid_by_its_published_schema(name: str) -> None:
    argv = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", *SCHEMAS[name], CI / name]

    checked = subprocess.run(argv, capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_workflow_calls_verbs_with_options_that_there_are(name: str) -> None:
    text = re.sub(r">-\n((?: {10}.*\n)+)", lambda folded: " ".join(folded[1].split()) + "\n", (CI / name).read_text())
    calls = [shlex.split(each)[1:] for each in re.findall(r"(?:run:|-) *(pvbench [^|#\n]*)", text)]

    assert {call[0] for call in calls} == {"run", "gate", "baseline"}
    for verb, *words in calls:
        command: click.Command = next(each for each in VERBS if each.name == verb)
        while isinstance(command, click.Group):
            command, words = command.commands[words[0]], words[1:]
        command.make_context(verb, words, obj=App(Edges()))
