"""Results folders of strangers: whatever a run's files hold, each reading verb reads them or says one line."""

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pvbench.cli.main import main
from pvbench.model import Arm, Cell, DeviceKind, GuestMode, Placement, Workload

EXAMPLE = Path(__file__).parents[3] / "results/example/quickstart"
VERBS = """\
ls --results .
ls --results . --json
show RUN
show -v RUN
show RUN --json
compare RUN ide blkfront
compare RUN ide blkfront --json
pilot --of RUN
report RUN -o page.html
export RUN --format ndjson -o page.html
export RUN --format csv -o page.html
export RUN --format parquet -o page.html
export RUN --format junit -o page.html
export RUN --format bencher -o page.html
export RUN --format prometheus -o page.html
history add RUN --history HISTORY
history series --history HISTORY
"""
TEXTS = [
    "",
    "\x1b[2J\x9b\u202e\u2028",
    "\ud800",
    "$x_{$",
    "<b>&\"'",
    "x" * 5000,
    "../../etc/passwd",
    "e\u0301\U0001f600",
    "\0",
    "9999-12-31T23:59:59Z",
    "2026-01-01",
    "raw/../manifest.json",
    "{{ 7 }}",
    "ok",
    "a\nb",
]
NUMBERS = [
    0,
    1,
    -1,
    2,
    3,
    1 << 31,
    (1 << 63) - 1,
    1 << 63,
    10**400,
    -(1 << 63),
    0.5,
    1e-300,
    1e300,
    -1e300,
    5e-324,
    -0.0,
]
OTHERS: list[Any] = [None, True, [], {}, [[]], [[1]], {"a": 1}, "text", 7]
LITERALS = [
    "1e999",
    "-1e999",
    "NaN",
    "Infinity",
    "1" * 5000,
    "1" * 5000 + ".5",
    "[" * 50_000,
    '{"a":' * 5000,
    '{"a":1,"a":2}',
    '"\\ud800"',
    "",
    "01",
]
MORE_PARAMS = (
    "rw",
    "bs",
    "rate_iops",
    "fsync",
    "protocol",
    "rate",
    "length",
    "send",
    "test",
    "peer",
    "parallel",
    "direction",
    "runtime",
)
PLAUSIBLE = [0, 1, 2, 3, 4096, 1 << 31, 1 << 62, 0.5, 1e-12, 1e18]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped run with the trials of one comparison alone, so that a report takes no second."""
    path = tmp_path_factory.mktemp("small") / "run"
    path.mkdir()
    head = json.loads((EXAMPLE / "manifest.json").read_text())
    kept = {key: cell for key, cell in head["cells"].items() if cell["workload"]["params"].get("rw") == "randread"}
    head["cells"], head["plan"] = kept, [spec for spec in head["plan"] if spec["cell"] in kept]
    (path / "manifest.json").write_text(json.dumps(head))
    lines = (EXAMPLE / "journal.ndjson").read_text().splitlines(keepends=True)
    (path / "journal.ndjson").write_text("".join(line for line in lines if json.loads(line)["id"][-12:] in kept))
    shutil.copytree(EXAMPLE / "raw", path / "raw")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, small: Path) -> Path:
    root = tmp_path_factory.mktemp("strangers")
    shutil.copytree(small, root / "runs" / "run")
    return root


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from places(each, (*path, key))


def changed(data: Any, chance: random.Random) -> str:
    """Return the JSON of data with something in it that should not be there."""
    mark = "@@here@@"
    *way, last = chance.choice([path for path in places(data) if path])
    inside = data
    for key in way:
        inside = inside[key]
    old, action = inside[last], chance.randrange(10)
    if action == 0:
        del inside[last]
    elif action == 1 and isinstance(inside, dict):
        inside[chance.choice(TEXTS)] = old
    elif action == 1:
        inside.append(old)
    elif action == 2:
        inside[last] = chance.choice(OTHERS)
    elif action == 3:
        inside[last] = mark
    elif isinstance(old, str):
        inside[last] = chance.choice(TEXTS)
    elif isinstance(old, int | float):
        inside[last] = chance.choice(NUMBERS)
    elif isinstance(old, list) and old:
        inside[last] = chance.choice([[], old[:1], old[::-1], old * 2])
    return json.dumps(data).replace(f'"{mark}"', chance.choice(LITERALS))


def spoil(run: Path, chance: random.Random) -> None:
    """Change one of a run's files."""
    for _ in range(chance.choice([1, 1, 1, 3])):
        path = run / chance.choice(["manifest.json", "journal.ndjson"])
        content = path.read_bytes()
        kind = chance.randrange(8)
        if kind == 0:
            at = chance.randrange(len(content) + 1)
            content = (
                content[:at] + chance.choice([b"", b"\0", b"\n", b"\xff\xfe", b"{", bytes(1000)]) + content[at + 1 :]
            )
        elif kind == 1:
            content = content[: chance.randrange(len(content) + 1)]
        else:
            lines = content.split(b"\n")
            number = chance.randrange(len(lines))
            try:
                lines[number] = changed(json.loads(lines[number]), chance).encode(errors="surrogatepass")
            except (ValueError, IndexError, RecursionError):
                lines.append(lines[number])
            content = b"\n".join(lines)
        path.write_bytes(content)


def not_json(name: str) -> None:
    pytest.fail(f"{name} is no JSON")


def ask_all(root: Path, world: Any, capsys: pytest.CaptureFixture[str]) -> None:
    meant = {".": str(root), "RUN": str(root / "runs/run"), "HISTORY": str(root / "history")}
    for line in VERBS.splitlines():
        argv = [meant.get(word, word) for word in line.split()]
        capsys.readouterr()
        code = main([word.replace("page.html", str(root / "page.html")) for word in argv], world.edges())
        said = capsys.readouterr()
        told = f"{line}: {said.err}"
        assert code in {0, 2, 3}, told
        assert "error in pvbench itself" not in said.err, told
        assert "Warning" not in said.err, told
        assert "" == "".join(char for char in said.out + said.err if not char.isprintable() and char not in "\n\t"), (
            told
        )
        if code == 2:
            assert 1 <= len(said.err.splitlines()) <= 2, told
        if line.startswith("ls"):
            assert code == 0
        if "--json" in line and said.out:
            json.loads(said.out, parse_constant=not_json)


def altered_cell(cell: dict[str, Any], chance: random.Random) -> None:
    """Ask for something else, in a way that reads as a cell."""
    params = cell["workload"]["params"]
    for _ in range(chance.randrange(1, 4)):
        name = chance.choice([*params, *MORE_PARAMS])
        if chance.random() < 0.3:
            params.pop(name, None)
        else:
            params[name] = chance.choice([*PLAUSIBLE, *TEXTS[:1], *TEXTS[3:], True, False])
    if chance.random() < 0.3:
        cell["workload"]["tool"] = chance.choice(["iperf3", "netperf", "fio", "x", *TEXTS[3:]])
    if chance.random() < 0.3:
        cell["arm"]["tunables"] = {chance.choice(["queues", "mtu", "x"]): chance.choice([*PLAUSIBLE, "text", True])}
    if chance.random() < 0.2:
        cell["arm"]["placement"] = "isolated"


def rewritten(small: Path, root: Path, seed: int) -> None:
    """Write the run anew with other figures, words and workloads that a reader takes for true."""
    chance = random.Random(seed)
    head, run = json.loads((small / "manifest.json").read_text()), root / "runs/run"
    head |= {"schema": 3, "setups": [], "disturbed_above": None}
    lines = [json.loads(line) for line in (small / "journal.ndjson").read_text().splitlines()]
    for line in lines:
        line |= {"schema": 3, "attempt": 1, "disturbance": []}
    before = {key: json.loads(json.dumps(cell)) for key, cell in head["cells"].items()}
    same = chance.random() < 0.5
    for cell in head["cells"].values():
        if chance.random() < 0.8:
            altered_cell(cell, random.Random(seed) if same else chance)
    for data in (head, *lines):
        for *way, last in [path for path in places(data) if path and chance.random() < 0.02]:
            if {"cell", "cells", "id", "schema", "sha256", "metric", "device", "plan", "spec", "arm", "factor"} & {
                *way,
                last,
            }:
                continue
            inside = data
            for key in way:
                inside = inside[key]
            if isinstance(inside[last], str) and last not in {"outcome", "started", "purpose", "placement", "run_id"}:
                inside[last] = chance.choice(TEXTS[:2] + TEXTS[3:])
            elif type(inside[last]) in (int, float):
                inside[last] = type(inside[last])(chance.choice(PLAUSIBLE))
    head["purpose"] = chance.choice(["run", "pilot", "control"])
    text = "\n".join(json.dumps(data) for data in (head, *lines)) + "\n"
    for key in before:
        text = text.replace(key, cell_id(head["cells"][key]))
    first, *rest = text.splitlines()
    cells = list(json.loads(first)["cells"].values())
    for number, line in enumerate(rest):
        data = json.loads(line)
        data["spec"]["cell"] = cells[list(before.values()).index(data["spec"]["cell"])]
        rest[number] = json.dumps(data)
    (run / "manifest.json").write_text(first)
    (run / "journal.ndjson").write_text("".join(line + "\n" for line in rest))


def cell_id(cell: dict[str, Any]) -> str:
    arm = cell["arm"]
    params, tunables = (tuple(sorted(each.items())) for each in (cell["workload"]["params"], arm["tunables"]))
    workload = Workload(cell["workload"]["tool"], params)
    kind, placement, mode = DeviceKind(arm["kind"]), Placement(arm["placement"]), GuestMode(arm["mode"])
    more = arm["guest"], mode, arm["stack"]
    return Cell(Arm(arm["host"], kind, arm["device"], placement, tunables, *more), workload).id


def spoilt(small: Path, root: Path, seed: int) -> None:
    for name in ("manifest.json", "journal.ndjson"):
        shutil.copyfile(small / name, root / "runs/run" / name)
    spoil(root / "runs/run", random.Random(seed))


SOON = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
SEEDS = st.integers(0, 1 << 32)


@SOON
@given(seed=SEEDS)
@pytest.mark.thorough
def test_a_spoilt_run_is_one_line_for_every_reading_verb(
    small: Path, folder: Path, world: Any, capsys: pytest.CaptureFixture[str], seed: int
) -> None:
    spoilt(small, folder, seed)
    ask_all(folder, world, capsys)


@SOON
@given(seed=SEEDS)
@example(seed=1132)  # an offered load in words
@example(seed=5547)  # a size that is true
@pytest.mark.thorough
def test_a_run_of_unheard_of_workloads_and_figures_is_read_by_every_verb(
    small: Path, folder: Path, world: Any, capsys: pytest.CaptureFixture[str], seed: int
) -> None:
    rewritten(small, folder, seed)
    ask_all(folder, world, capsys)


def stray(root: Path) -> None:
    """Put everything beside a run that is none."""
    runs = root / "runs"
    runs.mkdir(parents=True, exist_ok=True)
    (runs / "file").touch()
    (runs / "nothing").mkdir()
    (runs / "loop").symlink_to("loop")
    (runs / "\x1b[2J\udc80").mkdir()
    for name in ("fifo", "folder", "huge", "deep", "list", "odd", "utf16"):
        (runs / name).mkdir()
    os.mkfifo(runs / "fifo/manifest.json")
    (runs / "folder/manifest.json").mkdir()
    with (runs / "huge/manifest.json").open("wb") as huge:
        huge.truncate(200_000_000)
    (runs / "deep/manifest.json").write_text("[" * 1_000_000)
    (runs / "list/manifest.json").write_text("[]")
    (runs / "odd/manifest.json").write_text('{"schema": 99, "started": 7}')
    (runs / "utf16/manifest.json").write_bytes("{}".encode("utf-16"))


NO_RUNS = ("nothing", "loop", "fifo", "folder", "huge", "deep", "list", "odd", "utf16")


def test_what_is_no_run_does_not_keep_the_runs_from_being_listed(call: Any, measured: Any, here: Path) -> None:
    stray(here / "results")
    said = call("ls")
    assert (0, "") == (said.code, said.err)
    assert 1 == said.out.count("8 of 8 ok")
    assert 9 == said.out.count("unreadable: ")
    assert "200,000,000 bytes" in said.out
    assert 0 == call("show", "last").code
    assert 10 == len(json.loads(call("ls", "--json").out))


@pytest.mark.parametrize("name", NO_RUNS)
def test_what_is_no_run_is_one_line_for_whoever_asks_for_it(call: Any, here: Path, name: str) -> None:
    stray(here / "results")
    for line in ("show RUN", "report RUN", "compare RUN a b", "pilot --of RUN", "run --resume RUN"):
        for meant in (name, f"results/runs/{name}"):
            said = call(*(meant if word == "RUN" else word for word in line.split()))
            assert 2 == said.code, said.err
            assert said.err.startswith("pvbench: ")
            assert len(said.err.splitlines()) <= 2


def test_a_run_is_the_last_and_in_its_place_by_when_it_began_whatever_its_folder_is_called(
    call: Any, matrix: Path, here: Path, world: Any
) -> None:
    for _ in range(2):
        assert 0 == call("run", matrix).code
        world.clock.seconds += 3600
    first, second = sorted((here / "results/runs").iterdir())
    first.rename(here / "results/runs/zz-renamed")
    second.rename(here / "results/runs/aa-renamed")
    assert ["zz-renamed", "aa-renamed"] == [run["run"] for run in json.loads(call("ls", "--json").out)]
    assert "aa-renamed" in json.loads(call("show", "last", "--json").out)["path"]


@pytest.mark.thorough
def test_a_folder_that_may_not_be_read_is_one_line(call: Any, measured: Any, here: Path) -> None:
    run = min((here / "results/runs").iterdir())
    script = (
        "import contextlib, io, os, sys; from pvbench.cli import main\n"
        "with contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO())): main(sys.argv[1:])\n"  # imports all of it
        "os.setgroups([]); os.setresgid(65534, 65534, 65534); os.setresuid(65534, 65534, 65534)\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody who may not read")
    for folder in (here, here.parent, here.parent.parent):
        folder.chmod(0o755)
    for closed, verbs in ((run, ("ls", "show")), (run.parent, ("ls", "show")), (run / "raw", ("report",))):
        closed.chmod(0o700)
        for verb in verbs:
            argv = [
                verb,
                "--results",
                "results",
                *([] if verb == "ls" else ["last" if closed != run else f"results/runs/{run.name}"]),
            ]
            argv += ["-o", "-"] if verb == "report" else []
            done = subprocess.run([sys.executable, "-c", script, *argv], capture_output=True, text=True, cwd=here)
            told = done.stderr if closed != run or verb != "ls" else done.stdout
            assert "ermission denied" in told, (argv, done)
            assert "Traceback" not in done.stderr
            assert done.returncode == (0 if verb == "report" or (verb == "ls" and closed == run) else 2)
        closed.chmod(0o755)


def test_outputs_that_are_not_what_was_kept_are_told_and_the_report_still_comes(
    call: Any, measured: Any, here: Path
) -> None:
    kept = sorted(path for path in (here / "results/runs").rglob("raw/*/*") if path.is_file())
    kept[0].unlink()
    kept[1].write_bytes(kept[1].read_bytes()[::-1])
    kept[2].write_bytes(kept[2].read_bytes() + b" ")
    kept[3].unlink()
    kept[3].symlink_to(kept[4])
    said = call("report", "last", "-o", "out.html")
    assert (0, "out.html\n") == (said.code, said.out)
    for number, why in enumerate(("No such file", "its SHA-256 is not", "bytes, not", "is a symbolic link")):
        (line,) = [each for each in said.err.splitlines() if f"{kept[number].parent.name}/{kept[number].name}" in each]
        assert line.startswith("altered: raw/")
        assert why in line
    page = (here / "out.html").read_text()
    assert "4 raw outputs are not what was kept" in page
    assert "its SHA-256 is not the recorded one" in page
    assert "Altered" not in call("compare", "last", "ide", "blkfront").out


def test_a_report_goes_nowhere_that_the_run_itself_names(call: Any, measured: Any, here: Path) -> None:
    manifest = next((here / "results/runs").rglob("manifest.json"))
    head = json.loads(manifest.read_text())
    for name in ("../../../evil", "/tmp/evil", "", "a b", "x" * 300):
        manifest.write_text(json.dumps(head | {"run_id": name}))
        said = call("report", "last")
        assert (2, True) == (said.code, "not fit for the name of a file" in said.err)
