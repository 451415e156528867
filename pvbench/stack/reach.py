"""How a host that will reboot is reached: held by a lease while it is worked on, and found again afterwards."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pvbench.clock import Clock
from pvbench.errors import CommandTimeout, StackError, TransportError, Unreachable
from pvbench.inventory import Host
from pvbench.transport import Command, Transport

BOOT_ID = "/proc/sys/kernel/random/boot_id"
_PAUSE_S, _SAID_EVERY_S = 3.0, 30.0


@dataclass(frozen=True)
class Reach:
    """The edges of a deployment.

    `hold` reaches the host and holds its lease; `connect` only reaches it, once: it raises Unreachable while nothing
    answers. `tell` is told each step; `begin` is called before the first change, `undone` when nothing is left of any.
    `cache` is the controller's, `mirror` where packages come from, if not from the machine's own.
    """

    host: Host
    hold: Callable[[], AbstractContextManager[Transport]]
    connect: Callable[[], AbstractContextManager[Transport]]
    clock: Clock
    tell: Callable[[str], None]
    begin: Callable[[], None]
    cache: Path
    mirror: str | None = None
    undone: Callable[[], None] = lambda: None

    def boot_id(self, transport: Transport) -> str:
        """Return what tells this boot of the host from any other (random(4))."""
        return transport.run(Command(("cat", BOOT_ID), timeout_s=30)).stdout.decode(errors="replace").strip()

    def await_boot(self, before: str, within_s: float) -> str:
        """Wait until the host answers after another boot than `before`, and return that one's id.

        Raises StackError where it does not within that time.
        """
        began = said = self.clock.monotonic()
        why = "it has not gone down"
        while (waited := self.clock.monotonic() - began) < within_s:
            try:
                with self.connect() as transport:
                    now = self.boot_id(transport)
                if now and now != before:
                    return now
            except TransportError as error:
                why = error.message
            if self.clock.monotonic() - said > _SAID_EVERY_S:
                said = self.clock.monotonic()
                self.tell(f"no answer yet after {waited:.0f} s, of {within_s:.0f} s at most")
            self.clock.sleep(_PAUSE_S)
        raise StackError(
            f"{self.host.name} does not answer {within_s:.0f} s after it was rebooted: {why}",
            hint="its console says why; once it answers, `pvbench stack rollback` puts back what was changed",
        )

    @contextmanager
    def hold_again(self, within_s: float = 180.0) -> Iterator[Transport]:
        """Hold a host that has just booted: its first connections may still be refused or cut."""
        began = self.clock.monotonic()
        with ExitStack() as stack:
            while True:
                try:
                    transport = stack.enter_context(self.hold())
                    break
                except (Unreachable, CommandTimeout):
                    if self.clock.monotonic() - began > within_s:
                        raise
                    self.clock.sleep(_PAUSE_S)
            yield transport

    def anew(self, work: Callable[[Transport], None], within_s: float) -> bool:
        """Do something over a connection that is made anew, tried until it works; return whether it did in time."""
        began = self.clock.monotonic()
        while self.clock.monotonic() - began < within_s:
            try:
                with self.connect() as transport:
                    work(transport)
                return True
            except TransportError:
                self.clock.sleep(_PAUSE_S / 3)
        return False
