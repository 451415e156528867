"""What is drawn is SVG that a reader of XML takes, and stays within the figure."""

import math
from xml.etree import ElementTree

import pytest

from pvbench.reports.drawing import SHAPES, Drawing, Mark, Pen

HOSTILE = "</text></svg><script>alert(1)</script>\"'&"
PLAIN = Pen("#000000")


def svg(drawing: Drawing) -> ElementTree.Element:
    return ElementTree.fromstring(drawing.svg("a title", "what it shows"))


def paths(drawing: Drawing) -> list[str]:
    return [node.attrib["d"] for node in svg(drawing).findall("{*}path")]


def test_a_line_goes_from_point_to_point_and_has_a_gap_where_one_is_not_finite() -> None:
    drawing = Drawing("x", 100, 50)

    drawing.line([(0, 1), (10, 2), (math.nan, math.nan), (20, 3), (30, 4.5)], PLAIN)

    assert ["M0 1L10 2M20 3L30 4.5"] == paths(drawing)


def test_a_value_beyond_the_figure_stands_at_its_edge() -> None:
    drawing = Drawing("x", 100, 50)

    drawing.line([(-5, 1), (105, 1)], PLAIN)
    drawing.marks([(-5, 1), (105, 1)], Mark("circle", 8, "#ffffff", "#000000"))

    assert ["M0 1L100 1"] == paths(drawing)
    assert ["0", "100"] == [node.attrib["x"] for node in svg(drawing).findall("{*}use")]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_mark_is_told_once_and_used_at_each_point(shape: str) -> None:
    drawing = Drawing("x", 100, 50)

    drawing.marks([(n, n) for n in range(50)], Mark(shape, 4, "#ffffff", "#000000", 1))

    (told,) = svg(drawing).findall("{*}defs/{*}path")
    used = svg(drawing).findall("{*}use")
    assert "scale(4)" == told.attrib["transform"]
    assert "stroke-width:0.25" in told.attrib["style"]
    assert [f"#{told.attrib['id']}"] * 50 == [node.attrib["href"] for node in used]


def test_words_are_words_whatever_they_are() -> None:
    drawing = Drawing("x", 100, 50)
    drawing.text(0, 10, HOSTILE, size=12, anchor="end", bold=True)

    root = ElementTree.fromstring(drawing.svg(HOSTILE, HOSTILE))

    assert [HOSTILE] * 3 == [root.findtext(f"{{*}}{name}") for name in ("text", "title", "desc")]
    assert [] == root.findall(".//{*}script")


def test_the_ids_of_two_figures_of_a_page_differ() -> None:
    figures = [Drawing(name, 100, 50) for name in ("one", "two")]
    for drawing in figures:
        drawing.marks([(1, 1)], Mark("circle", 8, "#ffffff", "#000000"))

    one, two = ({node.attrib["id"] for node in svg(each).iter() if "id" in node.attrib} for each in figures)

    assert one
    assert set() == one & two
