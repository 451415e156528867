"""Columns of text for a terminal. Pure."""

from collections.abc import Iterable, Sequence

from pvbench.printable import clean


def columns(rows: Iterable[Sequence[str]], indent: str = "") -> str:
    """Return rows with their columns aligned, two spaces apart, each line ended; no cell breaks its row."""
    rows = [tuple(map(clean, row)) for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return "".join(
        indent + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() + "\n"
        for row in rows
    )
