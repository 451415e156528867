"""Text to tree, and the shapes and units that read it."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pvbench.errors import InventoryError, MatrixError, UsageError
from pvbench.yaml_schema import (
    DURATION,
    RATE,
    SIZE,
    WHOLE_SECONDS,
    Choice,
    Field,
    Flag,
    Keyed,
    Listed,
    Node,
    Quantity,
    Scalar,
    Sequence,
    Swept,
    Table,
    Text,
    Whole,
    at,
    decode,
    nearest,
    parse,
)


def tree(text: str) -> Node:
    return parse(text, name="f.yaml", error=MatrixError)


def refusal(text: str, shape: object = None) -> str:
    def read() -> object:
        node = tree(text)
        return node if shape is None else shape.read(node)  # type: ignore[attr-defined]

    with pytest.raises(MatrixError) as caught:
        read()
    return str(caught.value)


def test_every_node_knows_where_it_stands() -> None:
    root = tree("a: 1\nb:\n  - x\n  -   {c: yes}\n")
    assert isinstance(root, Table)
    assert (1, 1) == (root.line, root.column)
    inner = at(root, "b", 1, "c")
    assert isinstance(inner, Scalar)
    assert (4, 11, "yes", "bool") == (inner.line, inner.column, inner.text, inner.tag)
    assert isinstance(at(root, "b"), Sequence)


def test_a_path_that_ends_early_leads_to_what_is_there() -> None:
    root = tree("a:\n  b: x\n")
    assert (2, 6) == (at(root, "a", "b", 0).line, at(root, "a", "b", 0).column)
    assert (2, 3) == (at(root, "a", "missing", "deep").line, at(root, "a", "missing").column)


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("", "1:1", "empty"),
        ("\n# a\n", "1:1", "empty"),
        ("a: 1\nb: 2\na: 3\n", "3:1", "'a' is here twice; the first is in line 1"),
        ("a:\n\tb: 1\n", "2:1", "tab"),
        ("a:\n  - b\n \t- c\n", "3:2", "tab"),
        ("a: &x 1\n", "1:4", "anchors"),
        ("a: *x\n", "1:4", "anchors"),
        ("<<: {}\n", "1:1", "merges"),
        ("a: !!str 1\n", "1:4", "tags"),
        ("a: 1\n---\nb: 2\n", "2:1", "second document"),
        ("a: 1\n...\nb: 2\n", "3:1", "does not go on"),
        ("? [a]\n: 1\n", "1:3", "one word"),
        ("1: a\n", "1:1", "quotes"),
        ("a: [1, 2\nb: 3\n", "1:4", "not closed"),
        ("a: 'b\n", "1:4", "inside quotes"),
        ('a: "\\U00ffffff"\n', "1:7", "out of range"),
        ('a: "\\ud800"\n', "1:4", "cannot be printed"),
        ('a: "\\e[31m"\n', "1:4", "cannot be printed"),
        ("a: x\n b: y\n", "2:3", "indentation"),
        ("a: \x00\n", "1:4", "U+0000"),
        ("a: b\nc: \ud800\n", "2:4", "U+D800"),
        ("[" * 5000, "1:18", "levels deep"),
        ("a: 1 " * 100_000, "1:1", "at most"),
        ("%YAML 9.1\n---\na: 1\n", "1:1", "not YAML"),
    ],
)
def test_what_a_settings_file_does_not_need_is_refused_at_its_place(text: str, place: str, words: str) -> None:
    message = refusal(text)
    assert message.startswith(f"f.yaml:{place}: "), message
    assert words in message


def test_bytes_must_be_utf_8() -> None:
    assert "a: é" == decode("a: é".encode(), "f")
    assert "a: é" == decode(b"\xef\xbb\xbf" + "a: é".encode(), "f")
    for data, place, words in (
        (b"a: 1\nb: \xe9\n", "2:4", "byte 0xe9"),
        ("é: ".encode() + b"\xff", "1:4", "byte 0xff"),
        (b"\xef\xbb\xbfa: \xff", "1:4", "byte 0xff"),
        ("a: 1".encode("utf-16"), "1:1", "UTF-16"),
    ):
        with pytest.raises(InventoryError, match=f"^f:{place}: .*{words}"):
            decode(data, "f", InventoryError)
    with pytest.raises(UsageError):
        decode(b"\xff", "f")


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_arbitrary_bytes_raise_nothing_but_the_error_asked_for(data: bytes) -> None:
    told = "f:1:1: nothing"
    try:
        parse(decode(data, "f", MatrixError), name="f", error=MatrixError)
    except MatrixError as err:
        told = str(err)
    assert re.match(r"f:\d+:\d+: .", told)
    assert len(told.splitlines()) == 1


def test_a_long_or_strange_file_name_does_not_break_the_line() -> None:
    with pytest.raises(MatrixError) as caught:
        parse("", name="a\nb" * 100, error=MatrixError)
    assert len(str(caught.value).splitlines()) == 1


def test_the_nearest_name_is_offered_whatever_its_case() -> None:
    assert "; did you mean 'KiB'?" == nearest("kib", ["B", "KiB"])
    assert "; one of a, b" == nearest("zzzz", ["a", "b"])
    assert "" == nearest("x", [])


@pytest.mark.parametrize(
    ("quantity", "text", "value"),
    [
        (SIZE, "4KiB", 4096),
        (SIZE, "4 KiB", 4096),
        (SIZE, "4kB", 4000),
        (SIZE, "1.5MiB", 1572864),
        (SIZE, "0B", 0),
        (RATE, "10Mbit/s", 10_000_000),
        (RATE, "2.5Gbit/s", 2_500_000_000),
        (DURATION, "5s", 5),
        (DURATION, "500ms", 0.5),
        (DURATION, "1000ms", 1),
        (DURATION, "2m", 120),
        (DURATION, "1h", 3600),
        (WHOLE_SECONDS, "1m", 60),
    ],
)
def test_quantities_are_read_into_base_units(quantity: Quantity, text: str, value: float) -> None:
    read = quantity.read(tree(text))
    assert (value, type(value)) == (read, type(read))
    assert re.search(quantity.schema()["pattern"], text)


@pytest.mark.parametrize(
    ("quantity", "text", "words"),
    [
        (SIZE, "4k", "did you mean '4KiB' or '4kB'?"),
        (SIZE, "4K", "did you mean '4KiB' or '4kB'?"),
        (SIZE, "4096", "has no unit"),
        (SIZE, "4Kib", "did you mean '4KiB' or '512B'?"),
        (SIZE, "KiB", "write it like 4KiB"),
        (SIZE, "-4KiB", "write it like 4KiB"),
        (SIZE, "04KiB", "write it like 4KiB"),
        (SIZE, "4furlongs", "'furlongs' is not a unit of a size; one of B, kB"),
        (SIZE, "0.3B", "not a multiple of 1B"),
        (SIZE, "[4KiB]", "expected a size such as 4KiB, found a list"),
        (RATE, "10Mbps", "did you mean '10Mbit/s'?"),
        (RATE, "10M", "did you mean '10Mbit/s' or '80Mbit/s'?"),
        (DURATION, "5", "did you mean '5s' or '5ms'?"),
        (DURATION, "5min", "did you mean '5m'?"),
        (DURATION, "9999h", "out of range; 0ms to 24h"),
        (DURATION.between("1s", "2m"), "500ms", "out of range; 1s to 2m"),
        (WHOLE_SECONDS, "500ms", "'500ms' is not whole; write a whole number and a unit, like 5s"),
        (WHOLE_SECONDS, "1.5s", "not whole"),
        (SIZE.between("1MiB", "1GiB", "1MiB"), "1500KiB", "not a multiple of 1MiB"),
    ],
)
def test_wrong_units_are_told_with_what_may_have_been_meant(quantity: Quantity, text: str, words: str) -> None:
    assert words in refusal(text, quantity)


@pytest.mark.parametrize(
    ("shape", "text", "value"),
    [
        (Whole(0, 10), "7", 7),
        (Flag(), "false", False),
        (Choice("fruit", ("apple", "pear")), "pear", "pear"),
        (Text("word", "[a-z]+", "letters"), '"no"', "no"),
        (Listed(Whole(0, 9), "[1]"), "[2, 1]", (2, 1)),
        (Swept(Whole(0, 9)), "3", (3,)),
        (Swept(Whole(0, 9)), "[3, 4]", (3, 4)),
        (Keyed("k", {"a": Field(Whole(0, 9), "", default="4"), "b": Field(Flag(), "")}), "{}", {"a": 4, "b": None}),
    ],
)
def test_shapes_read_what_fits(shape: object, text: str, value: object) -> None:
    assert value == shape.read(tree(text))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("shape", "text", "words"),
    [
        (Whole(0, 10), "11", "0 to 10"),
        (Whole(0, 10), "0x7", "expected a whole number"),
        (Whole(0, 10), "1_0", "expected a whole number"),
        (Whole(0, 10), "1:30", "expected a whole number"),
        (Whole(0, 10), "9" * 5000, "expected a whole number"),
        (Whole(0, 10), "'7'", "expected a whole number"),
        (Flag(), "yes", "expected true or false"),
        (Choice("fruit", ("apple", "pear")), "aple", "no fruit 'aple'; did you mean 'apple'?"),
        (Text("word", "[a-z]+", "letters"), "no", "reads 'no' as yes or no; put it in quotes"),
        (Text("word", "[a-z]+", "letters"), "2024-01-01", "a date"),
        (Text("word", "[a-z]+", "letters", longest=3), "abcd", "at most 3"),
        (Text("word", "[a-z]+", "letters", refused=frozenset({"root"})), "root", "'root' is no word: letters"),
        (Listed(Whole(0, 9), "[1]"), "[]", "an empty list"),
        (Listed(Whole(0, 9), "[1]"), "[1, 1]", "'1' is in this list twice"),
        (Keyed("k", {"a": Field(Whole(0, 9), "", required=True)}), "{}", "'a' is missing in k"),
        (Keyed("k", {"abc": Field(Whole(0, 9), "")}), "{acb: 1}", "unknown key 'acb' in k; did you mean 'abc'?"),
        (Keyed("k", {"a": Field(Whole(0, 9), "")}, least=1), "{}", "k is empty"),
        (Keyed("k", {"a": Field(Whole(0, 9), "")}), "{a: }", "found nothing"),
        (Choice("fruit", ("apple",)), "x" * 500, "…"),
    ],
)
def test_shapes_refuse_what_does_not_fit(shape: object, text: str, words: str) -> None:
    message = refusal(text, shape)
    assert words in message
    assert len(message) < 250
