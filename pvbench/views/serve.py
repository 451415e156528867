"""What `pvbench serve` tells of a campaign that is under way."""

from pvbench import figures as fmt
from pvbench.dashboard.running import Running
from pvbench.printable import clean
from pvbench.views.progress import result

SILENT_FROM_S = 600


def under_way(run: Running) -> str:
    """Return how far a run is, in one line."""
    parts = [f"{clean(run.matrix)}: {run.done} of {run.total} trials"]
    if run.last is not None:
        parts.append(f"the last {result(run.last)}")
    if run.silent_s >= SILENT_FROM_S:
        parts.append(f"silent for {fmt.duration(run.silent_s)}")
    else:
        parts.append(f"about {fmt.duration(round(run.left_s))} left")
    return f"{'; '.join(parts)} ({clean(run.run_id)})"
