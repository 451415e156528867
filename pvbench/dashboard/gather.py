"""A place → what its history comes to, and what is wrong with its files."""

from pvbench.history.analysis import Analysis
from pvbench.history.store import History


def gather(where: str) -> tuple[Analysis, tuple[str, ...]]:
    """Return the analysis of the history at a folder or an address, and its files' problems. Raises StoreError."""
    history = History.open(where)
    shown = Analysis(history.nights(), history.series(), history.alarms(), history.annotations())
    return shown, history.problems()
