"""What each step of a night does: from how far it has come to how far it has then."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from pvbench.errors import ResumeRefused
from pvbench.history.analysis import Analysis
from pvbench.history.nouns import Role
from pvbench.nightly import again, measuring, publish, retention
from pvbench.nightly.journal import Progress, Step
from pvbench.nightly.telling import notify
from pvbench.nightly.tonight import Tonight


def measure(tonight: Tonight, progress: Progress) -> Progress:
    """Measure all of the matrix; a run that cannot go on is closed as it is."""

    def begun(run_id: str) -> None:
        nonlocal progress
        progress = tonight.keep(replace(progress, run_id=run_id))
        tonight.tell(f"run {run_id}")

    try:
        measuring.measure(tonight.campaign, tonight.world, tonight.results, progress.run_id, begun)
    except ResumeRefused as refused:
        return closed(tonight, progress, refused.reason)
    return progress.advanced()


def closed(tonight: Tonight, progress: Progress, why: str) -> Progress:
    """Return a night in which nothing more is measured; what it has is kept as it is."""
    if progress.step in (Step.PUBLISH, Step.NOTIFY, Step.TIDY):
        return progress
    tonight.tell(f"the night that began {progress.began} is closed as it is: {why}")
    if progress.step is Step.MEASURE:
        there = measuring.exists(tonight.results, progress.run_id)
        return progress.advanced(Step.APPEND if there else Step.NOTIFY, closed=why)
    return progress.advanced(Step.PUBLISH if progress.step is Step.MEASURE_AGAIN else progress.step, closed=why)


def append(tonight: Tonight, progress: Progress) -> Progress:
    """Add the run to the history."""
    assert progress.run_id is not None  # noqa: S101  only a night with a run comes here
    return progress.advanced(contaminated=tonight.add(progress, progress.run_id))


def analyse(tonight: Tonight, progress: Progress) -> Progress:
    """Look for what changed, and decide whether that is looked at again."""
    assert progress.run_id is not None  # noqa: S101
    found = _recorded(tonight)
    suspects = again.suspects(found, progress.run_id)
    there = again.cells_of(suspects, found.series, tonight.campaign.matrix)
    if not there or progress.closed:
        return progress.advanced(Step.PUBLISH)
    tonight.tell(f"{len(suspects)} suspected; {len(there)} cells are measured again, with fresh boots")
    return progress.advanced()


def measure_again(tonight: Tonight, progress: Progress) -> Progress:
    """Measure the cells of the night's suspects again."""
    assert progress.run_id is not None  # noqa: S101
    found = tonight.found()
    cells = again.cells_of(again.suspects(found, progress.run_id), found.series, tonight.campaign.matrix)
    if not cells:
        return progress.advanced(Step.PUBLISH)

    def begun(run_id: str) -> None:
        nonlocal progress
        progress = tonight.keep(replace(progress, again_id=run_id))
        tonight.tell(f"run {run_id}, again")

    campaign = replace(tonight.campaign, only=cells)
    measuring.measure(campaign, tonight.world, tonight.results, progress.again_id, begun)
    return progress.advanced()


def append_again(tonight: Tonight, progress: Progress) -> Progress:
    """Add the second look to the history, as what it is."""
    assert progress.again_id is not None  # noqa: S101
    tonight.add(progress, progress.again_id, Role.AGAIN)
    return progress.advanced()


def analyse_again(tonight: Tonight, progress: Progress) -> Progress:
    """Conclude what the second look confirmed and cleared."""
    _recorded(tonight)
    return progress.advanced()


def publish_pages(tonight: Tonight, progress: Progress) -> Progress:
    """Write what is new of the site."""
    shown = tonight.found()
    now, problems = tonight.world.clock.now(), tonight.history.problems()
    written = publish.publish(shown, tonight.results, progress.runs, tonight.site, now, problems)
    for problem in problems:
        tonight.tell(f"left out: {problem}")
    tonight.tell(f"{len(written)} files are new in {tonight.site}")
    return progress.advanced()


def tidy(tonight: Tonight, progress: Progress) -> Progress:
    """Remove what is older than the settings keep."""
    nights = (*progress.earlier, progress.runs)
    now = tonight.world.clock.now()
    for line in retention.tidy(nights, tonight.settings, tonight.results, tonight.site, tonight.history, now):
        tonight.tell(line)
    return progress.advanced()


def _recorded(tonight: Tonight) -> Analysis:
    found = tonight.found()
    tonight.history.record(found.alarms)
    return found


STEPS: Mapping[Step, Callable[[Tonight, Progress], Progress]] = MappingProxyType(
    {
        Step.MEASURE: measure,
        Step.APPEND: append,
        Step.ANALYSE: analyse,
        Step.MEASURE_AGAIN: measure_again,
        Step.APPEND_AGAIN: append_again,
        Step.ANALYSE_AGAIN: analyse_again,
        Step.PUBLISH: publish_pages,
        Step.NOTIFY: notify,
        Step.TIDY: tidy,
    }
)
"""What is done at each step."""
AFTER: Mapping[Step, Step] = MappingProxyType(
    {
        Step.ANALYSE: Step.PUBLISH,
        Step.MEASURE_AGAIN: Step.PUBLISH,
        Step.APPEND_AGAIN: Step.PUBLISH,
        Step.ANALYSE_AGAIN: Step.PUBLISH,
        Step.PUBLISH: Step.NOTIFY,
        Step.NOTIFY: Step.TIDY,
        Step.TIDY: Step.DONE,
    }
)
"""Where a night goes on after a step that failed: it is in the history already, and whatever fails is told with it."""
