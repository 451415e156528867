"""Stacks of a made-up host: booting one changes what the host says that it is."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from pvbench.errors import StackError
from pvbench.model import DeployedStack
from pvbench.testing.hypervisor import FakeHypervisor


@dataclass
class FakeStacks:
    """The stacks of one host, none unless they are given; `runs` is the name of what it runs.

    `booted` are the names of all that was booted, in order, with "back to NAME" where it was given back; `refused` says
    of a stack's name what goes wrong when it is booted, None where it comes up.
    """

    host: FakeHypervisor
    known: tuple[DeployedStack, ...] = ()
    runs: str = ""
    booted: list[str] = field(default_factory=list)
    refused: Callable[[str], str | None] = lambda _name: None

    def deployed(self, names: Sequence[str]) -> tuple[DeployedStack, ...]:
        """Return stacks by their names."""
        there = {stack.name: stack for stack in self.known}
        for name in names:
            if name not in there:
                raise StackError(f"{self.host.now.name}: no stack '{name}' was deployed there")
        return tuple(there[name] for name in names)

    @contextmanager
    def switching(self) -> Iterator[Callable[[str], None]]:
        """Give what boots one of them."""
        before = self.runs
        try:
            yield self._boot
        finally:
            if self.runs != before:
                self.booted.append(f"back to {before}")
                self._run(before)

    def _boot(self, stack: str) -> None:
        name = next(each.name for each in self.known if each.id == stack)
        self.booted.append(name)
        if (why := self.refused(name)) is not None:
            raise StackError(why)
        self._run(name)

    def _run(self, name: str) -> None:
        self.runs = name
        stack = next(each for each in self.known if each.name == name)
        self.host.now = replace(self.host.now, hypervisor=stack.hypervisor, kernel=stack.kernel)
