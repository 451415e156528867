"""How far a run is, and how long it will take yet, by what its boots and trials have taken so far."""

from collections.abc import Sequence
from statistics import median

from pvbench.campaign.cost import BOOT_S, OVERHEAD_S, REBOOT_S, TRACE_PASS_S, load_s
from pvbench.model import TrialSpec


class Pace:
    """Counts what is done of a plan. Seconds throughout."""

    def __init__(self, plan: Sequence[TrialSpec], finished: frozenset[str], traces: int = 0) -> None:
        self.total, self._traces = len(plan), traces
        self.done = sum(spec.id in finished for spec in plan)
        self._left = {spec.id: spec for spec in plan if spec.id not in finished}
        self._boots: list[float] = []
        self._overheads: list[float] = []
        self._running: str | None = None
        self._deployments = {spec.boot: spec.deployment for spec in plan}
        self._deployed = ""

    def booting(self, boot: str) -> None:
        """Note the boot that is under way."""
        self._running = boot
        self._deployed = self._deployments.get(boot, self._deployed)

    def booted(self, seconds: float) -> None:
        """Note what a boot took."""
        self._boots.append(seconds)

    def recorded(self, spec: TrialSpec, seconds: float | None) -> None:
        """Note that a trial is on disk, and what it took without the pass under a trace that may follow."""
        if self._left.pop(spec.id, None) is not None:
            self.done += 1
        if seconds is not None:
            self._overheads.append(max(0.0, seconds - load_s(spec)))

    @property
    def remaining_s(self) -> float:
        """The time that the rest will take."""
        boots = {spec.boot for spec in self._left.values()} - {self._running}
        boot_s = median(self._boots) if self._boots else BOOT_S
        overhead_s = median(self._overheads) if self._overheads else OVERHEAD_S
        reboots = len({spec.deployment for spec in self._left.values()} - {"", self._deployed})
        trials_s = sum(self._known(spec) + overhead_s for spec in self._left.values())
        return reboots * REBOOT_S + len(boots) * boot_s + trials_s

    def _known(self, spec: TrialSpec) -> float:
        return load_s(spec) + (TRACE_PASS_S if spec.traced(self._traces) else 0.0)
