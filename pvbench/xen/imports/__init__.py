"""Configurations of xm and xl, as other people wrote them → a guest, and the same in today's words."""

from dataclasses import replace

from pvbench.xen.imports.convert import convert
from pvbench.xen.imports.decode import decode
from pvbench.xen.imports.linted import devices_of, stores_here
from pvbench.xen.imports.nouns import Imported, ImportedDisk, ImportedGuest, ImportedNic, Mode, Note, Reach
from pvbench.xen.imports.words import Place
from pvbench.xen.imports.write import as_data, matrix, render, xl_cfg
from pvbench.xen.lint import LiesOn, findings

__all__ = [
    "Imported",
    "ImportedDisk",
    "ImportedGuest",
    "ImportedNic",
    "Mode",
    "Note",
    "Reach",
    "as_data",
    "import_config",
    "matrix",
    "render",
    "stores_here",
    "xl_cfg",
]


def import_config(content: bytes, file: str, lies_on: LiesOn) -> Imported:
    """Convert a configuration and lint it; raises ConfigError for what cannot be converted or must not be booted."""
    imported = convert(decode(content, file), file)
    found = findings(devices_of(imported.guest), lies_on)
    refused = [finding for finding in found if finding.refuses]
    if refused:
        first, *others = refused
        more = "; ".join(f"line {each.line}: {each}" for each in others)
        raise Place(file, first.line or 1, 1).problem(f"refused by {first}", f"refused too: {more}" if more else None)
    warned = tuple(Note(Place(file, each.line or 1, 1), each.words, each.lint.reason, each.lint.id) for each in found)
    return replace(imported, notes=tuple(sorted((*imported.notes, *warned), key=lambda note: note.place.line)))
