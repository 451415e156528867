"""Whether a matrix can be a negative control: each of its flows needs another device that it can be sent over."""

from pvbench.errors import UsageError
from pvbench.matrix import Matrix
from pvbench.model import Placement


def check_control(matrix: Matrix) -> None:
    """Raise UsageError where a guest has no second device of a kind: nothing would be swapped, and all would pass."""
    alone = next((names[0] for names in matrix.devices.values() if len(names) < 2), None)
    if matrix.placement is Placement.ISOLATED:
        why = "with placement isolated each guest has one device"
    elif alone is not None:
        why = f"{alone} is alone of its kind in the guest"
    else:
        return
    raise UsageError(
        f"a negative control sends every flow over another device of the same guest, and {why}",
        hint="use placement coexist, with two devices of each kind",
    )
