"""Which stack a host runs while a campaign visits it: booted once for each deployment of the plan, and checked."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from pvbench.campaign import resume
from pvbench.campaign.progress import Progress
from pvbench.errors import ResumeRefused, StackError
from pvbench.model import HostFacts, TrialSpec
from pvbench.store import Manifest

TRIES = 2  # how often a stack is booted that does not come up


@dataclass
class Deployments:
    """The deployments of one host; `switch` boots it into a stack by its id, None where nothing is deployed.

    `current` is which of the plan's deployments runs; `seen` what the host said that it is, by stack.
    """

    host: str
    switch: Callable[[str], None] | None
    progress: Progress
    current: str = ""
    refused: Counter[str] = field(default_factory=Counter)
    seen: dict[str, HostFacts] = field(default_factory=dict)

    def boot(self, spec: TrialSpec) -> bool:
        """Boot the host into what a trial is of, unless that runs; return whether it runs now.

        Raises StackError where it did not come up so often that it is not worth another try.
        """
        if self.switch is None or spec.deployment == self.current:
            return True
        arm = spec.cell.arm
        self.progress.deploying(self.host, arm.stack_name, self.refused[spec.deployment] + 1)
        self.current = ""
        try:
            self.switch(arm.stack)
        except StackError:
            self.refused[spec.deployment] += 1
            if self.refused[spec.deployment] >= TRIES:
                raise
            return False
        self.current = spec.deployment
        return True

    def check(self, manifest: Manifest, stack: str, facts: HostFacts) -> None:
        """Raise ResumeRefused unless the host is what it was, and under a stack what it was under that before."""
        resume.check_host(manifest, facts, stacked=bool(stack))
        if stack and self.seen.setdefault(stack, facts).identity != facts.identity:
            raise ResumeRefused(
                f"{self.host} under the stack {stack} is not what it was before: {facts.hypervisor}, {facts.kernel}",
                hint=resume.NEVER_POOLED,
            )
