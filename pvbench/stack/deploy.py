"""A plain host made to run a stack, in steps; what does not come up is taken back, by the host itself if need be."""

from dataclasses import dataclass

from pvbench.deploy import File, deploy_files
from pvbench.errors import PvbenchError, StackError, TransportError
from pvbench.stack import base, booting, build, records, requests
from pvbench.stack.booting import NotKept, Patience
from pvbench.stack.build import Built
from pvbench.stack.countdown import Countdown
from pvbench.stack.manifest import StackManifest
from pvbench.stack.nouns import Stack
from pvbench.stack.programs import Programs
from pvbench.stack.reach import Reach
from pvbench.stack.requests import Step
from pvbench.stack.rollback import rollback
from pvbench.transport import Transport

SEND, NOTE = "sending packages", "noting what the host is now"
_SLOWEST = 250_000  # bytes a second
_WHY = "what its console showed during that boot says why"


@dataclass(frozen=True)
class Changes:
    """What a deployment changes on a host, in sentences by step; `reboot` says why it takes one, if it does.

    `hang` says why nothing would bring the host back from a Xen that hangs; None where something would.
    """

    manifest: StackManifest
    by_step: tuple[tuple[str, tuple[str, ...]], ...]
    reboot: str | None
    hang: str | None = None

    def __bool__(self) -> bool:
        return bool(self.reboot) or any(sentences for _, sentences in self.by_step)

    def of(self, program: str) -> tuple[str, ...]:
        """Return the sentences of a step."""
        return dict(self.by_step).get(program, ())


def look(stack: Stack, reach: Reach) -> Changes:
    """Say what a deployment would change; only pvbench's own programs are put onto the host."""
    with reach.hold() as transport:
        return _look(stack, reach, transport)[0]


def deploy(stack: Stack, reach: Reach, patience: Patience) -> Changes:
    """Make a host run a stack and return what was changed: nothing, if it runs it already.

    Raises StackError. What did not come up is rolled back then, and the message says how far.
    """
    with reach.hold() as transport:
        changes, built = _look(stack, reach, transport)
        if not changes:
            return changes
        if changes.reboot and changes.hang and not patience.hang_needs_a_hand:
            raise StackError(
                f"{reach.host.name} would not come back by itself from a Xen that hangs: {changes.hang}",
                hint="with its console at hand: --hang-needs-a-hand",
            )
        countdown = Countdown(reach.clock, reach.tell, _expected(changes), booting.FIXED)
        _prepare(reach, transport, changes, built, countdown)
    if changes.reboot:
        try:
            booting.boot_into(reach, changes.manifest, patience, countdown)
        except NotKept as error:
            raise StackError(f"{error.message}; {_taken_back(reach)}", hint=_WHY) from error
    for step in requests.STEPS:
        if not step.before and changes.of(step.program):
            _after(reach, step, changes.manifest, countdown)
    return changes


def switch(reach: Reach, name: str, patience: Patience) -> StackManifest:
    """Make a host run a stack that was deployed there before, by a reboot if it runs another one; return its manifest.

    Raises StackError; NotKept when the host went back to its old kernel.
    """
    with reach.hold() as transport:
        manifest = records.deployed(transport, reach.host.scratch, name)
        if manifest is None:
            raise StackError(
                f"{reach.host.name}: no stack '{name}' was deployed there",
                hint=f"pvbench stack deploy {name} {reach.host.name}",
            )
        if booting.runs(reach, transport, manifest) is None:
            return manifest
        booting.refuse_domains(transport)
        programs = Programs.on(transport, reach.host.scratch)
        for step in requests.STEPS:
            if step.before and step.program != requests.PACKAGES:
                programs.ask(step.program, "apply", step.request(manifest, {}))
        records.keep(transport, reach.host.scratch, manifest)
    countdown = Countdown(reach.clock, reach.tell, booting.USUAL_S, booting.FIXED)
    booting.boot_into(reach, manifest, patience, countdown)
    return manifest


def _look(stack: Stack, reach: Reach, transport: Transport) -> tuple[Changes, Built | None]:
    """Resolve a stack, unless it is the one that was deployed last, and ask each step what it would change."""
    programs = Programs.on(transport, reach.host.scratch)
    there = records.deployed(transport, reach.host.scratch, stack.name)
    if there is not None and there.asked == stack.asked:
        changes = _asked(reach, programs, there)
        if not changes.of(requests.PACKAGES):
            return changes, None
    built = build.build(stack, base.look(transport), reach.cache, reach.tell, reach.mirror, transport)
    return _asked(reach, programs, built.manifest), built


def _asked(reach: Reach, programs: Programs, manifest: StackManifest) -> Changes:
    answers = {}
    for step in requests.STEPS:
        request = step.request(manifest, {})
        answers[step.program] = programs.ask(step.program, "look", request) if request is not None else {}
    by_step = tuple((program, tuple(said.get("changes", ()))) for program, said in answers.items())
    reboot = booting.runs(reach, programs.transport, manifest)
    if reboot is None and dict(by_step)[requests.BOOT]:
        reboot = "it is not what boots by default"
    watchdog = answers[requests.BOOT].get("state", {}).get("watchdog", {})
    return Changes(manifest, by_step, reboot, None if watchdog.get("kind", True) else watchdog.get("why"))


def _prepare(reach: Reach, transport: Transport, changes: Changes, built: Built | None, countdown: Countdown) -> None:
    """Change all that can be while the old kernel runs."""
    if changes.reboot:
        booting.refuse_domains(transport)
    programs = Programs.on(transport, reach.host.scratch)
    reach.begin()
    countdown.begin(NOTE)
    programs.ask(requests.AUDIT, "begin")
    paths: dict[str, str] = {}
    if built is not None and changes.of(requests.PACKAGES):
        paths = _sent(reach, transport, built, countdown)
    records.keep(transport, reach.host.scratch, changes.manifest)
    for step in requests.STEPS:
        if step.before:
            countdown.begin(step.title)
            programs.ask(step.program, "apply", step.request(changes.manifest, paths))


def _sent(reach: Reach, transport: Transport, built: Built, countdown: Countdown) -> dict[str, str]:
    files = {name: File(data) for name, data in build.files(built).items()}
    size = sum(len(file.data) for file in files.values())
    if not files:
        return {}
    countdown.begin(SEND, f"{len(files)}, {size / 1e6:.1f} MB")
    return deploy_files(transport, files, reach.host.scratch, "packages", timeout_s=120 + size / _SLOWEST)


def _after(reach: Reach, step: Step, manifest: StackManifest, countdown: Countdown) -> None:
    """Take a step that needs the new hypervisor. One that cuts our connection counts only once it is confirmed."""
    countdown.begin(step.title)
    request = step.request(manifest, {})
    if step.program != requests.BRIDGE:
        with reach.hold_again() as transport:
            Programs.on(transport, reach.host.scratch).ask(step.program, "apply", request)
        return
    try:
        with reach.hold_again() as transport:
            said = Programs.on(transport, reach.host.scratch).ask(step.program, "apply", request, timeout_s=60)
            if said.get("token") is not None:
                _confirm(reach)
    except TransportError:
        _confirm(reach)


def _confirm(reach: Reach) -> None:
    """Confirm the bridge over a connection that was made through it. Raises StackError: the host has undone it."""

    def confirm(transport: Transport) -> None:
        Programs.on(transport, reach.host.scratch).ask(requests.BRIDGE, "confirm", {"token": None}, timeout_s=30)

    if not reach.anew(confirm, requests.BRIDGE_UNDONE_S):
        raise StackError(
            f"{reach.host.name} did not answer over the bridge, and undoes it by itself; the rest of the stack stays",
            hint=f"`pvbench stack deploy` tries it again, `pvbench stack rollback {reach.host.name}` takes all back",
        )


def _expected(changes: Changes) -> tuple[tuple[str, float], ...]:
    """Return the steps to come and their usual seconds."""
    packages = changes.of(requests.PACKAGES)
    before = [(step.title, step.usual_s if changes.of(step.program) else 0.5) for step in requests.STEPS if step.before]
    after = [(step.title, step.usual_s) for step in requests.STEPS if not step.before and changes.of(step.program)]
    reboot = booting.USUAL_S if changes.reboot else ()
    return ((NOTE, 2.0), *(((SEND, 10.0),) if packages else ()), *before, *reboot, *after)


def _taken_back(reach: Reach) -> str:
    """Roll back what was changed before a reboot that came to nothing, and say how far that went."""
    try:
        back = rollback(reach)
    except PvbenchError as error:
        return f"the rest is not rolled back: {error.message}"
    if back.clean:
        reach.undone()
        return "the rest was rolled back, and the host is as it was before"
    return f"the rest was rolled back but for {len(back.failures) + len(back.differences or ())} things"
