"""The cells of a run by their ids, and the one that a person means by the beginning of an id."""

import difflib

from pvbench.errors import UsageError
from pvbench.model import Cell
from pvbench.store.manifest import Manifest


def cells(manifest: Manifest) -> dict[str, Cell]:
    """Return the cells of a run by their ids, in the order of the plan."""
    return {cell.id: cell for cell in dict.fromkeys(spec.cell for spec in manifest.plan)}


def cell(manifest: Manifest, name: str) -> tuple[str, Cell]:
    """Return the id and the cell whose id begins so; raises UsageError where none or several do."""
    known = cells(manifest)
    fitting = [(key, each) for key, each in known.items() if name and key.startswith(name)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise UsageError(f"'{name}' begins several cells: {', '.join(key for key, _ in fitting)}")
    near = difflib.get_close_matches(name, known, 1, 0.3)
    nearest = f"; the nearest is {near[0]}" if near else ""
    raise UsageError(f"no cell '{name}' in {manifest.run_id}{nearest}", hint=f"pvbench show {manifest.run_id}")
