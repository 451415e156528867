"""Every verb with inputs that are wrong in every way we know: a line or two, a code of ours, never a traceback."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from pvbench.cli.main import VERBS

GOLDEN = Path(__file__).parents[2] / "golden"
FILES: dict[str, bytes] = {
    "empty": b"",
    "nul": b"\0" * 100,
    "binary": bytes(range(256)) * 10,
    "utf16": "schema: 1".encode("utf-16"),
    "latin1": b"schema: 1\nhosts: [caf\xe9]\n",
    "surrogate": b'schema: 1\nhosts: ["\\ud800"]\n',
    "escapes": b'schema: 1\nhosts: ["\\e[2J\\x9b"]\n',
    "scalar": b"7\n",
    "list": b"- 1\n",
    "deep": b"[" * 100_000,
    "deep block": b"".join(b" " * depth + b"a:\n" for depth in range(500)),
    "aliases": b"a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nschema: *c\n",
    "itself": b"schema: &s [*s]\n",
    "tags": b"schema: !!python/object/apply:os.system ['true']\n",
    "figures": b"schema: 1e999\nhosts: .nan\n",
    "digits": b"schema: " + b"9" * 5000 + b"\n",
    "long": b"schema: " + b"x" * 1_000_000 + b"\n",
    "merge": b"<<: 7\nschema: 1\n",
    "two": b"schema: 1\n---\nschema: 1\n",
    "gzip": b"\x1f\x8b",
    "gzip cut": (GOLDEN / "trace/ide-all.bin.gz").read_bytes()[:100],
    "gzip wrong": b"\x1f\x8b" + bytes(range(200)),
    "trace cut": b"\x03\xf0\x01\x20\0\0\0\0\xff\xff\xff\xff",
}
NAMES = [
    "",
    ".",
    "/",
    "no",
    "no/such",
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "loop",
    "x" * 300,
    "a\nb",
    "-",
    "é\udc80",
    "~",
    "..",
    "%s%n",
    "$(id)",
    "last",
    "-1",
]
ODD = ["", "/dev/null", "loop", "x" * 300, "no/such", "é\udc80"]
"""Of these names those that a folder or a file to write is tried with: behind each is a run or a page."""
WORDS = [
    "",
    "0",
    "-1",
    "9" * 50,
    "nan",
    "inf",
    "1e999",
    "x",
    "10",
    "10%",
    "1GiB",
    "5GB/s",
    "é\udc80",
    "\x1b[2J",
    "a\nb",
    "1h",
    "١",
]

VALID = {
    "init": "",
    "check": "quick.yaml",
    "plan": "quick.yaml",
    "pilot": "quick.yaml",
    "run": "quick.yaml",
    "nightly": "quick.yaml",
    "ls": "",
    "show": "last",
    "report": "last",
    "compare": "last ide blkfront",
    "export": "last --format csv",
    "gate": "last --against last",
    "baseline set": "last",
    "baseline show": "",
    "baseline list": "",
    "doctor": "xen1",
    "clean": "xen1",
    "observe": "xen1 web",
    "shell": "xen1 true",
    "trace": str(GOLDEN / "trace/ide-all.bin.gz"),
    "import-config": str(GOLDEN / "xen/import/posting.cfg"),
    "stack build": "xen xen1",
    "stack deploy": "xen xen1",
    "dashboard": "",
    "annotate": "all last text",
    "serve": "--port 0",
    "history add": "last",
    "history list": "",
    "history series": "",
    "history check": "",
    "history export": "--format otava",
    "history drop": "last",
    "history thin": "--keep-rows 10",
    "detect": "/dev/null",
    "import": str(GOLDEN / "foreign/netperf-tcp-stream.txt"),
    "stack show": "xen",
    "stack diff": "xen xen",
    "stack rollback": "xen1",
    "stack verify": "xen1",
    "lab build": "",
    "lab up": "",
    "lab down": "",
    "lab status": "",
    "lab ssh": "true",
    "lab rm": "",
}
"""What each verb is called with when nothing is wrong; a new verb needs a row."""

BUILDS = {"lab build", "doctor"}
"""These look at this machine itself: they are called with words that are wrong alone."""


def commands() -> Iterator[tuple[str, click.Command]]:
    for verb in VERBS:
        if isinstance(verb, click.Group):
            yield from ((f"{verb.name} {name}", command) for name, command in verb.commands.items())
        else:
            yield str(verb.name), verb


COMMANDS = dict(commands())


def options(command: click.Command) -> Iterator[click.Option]:
    for each in command.params:
        if isinstance(each, click.Option) and not each.is_flag and not each.count and each.name != "help":
            yield each


@pytest.fixture
def wrong(here: Path, matrix: Path) -> Path:
    """The folder we are in, with a file of each wrong kind and a link to itself."""
    for name, content in FILES.items():
        (here / name).write_bytes(content)
    (here / "loop").symlink_to("loop")
    return here


def judge(said: Any, argv: list[str]) -> None:
    told = f"{argv}: {said.err}"
    assert said.code in {0, 1, 2, 3, 4, 5}, told
    assert "error in pvbench itself" not in said.err, told
    assert "Traceback" not in said.err, told
    assert "" == "".join(char for char in said.out + said.err if not char.isprintable() and char not in "\n\t"), told
    if said.code == 2:
        assert "" == said.out, told
        assert any(line.startswith("pvbench: ") for line in said.err.splitlines()), told
    wrong = [line for line in said.err.splitlines() if line.startswith(("pvbench: ", "hint: "))]
    assert len(wrong) <= 3, told


def test_every_verb_is_tried() -> None:
    assert set(VALID) == set(COMMANDS)


@pytest.mark.thorough
@pytest.mark.parametrize("verb", [name for name in COMMANDS if name not in BUILDS])
def test_no_file_or_name_given_to_a_verb_makes_a_traceback(
    call: Callable[..., Any], wrong: Path, measured: Any, verb: str
) -> None:
    words = VALID[verb].split()
    for place, name in itertools.product(range(max(1, len(words))), [*FILES, *NAMES]):
        argv = [*verb.split(), *words[:place], name, *words[place + 1 :]]
        judge(call(*argv), argv)


@pytest.mark.thorough
@pytest.mark.parametrize("verb", COMMANDS)
def test_no_word_given_to_an_option_makes_a_traceback(
    call: Callable[..., Any], wrong: Path, measured: Any, verb: str
) -> None:
    given = "--of last" if verb == "pilot" else VALID[verb]  # what measures takes long
    for option in options(COMMANDS[verb]):
        file = {"--output", "--results", "--hosts", "--history"} & {*option.opts}
        if verb in BUILDS and not file:
            continue
        for word in ODD if file else WORDS:
            argv = [*verb.split(), *given.split(), option.opts[-1], word]
            judge(call(*argv), argv)


@pytest.mark.parametrize("name", [*FILES, *NAMES])
def test_no_hosts_file_makes_a_traceback(call: Callable[..., Any], wrong: Path, name: str) -> None:
    argv = ["check", "quick.yaml", "--hosts", name]
    judge(call(*argv), argv)


@pytest.mark.parametrize("verb", [name for name in COMMANDS if name != "lab build"])
def test_no_number_of_words_makes_a_traceback(call: Callable[..., Any], matrix: Path, verb: str) -> None:
    for words in (
        (),
        ("a",) * 9,
        ("--nonsense",),
        ("--",),
        ("--json", "--json"),
        ("-v",),
        ("-qqq",),
        ("--help", "x"),
    ):
        argv = [*verb.split(), *words]
        if verb != "doctor" or words:
            judge(call(*argv), argv)
