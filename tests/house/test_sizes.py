"""Nothing is too long to be read: functions, chains of arguments, modules, the command line's room."""

import ast
from collections.abc import Iterator, Mapping
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
LINES_OF_A_CLI_MODULE, NINE_OF_TEN_MODULES, LONGEST_MODULE = 110, 230, 400


@pytest.fixture(scope="module")
def trees() -> dict[str, ast.Module]:
    """Every module and program of ours, parsed once, by its path."""
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text()) for path in [*OURS, *HOSTSIDE]}


def functions(trees: Mapping[str, ast.Module]) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for path, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{path}:{node.lineno} {node.name}", node


def test_no_function_is_longer_than_a_screen(trees: dict[str, ast.Module]) -> None:
    lengths = {where: int(each.end_lineno or 0) - each.lineno + 1 for where, each in functions(trees)}

    assert {where: lines for where, lines in lengths.items() if lines > LONGEST_FUNCTION} == {}


def test_no_function_takes_a_chain_of_parameters_by_their_places(trees: dict[str, ast.Module]) -> None:
    taken = {
        where: [arg.arg for arg in (*each.args.posonlyargs, *each.args.args) if arg.arg not in {"self", "cls"}]
        for where, each in functions(trees)
    }

    assert {where: names for where, names in taken.items() if len(names) > MOST_POSITIONAL} == {}


def test_no_call_hands_on_a_chain_of_values_by_their_places(trees: dict[str, ast.Module]) -> None:
    chains = [
        f"{path}:{node.lineno} {ast.unparse(node.func)}"
        for path, tree in trees.items()
        if path.startswith("pvbench/")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and len(node.args) > MOST_POSITIONAL
    ]

    assert chains == []


def test_a_module_says_in_its_first_line_what_it_is_for(trees: dict[str, ast.Module]) -> None:
    first_lines = {path: (ast.get_docstring(tree) or "").partition("\n")[0] for path, tree in trees.items()}

    assert {path: line for path, line in first_lines.items() if len(line) < 20} == {}


def test_no_module_is_too_long_to_read() -> None:
    lengths = {path.name: len(path.read_text().splitlines()) for path in [*OURS, *HOSTSIDE]}

    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_MODULE} == {}


def test_nine_modules_of_ten_are_short() -> None:
    lengths = sorted(len(path.read_text().splitlines()) for path in OURS)

    assert lengths[len(lengths) * 9 // 10] <= NINE_OF_TEN_MODULES


def test_the_command_line_keeps_to_options_words_and_printing() -> None:
    """On average, so that it grows with its verbs and not with each verb."""
    lengths = [len(path.read_text().splitlines()) for path in (ROOT / "pvbench/cli").glob("[!_]*.py")]

    assert sum(lengths) / len(lengths) <= LINES_OF_A_CLI_MODULE, sorted(lengths)


def test_a_parameter_is_named_for_what_it_is(trees: dict[str, ast.Module]) -> None:
    """These words were the names of six things each."""
    riddles = {"found", "told", "said", "of", "asked"}
    names = {
        where: riddles & {arg.arg for arg in (*each.args.posonlyargs, *each.args.args, *each.args.kwonlyargs)}
        for where, each in functions(trees)
        if where.startswith("pvbench/")
    }

    assert {where: words for where, words in names.items() if words} == {}
