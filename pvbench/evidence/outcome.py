"""What becomes of a trial: from how its tool ended, what it printed and what both sides saw. Pure."""

import signal
from dataclasses import dataclass

from pvbench.drivers import Driver
from pvbench.errors import ParseError
from pvbench.evidence import amounts
from pvbench.evidence import path_check as path
from pvbench.hypervisor import GuestRun
from pvbench.model import Flag, GuestMode, Outcome, Witness
from pvbench.workloads import Measured, Params, Tool

SIGNALLED = 128
"""A shell says 128 + N of what signal N ended (POSIX, Shell Command Language, 2.8.2)."""

LONGEST_WORDS = 200


@dataclass(frozen=True)
class Verdict:
    """A `reason` exactly where it is not OK, what was `measured` exactly where it is.

    `facts` stand beside what the guest saw: what the tool says it moved, and what a warm-up of its own did.
    """

    outcome: Outcome
    reason: str | None = None
    measured: Measured | None = None
    flags: tuple[Flag, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()


def judge(
    tool: Tool, params: Params, driver: Driver, run: GuestRun, host: Witness, mode: GuestMode = GuestMode.HVM
) -> Verdict:
    """Return the verdict on a tool's run: whether it measured at all, then whether it was what was asked for.

    A guest of `mode` was asked for.
    """
    if run.warmup and (failure := ended(run.warmup)):
        return Verdict(Outcome.NOT_MEASURED, f"the warm-up failed: {failure}")
    try:
        measured = tool.parse(run.stdout, params)
    except ParseError as error:
        return Verdict(Outcome.NOT_MEASURED, "; ".join(filter(None, (f"{error}{_aside(run)}", ended(run, aside="")))))
    if failure := ended(run):
        return Verdict(Outcome.NOT_MEASURED, failure)
    claim, warmup = measured.claim, run.warmup.witness if run.warmup else None
    facts = [(f"{tool.name} says it moved", claim.words)]
    if warmup:
        facts.append(("before, in the warm-up", f"{warmup.asked_bytes} bytes"))
    facts.append(("guest mode, by its kernel", run.mode.value if run.mode else "not told"))
    reason = (
        _another_mode(mode, run.mode)
        or path.judge(driver, run.witness, host, idle=claim.cached)
        or amounts.judge(driver, tool.name, run.witness, host, warmup, claim)
    )
    if reason:
        return Verdict(Outcome.INVALID, reason, facts=tuple(facts))
    doubts = tuple(amounts.flags(driver, tool.name, run.witness, claim))
    return Verdict(Outcome.OK, None, measured, doubts, tuple(facts))


def unless(verdict: Verdict, reason: str | None) -> Verdict:
    """Return the verdict, or of one that is well INVALID for a reason that speaks against it, if there is one."""
    if reason is None or verdict.outcome is not Outcome.OK:
        return verdict
    return Verdict(Outcome.INVALID, reason, facts=verdict.facts)


def _another_mode(wanted: GuestMode, by_kernel: GuestMode | None) -> str | None:
    """Return why a guest is not one of the mode asked for; HVM is as usual, and old kernels have no word for it."""
    if by_kernel is wanted or (by_kernel is None and wanted is GuestMode.HVM):
        return None
    says = f"its kernel says that it runs as {by_kernel}" if by_kernel else "its kernel does not say what it runs as"
    return f"a guest of mode {wanted} was asked for, and {says}"


def ended(run: GuestRun, aside: str | None = None) -> str | None:
    """Return how a tool failed, with its last words unless told what to add instead; None where it ended well."""
    if run.exit_code == 0:
        return None
    number = -run.exit_code if run.exit_code < 0 else run.exit_code - SIGNALLED
    try:
        how = f"was killed by {signal.Signals(number).name}"
    except ValueError:
        how = f"exited with {run.exit_code}"
    words = last_words(run) if aside is None else aside
    return f"{run.argv[0]} {how}{f' ({words})' if words else ''}"


def last_words(run: GuestRun) -> str:
    """Return the last line that a tool wrote for people: to its standard error, else its output; "" without one."""
    report = run.stdout.lstrip().startswith(b"{")
    lines = (run.stderr.strip() or (b"" if report else run.stdout.strip())).decode(errors="replace").splitlines()
    return lines[-1].strip()[:LONGEST_WORDS] if lines else ""


def _aside(run: GuestRun) -> str:
    return f" ({last_words(run)})" if run.stderr.strip() else ""
