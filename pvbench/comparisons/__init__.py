"""What a run's comparisons come to: the one function behind a report, `pvbench compare` and notebooks."""

from pvbench.comparisons.verdicts import Compared, Judged, compare_run, status

__all__ = ["Compared", "Judged", "compare_run", "status"]
