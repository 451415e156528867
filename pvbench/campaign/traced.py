"""How a figure came about: its load once more under a trace, trap costs, and what the backing store itself gives."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from pvbench.campaign.booted import Booted
from pvbench.errors import PvbenchError
from pvbench.hypervisor import TracedLoad
from pvbench.model import Flag, FlagKind, Mechanism, Outcome, Phase, RawFile, Reading, Trial
from pvbench.workloads import WORKLOADS

TRACE_DELAY_S, TRACE_S, TRACE_LOAD_S = 2.0, 2.0, 5.5
"""When in a pass of its own the trace begins, how long it takes, how long the load lasts around it."""
CEILING_S = 2.0
"""How long the backing store itself is measured, at most."""


_T = TypeVar("_T")


def explained(trial: Trial, booted: Booted) -> Trial | None:
    """Look how a figure came about: the same load once more, short, under a trace; trap costs; the backing store.

    Returns the trial with all of that, None where its block carries no trace or there is no figure to explain. The
    figure is measured: what goes wrong here is a flag. A guest or host that is gone is met by the next trial.
    """
    if trial.outcome is not Outcome.OK or not trial.spec.traced(booted.settings.traced_blocks):
        return None
    began = booted.clock.monotonic()
    traced, untraced = _optional(FlagKind.MECHANISM, lambda: _traced(trial, booted))
    traps, untimed = _optional(FlagKind.TRAP_COSTS, booted.guest.traps)
    ceiling, unreached = _optional(FlagKind.CEILING, lambda: _ceiling(trial, booted))
    mechanism, raw = traced or (None, ())
    return replace(
        trial,
        mechanism=mechanism,
        raw=(*trial.raw, *raw),
        flags=(*trial.flags, *untraced, *untimed, *unreached),
        traps=traps or (),
        ceiling=ceiling or (),
        seconds=(*trial.seconds, (Phase.TRACE, booted.clock.monotonic() - began)),
    )


def _optional(kind: FlagKind, look: Callable[[], _T]) -> tuple[_T | None, tuple[Flag, ...]]:
    """Return what a look came to, or None and a flag that says why. Only an interruption gets past."""
    try:
        return look(), ()
    except PvbenchError as error:
        return None, (Flag(kind, str(error)),)
    except Exception as error:  # noqa: BLE001 - no answer of a host, however odd, costs a figure that is measured
        return None, (Flag(kind, f"{type(error).__name__}: {error}"),)


def _traced(trial: Trial, booted: Booted) -> tuple[Mechanism, tuple[RawFile, ...]]:
    cell = trial.spec.cell
    tool, timed = WORKLOADS[cell.workload.tool], dict(cell.workload.params)
    params: Mapping[str, str | int | float | bool] = timed | {"runtime": TRACE_LOAD_S, "warmup": 0}
    argv = tool.argv(params, booted.target(trial.spec))
    # A load that failed, as iperf3 can with exit code 0, was no load.
    load = TracedLoad(argv, TRACE_DELAY_S, TRACE_S, _rate(trial), lambda printed: tool.parse(printed, params))
    trace_pass = booted.guest.trace(cell.device, load)
    return trace_pass.mechanism, tuple(
        booted.store.keep(trial.spec.id, name, content) for name, content in trace_pass.files
    )


def _rate(trial: Trial) -> float | None:
    """Return the I/Os (packets) a second of a timed pass, None where the host could not count them.

    They are counted as those of the trace are, by the host: what the tool counts as one, a device may do in parts. The
    device is busy while the tool warms up and measures; a tool's own start, long under emulation, is no part of that.
    """
    params = dict(trial.spec.cell.workload.params)
    busy_s = float(params.get("runtime", 0)) + float(params.get("warmup", 0))
    return trial.bill.ios / busy_s if trial.bill and trial.bill.ios and busy_s > 0 else None


def _ceiling(trial: Trial, booted: Booted) -> tuple[Reading, ...]:
    """Return what the same load, short, gives on the backing store itself: no device can do better."""
    cell = trial.spec.cell
    tool = WORKLOADS[cell.workload.tool]
    timed = dict(cell.workload.params)
    params = timed | {"runtime": min(CEILING_S, float(timed["runtime"])), "warmup": 0}
    printed = booted.guest.on_backing(
        cell, booted.seed(trial.spec), lambda disk: tool.argv(params, disk), booted.guest.patience(2) + 4 * CEILING_S
    )
    return tool.parse(printed, params).readings if printed else ()
