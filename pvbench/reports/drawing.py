"""Drawing: lines, marks, bars and words → SVG as a part of a page. Coordinates are points from the top left.

A figure is a few strokes, and the library that drew it before took longer to load than all else of a report
(docs/decisions.md). The text stays text.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from types import MappingProxyType

from pvbench.reports.colours import INK

SHAPES: Mapping[str, str] = MappingProxyType(
    {
        "circle": "M-.5 0a.5 .5 0 1 0 1 0a.5 .5 0 1 0-1 0z",
        "square": "M-.5-.5h1v1h-1z",
        "diamond": "M0-.707L.707 0L0 .707L-.707 0z",
        "pointing down": "M-.5-.5h1L0 .5z",
        "pointing right": "M-.5-.5L.5 0L-.5 .5z",
    }
)
"""The marks, as paths of SVG around the origin, one point wide; a diamond is a square on its corner."""


@dataclass(frozen=True)
class Pen:
    """How a line is drawn: colour, width in points, `cap` its ends, `dashes` the points of dash and gap."""

    colour: str
    width: float = 1.0
    opacity: float = 1.0
    cap: str = "butt"
    dashes: str = ""


@dataclass(frozen=True)
class Mark:
    """What stands at a value: a name in SHAPES, its size in points, what fills it and what is around it."""

    shape: str
    size: float
    fill: str
    edge: str
    edge_width: float = 0.8


class Drawing:
    """A figure in the making, so many points wide and high; what is drawn later lies above."""

    def __init__(self, name: str, width: float, height: float) -> None:
        """Begin an empty one; its name is unique on its page."""
        self.name, self.width, self.height = name, width, height
        self._parts: list[str] = []
        self._shapes: list[str] = []

    def line(self, points: Iterable[tuple[float, float]], pen: Pen) -> None:
        """Draw from point to point; one that is not finite is a gap."""
        path, command = [], "M"
        for x, y in points:
            if math.isfinite(x) and math.isfinite(y):
                path.append(f"{command}{self._across(x)} {_number(y)}")
                command = "L"
            else:
                command = "M"
        style = f"fill:none;stroke:{pen.colour};stroke-width:{pen.width:g};stroke-linecap:{pen.cap}"
        style += f";stroke-opacity:{pen.opacity:g}" if pen.opacity < 1 else ""
        style += f";stroke-dasharray:{pen.dashes}" if pen.dashes else ""
        self._parts.append(f'<path d="{"".join(path)}" style="{style}"/>')

    def marks(self, points: Sequence[tuple[float, float]], mark: Mark) -> None:
        """Draw a mark at each point."""
        shape = f"{self.name}-m{len(self._shapes)}"
        # The edge is of the mark's own scale.
        style = f"fill:{mark.fill};stroke:{mark.edge};stroke-width:{mark.edge_width / mark.size:.4g}"
        self._shapes.append(
            f'<path id="{shape}" d="{SHAPES[mark.shape]}" transform="scale({mark.size:g})" style="{style}"/>'
        )
        self._parts += [f'<use href="#{shape}" x="{self._across(x)}" y="{_number(y)}"/>' for x, y in points]

    def bar(self, left: float, top: float, width: float, height: float, colour: str, edge: str) -> None:
        """Draw a filled rectangle."""
        place = f'x="{_number(left)}" y="{_number(top)}" width="{_number(width)}" height="{_number(height)}"'
        self._parts.append(f'<rect {place} style="fill:{colour};stroke:{edge};stroke-width:.7"/>')

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float,
        colour: str = INK,
        anchor: str = "start",
        bold: bool = False,
    ) -> None:
        """Write words with their baseline at y, which begin (`start`), end (`end`) or have their `middle` at x."""
        font = f"{'bold ' if bold else ''}{size:g}px var(--sans, system-ui, sans-serif)"
        style = f"font:{font};fill:{colour}" + (f";text-anchor:{anchor}" if anchor != "start" else "")
        self._parts.append(f'<text x="{_number(x)}" y="{_number(y)}" style="{style}">{escape(words)}</text>')

    def svg(self, title: str, description: str) -> str:
        """Return the figure, with its title and what it shows in words for screen readers."""
        name = self.name
        return "\n".join(
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_number(self.width)} {_number(self.height)}" '
                f'role="img" aria-labelledby="{name}-title {name}-desc">',
                f'<title id="{name}-title">{escape(title)}</title>',
                f'<desc id="{name}-desc">{escape(description)}</desc>',
                *([f"<defs>{''.join(self._shapes)}</defs>"] if self._shapes else []),
                *self._parts,
                "</svg>",
            )
        )

    def _across(self, x: float) -> str:
        """Return a place from left to right, on the figure's edge where it would be beyond."""
        return _number(min(max(x, 0.0), self.width))


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
