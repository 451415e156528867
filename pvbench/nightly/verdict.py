"""How a night ends: the exit code that its alarms, its trials and what it lacks come to, by the gate's order. Pure."""

from collections.abc import Iterable, Sequence

from pvbench.exit_codes import ExitCode
from pvbench.gate.cells import beyond
from pvbench.gate.limits import Limits
from pvbench.history.nouns import Alarm, AlarmKind, Night, State
from pvbench.model import Outcome, Trial

_LASTS = frozenset({AlarmKind.MISSING, AlarmKind.CONSTANT})


def code_of(
    night: Night | None, tonights: Sequence[Alarm], standing: Iterable[Alarm], contaminated: str = ""
) -> ExitCode:
    """Return a night's exit code, of the alarms that it told itself and of all that stand.

    What is proven comes first, then what cannot be trusted, then what is not there. A measurement that tells nothing is
    one that lacks, for as long as it does; so is proof for or against a regression that is still suspected.
    """
    worse = {each.state for each in tonights if each.kind is AlarmKind.REGRESSION}
    if State.CONFIRMED in worse:
        return ExitCode.REGRESSED
    if contaminated:
        return ExitCode.CONTAMINATED
    empty = any(each.kind is AlarmKind.IMPLAUSIBLE and each.stands for each in tonights)
    empty = empty or any(each.kind in _LASTS and each.stands for each in standing)
    if night is None or night.measured < night.expected or empty or State.SUSPECT in worse:
        return ExitCode.NOT_MEASURED
    return ExitCode.DONE


def contaminated(trials: Iterable[Trial]) -> str:
    """Return what of a night cannot be trusted, in words: a wrong path, cells that something disturbed; "" for none."""
    last = {trial.spec.id: trial for trial in trials}
    invalid = sum(trial.outcome is Outcome.INVALID for trial in last.values())
    cells: dict[str, list[Trial]] = {}
    for trial in last.values():
        if trial.readings:
            cells.setdefault(trial.spec.cell.id, []).append(trial)
    disturbed = sum(bool(beyond(trials, Limits.disturbed)) for trials in cells.values())
    words = [f"{invalid} trials are invalid"] if invalid else []
    words += [f"{disturbed} of {len(cells)} cells were disturbed"] if disturbed else []
    return "; ".join(words)
