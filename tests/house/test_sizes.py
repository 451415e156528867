"""Nothing is too long to be read: functions, chains of arguments, modules, the command line's room."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = sorted((ROOT / "pvbench").rglob("*.py"))
HOSTSIDE = [
    path
    for path in sorted((ROOT / "hostside").glob("pvb[-_]*"))
    if path.suffix != ".json" and path.read_text().startswith("#!/usr/bin/env python3")
]
LONGEST_FUNCTION, MOST_POSITIONAL = 50, 6
MOST_LINES_OF_CLI, NINE_OF_TEN_MODULES = 1500, 230


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize("path", [*OURS, *HOSTSIDE], ids=named)
def test_no_function_is_longer_than_a_screen(path: Path) -> None:
    lengths = {each.name: int(each.end_lineno or 0) - each.lineno + 1 for each in functions(path)}

    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FUNCTION} == {}


@pytest.mark.parametrize("path", [*OURS, *HOSTSIDE], ids=named)
def test_no_function_takes_a_chain_of_parameters_by_their_places(path: Path) -> None:
    chains = {
        each.name: names
        for each in functions(path)
        if len(
            names := [arg.arg for arg in (*each.args.posonlyargs, *each.args.args) if arg.arg not in {"self", "cls"}]
        )
        > MOST_POSITIONAL
    }

    assert chains == {}


@pytest.mark.parametrize("path", OURS, ids=named)
def test_no_call_hands_on_a_chain_of_values_by_their_places(path: Path) -> None:
    chains = [
        f"line {node.lineno}: {ast.unparse(node.func)}"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and len(node.args) > MOST_POSITIONAL
    ]

    assert chains == []


def test_nine_modules_of_ten_are_short() -> None:
    lengths = sorted(len(path.read_text().splitlines()) for path in OURS)

    assert lengths[len(lengths) * 9 // 10] <= NINE_OF_TEN_MODULES


def test_the_command_line_keeps_to_options_words_and_printing() -> None:
    lines = sum(len(path.read_text().splitlines()) for path in (ROOT / "pvbench/cli").glob("*.py"))

    assert lines <= MOST_LINES_OF_CLI


@pytest.mark.parametrize("path", [*OURS, *HOSTSIDE], ids=named)
def test_a_module_says_in_its_first_line_what_it_is_for(path: Path) -> None:
    said = ast.get_docstring(ast.parse(path.read_text())) or ""

    assert len(said.partition("\n")[0]) >= 20
