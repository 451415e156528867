"""Whether a run's new file may stand in the place of the one that is there: nothing measured is lost silently. Pure."""

from pvbench import figures as fmt
from pvbench.errors import Damaged, StoreError
from pvbench.history import file


def goes_on(there: str, kept: bytes, name: str, data: bytes) -> bool:
    """Whether a run is the one that is there, damaged or with less; False where it is there as it is.

    Raises StoreError where it is another run, has another part in the history, or lacks what was measured.
    """
    try:
        old, new = file.read_columns(there, kept), file.read_columns(name, data)
        lost = 0 if old.content == new.content else file.lost(file.rows_of(there, kept), file.rows_of(name, data))
    except Damaged:
        return there == name
    if (old.night.role, old.night.again) != (new.night.role, new.night.again):
        raise _refused(there, f"it is there as {old.night.part}, and not as {new.night.part}")
    if there != name or old.night.started != new.night.started:
        raise _refused(there, f"it began at {old.night.started}, and another run of its name at {new.night.started}")
    if lost or old.night.measured > new.night.measured:
        lost = lost or old.night.measured - new.night.measured
        raise _refused(there, f"it has {fmt.count(lost, 'measured trial')} that the run has no more")
    return old.content != new.content


def _refused(there: str, why: str) -> StoreError:
    return StoreError(f"{there}: {why}", hint="the history is left as it is")
