"""pvbench measures paravirtualised against emulated devices, and proves which device carried the traffic."""

from typing import TYPE_CHECKING

from pvbench.version import VERSION

if TYPE_CHECKING:
    import os

    from pvbench.frames import Loaded

__version__ = VERSION
__all__ = ["__version__", "load"]


def load(run: "str | os.PathLike[str]", results: "str | os.PathLike[str]" = "results") -> "Loaded":
    """Return a run, given by its path, its id or the beginning of its id, as pandas DataFrames.

    Raises PvbenchError. docs/notebooks.md has the columns, and a session.
    """
    from pvbench import frames  # pandas takes longer to import than most verbs to run

    return frames.load(run, results)
