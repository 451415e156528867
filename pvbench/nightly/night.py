"""A night from where it is to its end: each step kept in the journal once done, a killed one begun again."""

from dataclasses import replace

from pvbench.errors import PvbenchError
from pvbench.exit_codes import ExitCode
from pvbench.nightly import journal
from pvbench.nightly.journal import Progress, Step
from pvbench.nightly.steps import AFTER, STEPS, closed
from pvbench.nightly.telling import trouble_told
from pvbench.nightly.tonight import Tonight

TONIGHT_S, GOES_ON_S = 12 * 3600.0, 20 * 3600.0
"""A night that is done is tonight's for so long, so that a second call does not measure it twice; one that was cut off
goes on for so long, and is closed as incomplete after."""


def go_on(tonight: Tonight, *, anew: bool = False) -> int:
    """Bring a night to its end, an earlier one first that was cut off; return the exit code of the last."""
    last = journal.read(tonight.folder)
    if last is not None and last.step is not Step.DONE:
        tonight.tell(f"the night that began {last.began} was cut off at {str(last.step)!r}; going on")
        over = _over(tonight, last)
        last = _ended(tonight, tonight.keep(closed(tonight, last, over))) if over else finish(tonight, last)
        if not over and not last.closed:
            return last.exit_code or 0
    elif last is not None and not anew and _tonights(tonight, last):
        tonight.tell(f"tonight's is done: run {last.run_id}; --anew measures another")
        return last.exit_code or 0
    began = tonight.world.clock.now().isoformat(timespec="seconds")
    earlier = (*last.earlier, last.runs) if last else ()
    first = Progress(began, tonight.campaign.matrix.digest, earlier=tuple(filter(None, earlier)))
    return finish(tonight, tonight.keep(first)).exit_code or 0


def finish(tonight: Tonight, progress: Progress) -> Progress:
    """Do what is left of a night. What fails once the night is kept costs its own part, and is told."""
    while progress.step is not Step.DONE:
        step = progress.step
        try:
            progress = STEPS[step](tonight, progress)
        except Exception as error:
            if step not in AFTER:
                if isinstance(error, PvbenchError):
                    tonight.keep(trouble_told(tonight, journal.read(tonight.folder) or progress, error))
                raise
            progress = _without(tonight, progress, step, error)
        tonight.keep(progress)
    return progress


def _ended(tonight: Tonight, progress: Progress) -> Progress:
    """Return a night that is over, finished; one that cannot be kept must not keep tonight's from being measured."""
    try:
        return finish(tonight, progress)
    except PvbenchError as error:
        tonight.tell(f"the night that began {progress.began} is given up: {error.message}")
        kept = journal.read(tonight.folder) or progress
        return tonight.keep(replace(kept, step=Step.DONE, problems=(*kept.problems, error.message)))


def _without(tonight: Tonight, progress: Progress, step: Step, error: Exception) -> Progress:
    """Return the night at what comes after a step that failed; the journal may know more than we held."""
    progress = journal.read(tonight.folder) or progress
    reason = error.message if isinstance(error, PvbenchError) else f"{type(error).__name__}: {error}"
    tonight.tell(f"{step}: {reason}; the night is kept, and goes on without")
    return replace(
        progress,
        step=AFTER[step],
        problems=(*progress.problems, f"{step}: {reason}"),
        exit_code=progress.exit_code or int(ExitCode.INFRASTRUCTURE),
    )


def _tonights(tonight: Tonight, last: Progress) -> bool:
    same = last.matrix_digest == tonight.campaign.matrix.digest
    return same and not last.closed and last.age_s(tonight.world.clock.now()) < TONIGHT_S


def _over(tonight: Tonight, last: Progress) -> str:
    """Return why a night that was cut off is another than tonight's; "" where it is tonight's."""
    if last.matrix_digest != tonight.campaign.matrix.digest:
        return "the matrix is another since"
    late = last.age_s(tonight.world.clock.now()) > GOES_ON_S
    return "it was cut off and not called again in time" if late else ""
