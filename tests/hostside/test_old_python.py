"""The programs of hostside/ start and answer with the oldest Python that a dom0 has, where there is one to try."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pvbench.xen import carried
from tests.hostside.test_programs import HOSTSIDE
from tests.house.test_house import PYTHON

BARE = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
"""What a login by SSH without a terminal has: no locale but C, in which Python 3.6 takes files for ASCII."""
LOAD = """\
import sys
sys.path.insert(0, sys.argv[1])
exec(compile(open(sys.argv[2], encoding="utf-8").read(), sys.argv[2], "exec"), {"__name__": "loaded"})
"""


@pytest.fixture(scope="module")
def old() -> str:
    """Python 3.6, by its real path; $PYTHON36 names one that is not on PATH."""
    named = os.environ.get("PYTHON36") or shutil.which("python3.6")
    asked = [named or "false", "-c", "import sys; print(sys.version_info[:2] == (3, 6) and sys.executable)"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    if done.returncode or done.stdout.strip() == "False":
        pytest.skip("there is no Python 3.6 here; PYTHON36=/path/to/it tries it")
    return done.stdout.strip()


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: path.name)
def test_a_program_of_the_host_loads_with_python_3_6(old: str, path: Path) -> None:
    argv = [old, "-I", "-B", "-c", LOAD, str(HOSTSIDE), str(path)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=BARE)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", ["pvb-observe", "pvb-domain", "pvb-lease"])
def test_a_program_that_stays_answers_with_python_3_6(old: str, name: str) -> None:
    given = {"action": "load", "sources": carried.sources(HOSTSIDE, name)}
    asked = {"action": "no such action", "folder": "/nowhere"}
    argv = [old, "-I", "-B", "-c", carried.LOADER]
    lines = "".join(json.dumps(each) + "\n" for each in (given, asked))
    done = subprocess.run(argv, input=lines.encode(), capture_output=True, check=False, env=BARE)

    loaded, answer = map(json.loads, done.stdout.splitlines())
    assert loaded == {}
    assert "no such action" in answer["error"]
    assert done.returncode == 0, done.stderr


def test_an_older_python_is_told_to_be_too_old(tmp_path: Path) -> None:
    aged = carried.LOADER.replace("import json, sys, types", "import json, sys, types; sys.version_info = (3, 5)")
    line = json.dumps({"sources": [["pvb-x", "print(1)"]]}).encode() + b"\n"
    done = subprocess.run([sys.executable, "-I", "-c", aged], input=line, capture_output=True, check=True)

    assert json.loads(done.stdout) == {"error": "Python 3.6 or later is needed"}
