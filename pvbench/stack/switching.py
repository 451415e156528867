"""The stacks of a host as a campaign has them: which were deployed there, and booting one after the other.

What makes a boot one value is that it was made for it, so that a host is booted anew even into the stack that runs.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from pvbench.errors import StackError
from pvbench.model import DeployedStack
from pvbench.stack import booting, deploy, records, requests
from pvbench.stack.booting import Patience
from pvbench.stack.countdown import Countdown
from pvbench.stack.manifest import StackManifest
from pvbench.stack.programs import Programs
from pvbench.stack.reach import Reach
from pvbench.transport import Command, Transport

KEPT_BEFORE = Patience(hang_needs_a_hand=True)
"""Every stack that a campaign boots was deployed, and so was booted and kept on this host before."""

_NAMES = 'cd -- "$1" 2>/dev/null || exit 0; for each in manifest-*.json; do [ -e "$each" ] && echo "$each"; done'


@dataclass(frozen=True)
class Stacks:
    """The stacks of one host."""

    reach: Reach

    def deployed(self, names: Sequence[str]) -> tuple[DeployedStack, ...]:
        """Return stacks by their names. Raises StackError for one that was never deployed there."""
        with self.reach.connect() as transport:
            return tuple(_as_noun(self._manifest(transport, name)) for name in names)

    @contextmanager
    def switching(self) -> Iterator[Callable[[str], None]]:
        """Yield what boots the host into a stack by its id; on leaving it runs what it ran before.

        Raises StackError where the host runs none that was deployed: nothing would tell what to give back.
        """
        with self.reach.connect() as transport:
            found = self._found(transport)
        if found is None:
            host = self.reach.host.name
            raise StackError(
                f"{host} runs none of the stacks that were deployed there", hint=f"pvbench stack deploy NAME {host}"
            )
        runs = before = found.name
        asked = False

        def switch(stack: str) -> None:
            nonlocal runs, asked
            name, _, digest = stack.partition("@")
            asked, runs = True, ""
            self._boot(name, digest)
            runs = name

        try:
            yield switch
        finally:
            if asked and runs != before:
                self.reach.tell(f"{self.reach.host.name}: going back to the stack {before}, which it ran before")
                self._go_back(before)

    def _boot(self, name: str, digest: str) -> None:
        """Boot the host into a stack, whatever it runs. Raises StackError where that is another than was planned."""
        reach = self.reach
        with reach.hold_again() as transport:
            manifest = self._manifest(transport, name)
            if manifest.digest != digest:
                raise StackError(
                    f"{reach.host.name}: the stack {name} is {manifest.digest} now, and was {digest}",
                    hint="figures of two stacks are never pooled; start a new run",
                )
            is_running = booting.runs(reach, transport, manifest) is None
            records.keep(transport, reach.host.scratch, manifest)  # a host says of itself which was put onto it last
        if is_running:
            booting.boot_into(reach, manifest, KEPT_BEFORE, Countdown(reach.clock, reach.tell, booting.USUAL_S))
        else:
            deploy.switch(reach, name, KEPT_BEFORE)

    def _go_back(self, name: str) -> None:
        """Have the host run a stack again, from wherever a reboot may have left it."""
        within_s = 2 * KEPT_BEFORE.return_within_s + 180
        with self.reach.hold_again(within_s) as transport:
            programs = Programs.on(transport, self.reach.host.scratch)
            status = programs.ask(requests.BOOT, "status")
            # Another entry was armed in this very boot: the host answers yet, and is on its way down.
            leaving = status.get("pending") and status["watchdog"]["left_s"] is None
            if not leaving and booting.runs(self.reach, transport, self._manifest(transport, name)) is None:
                if status.get("pending"):
                    programs.ask(requests.BOOT, "keep")
                return
        if leaving:
            self.reach.await_boot(status["boot_id"], within_s)
        deploy.switch(self.reach, name, KEPT_BEFORE)

    def _found(self, transport: Transport) -> StackManifest | None:
        """Return the stack that runs: the one deployed last, of those that it may be; None where it is none of them."""
        scratch = self.reach.host.scratch
        last = records.deployed(transport, scratch)
        if last is None:
            return None
        listed = transport.run(Command(("sh", "-c", _NAMES, "pvbench-stacks", f"{scratch}/stack")))
        files = listed.stdout.decode(errors="replace").splitlines()
        for name in dict.fromkeys([last.name, *(file[len("manifest-") : -len(".json")] for file in files)]):
            with suppress(StackError):
                manifest = self._manifest(transport, name)
                if booting.runs(self.reach, transport, manifest) is None:
                    return manifest
        return None

    def _manifest(self, transport: Transport, name: str) -> StackManifest:
        found = records.deployed(transport, self.reach.host.scratch, name)
        if found is None:
            host = self.reach.host.name
            raise StackError(
                f"{host}: no stack '{name}' was deployed there", hint=f"pvbench stack deploy {name} {host}"
            )
        return found


def _as_noun(manifest: StackManifest) -> DeployedStack:
    return DeployedStack(manifest.name, manifest.digest, f"Xen {manifest.xen_version}", f"Linux {manifest.kernel}")
