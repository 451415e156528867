"""A host brought back to what it was before its first stack: every step undone, newest first, and that checked."""

from dataclasses import dataclass
from typing import Any

from pvbench.errors import StackError, TransportError
from pvbench.stack import booting, records, requests
from pvbench.stack.countdown import Countdown
from pvbench.stack.programs import Programs
from pvbench.stack.reach import Reach

BACK, UNDO, AUDIT = "booting the old kernel", "undoing", "holding the host against what it was"
_USUAL_S = ((BACK, 75.0), *((f"{UNDO} {step.title}", step.usual_s) for step in requests.STEPS[::-1]), (AUDIT, 5.0))
_BACK_WITHIN_S = 900.0


@dataclass(frozen=True)
class Difference:
    """Something on the host that is not as it was; None: it was, or is, not there."""

    kind: str
    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class RolledBack:
    """What was undone and what could not be, in sentences, and what differs yet from before, if that is known."""

    undone: tuple[str, ...]
    failures: tuple[str, ...]
    differences: tuple[Difference, ...] | None

    @property
    def clean(self) -> bool:
        """Whether nothing of a stack is left."""
        return not self.failures and not self.differences


def rollback(reach: Reach) -> RolledBack:
    """Undo whatever was deployed onto a host. Raises StackError where it does not come back on its old kernel."""
    countdown = Countdown(reach.clock, reach.tell, _USUAL_S, frozenset({BACK}))
    countdown.begin(BACK)
    rebooted = booting.boot_back(reach, _BACK_WITHIN_S)
    with reach.hold_again() as transport:
        programs = Programs.on(transport, reach.host.scratch)
        status = programs.ask(requests.BOOT, "status")
        if rebooted and status.get("hypervisor") is not None:
            raise StackError(
                f"{reach.host.name}: Xen {status['hypervisor']} runs still after the reboot into the old kernel",
                hint="its boot menu has the old entry; then `pvbench stack rollback` again",
            )
        undone = [f"booted {status['kernel']} without Xen"] if rebooted else []
    failures: list[str] = []
    for step in requests.STEPS[::-1]:
        countdown.begin(f"{UNDO} {step.title}")
        said = _undo(reach, step.program)
        undone += said.get("undone", [])
        failures += said.get("failures", [])
    countdown.begin(AUDIT)
    return RolledBack(tuple(undone), tuple(failures), _audit(reach, bool(failures)))


def _undo(reach: Reach, program: str) -> dict[str, Any]:
    """Have a program undo what it did; tried again over a new connection where it cut the one it was asked by."""
    for attempt in (1, 2, 3):
        try:
            with reach.hold_again() as transport:
                return Programs.on(transport, reach.host.scratch).ask(program, "undo")
        except TransportError:
            if attempt == 3:
                raise
    raise AssertionError("not reached")


def _audit(reach: Reach, failed: bool) -> tuple[Difference, ...] | None:
    """Return what differs from before; if nothing does, what was kept of before is forgotten."""
    with reach.hold_again() as transport:
        programs = Programs.on(transport, reach.host.scratch)
        if not programs.ask(requests.AUDIT, "status").get("kept"):
            return None
        found = programs.ask(requests.AUDIT, "compare")["differences"]
        if not found and not failed:
            records.forget(transport, reach.host.scratch)
            programs.ask(requests.AUDIT, "end")
        return tuple(Difference(**each) for each in found)
