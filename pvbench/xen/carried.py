"""Programs of hostside/ that a host runs without keeping them: handed over stdin, never written to a file there."""

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pvbench import shipped
from pvbench.errors import CommandFailed
from pvbench.transport import Conversation, Transport

# The first line on stdin has the sources, what is imported before what imports it; the program itself comes last. -I
# keeps the host's own settings of Python, and modules of ours that lie in the folder we log in to, out of it.
LOADER = """
import json, sys, types
given = json.loads(sys.stdin.readline())["sources"]
if sys.version_info < (3, 6):
    sys.stdout.write(json.dumps({"error": "Python 3.6 or later is needed"}) + "\\n")
    sys.exit()
sys.argv[0] = given[-1][0]
for name, source in given[:-1]:
    module = types.ModuleType(name)
    sys.modules[name] = module
    exec(compile(source, name, "exec"), module.__dict__)
sys.stdout.write("{}\\n")
sys.stdout.flush()
exec(compile(given[-1][1], given[-1][0], "exec"), {"__name__": "__main__"})
"""


@contextmanager
def talk(transport: Transport, name: str, timeout_s: float) -> Iterator[Conversation]:
    """Start a program of hostside/ and yield it. Raises CommandFailed where the host has no Python for it."""
    argv = ("python3", "-I", "-B", "-c", LOADER)
    with transport.talk(argv) as program:
        try:
            answer = program.ask({"action": "load", "sources": sources(shipped.folder("hostside"), name)}, timeout_s)
        except CommandFailed as error:
            raise CommandFailed(
                f"{transport.name}: {name} does not start: {error.reason}",
                hint=f"{transport.name} needs python3, 3.6 or later; `pvbench doctor {transport.name}` says more",
            ) from error
        if "error" in answer:
            raise CommandFailed(f"{transport.name}: {name} does not start: {answer['error']}")
        yield program


def sources(folder: Path, program: str) -> list[tuple[str, str]]:
    """Return (name, source) of a program, last, after those of its siblings that it imports, each after its own."""
    found: dict[str, str] = {}

    def visit(name: str, path: Path) -> None:
        source = path.read_text(encoding="utf-8")
        for imported in _imports(source):
            if imported not in found and (sibling := folder / f"{imported}.py").is_file():
                visit(imported, sibling)
        found[name] = source

    visit(program, folder / program)
    return list(found.items())


def _imports(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
