"""What both sides saw of a trial, and what was measured beside it ← JSON."""

from typing import Any

from pvbench.metrics import METRICS
from pvbench.model import (
    CommandRecord,
    CpuBill,
    Flag,
    FlagKind,
    Granted,
    Mechanism,
    Payer,
    RawFile,
    Reading,
    TrapCost,
    Witness,
)
from pvbench.store.codec.keys import keys
from pvbench.store.fields import (
    LARGEST,
    choice,
    exactly,
    pairs,
    real,
    real_or_none,
    text,
    text_or_none,
    whole,
    whole_or_none,
    words,
)
from pvbench.store.older import payer

SHORTEST_S = 1e-6
"""A bill of less time than that divides by nothing."""

_READING, _WITNESS, _COMMAND, _RAW = keys(Reading), keys(Witness), keys(CommandRecord), keys(RawFile)
_BILL, _MECHANISM, _TRAP, _GRANTED = keys(CpuBill), keys(Mechanism), keys(TrapCost), keys(Granted)
_FLAG = keys(Flag)


def decode_reading(data: Any) -> Reading:
    """Return a reading. Raises ValueError."""
    exactly(data, _READING, "a reading")
    metric = text(data, "metric")
    if metric not in METRICS:
        raise ValueError(f"unknown metric {metric!r}")
    return Reading(METRICS[metric].name, real(data, "value", 0.0))


def decode_witness(data: Any) -> Witness:
    """Return what one side says carried the traffic. Raises ValueError."""
    exactly(data, _WITNESS, "a witness")
    return Witness(
        text(data, "side"),
        text_or_none(data, "driver"),
        whole_or_none(data, "asked_bytes", -LARGEST),  # a counter that went back, as a trial's reason then says
        whole_or_none(data, "all_bytes", -LARGEST),
        whole_or_none(data, "asked_ios", -LARGEST),
        pairs(data, "facts", str, str),
    )


def decode_command(data: Any) -> CommandRecord:
    """Return a command that was run. Raises ValueError."""
    exactly(data, _COMMAND, "a command")
    return CommandRecord(
        text(data, "where"),
        words(data, "argv"),
        whole_or_none(data, "exit_code", -LARGEST),
        real_or_none(data, "elapsed_s"),
    )


def decode_raw(data: Any) -> RawFile:
    """Return a kept output. Raises ValueError."""
    exactly(data, _RAW, "a raw file")
    return RawFile(text(data, "path"), text(data, "sha256"), whole(data, "size_bytes"))


def decode_flag(data: Any) -> Flag:
    """Return what a trial is flagged for. Raises ValueError."""
    exactly(data, _FLAG, "a flag")
    return Flag(choice(data, "kind", FlagKind), text(data, "detail"))


def decode_granted(data: Any) -> Granted:
    """Return what was asked for and granted. Raises ValueError."""
    exactly(data, _GRANTED, "a tunable")
    return Granted(text(data, "name"), text(data, "asked"), text_or_none(data, "got"))


def decode_bill(data: Any) -> CpuBill:
    """Return who used the CPUs. Raises ValueError."""
    exactly(data, _BILL, "a CPU bill")
    paid = tuple((Payer(payer(name)), seconds) for name, seconds in pairs(data, "paid", str, float, int))
    return CpuBill(
        real(data, "wall_s", SHORTEST_S),
        whole(data, "cpus", 1),
        paid,
        whole_or_none(data, "ios", -LARGEST),
        whole_or_none(data, "moved_bytes", -LARGEST),
    )


def decode_mechanism(data: Any) -> Mechanism:
    """Return what the guest did for its I/O. Raises ValueError."""
    exactly(data, _MECHANISM, "a mechanism")
    return Mechanism(
        traced_s=real(data, "traced_s", 0.0),
        ios=real(data, "ios", 0.0),
        counts=pairs(data, "counts", str, int),
        away=pairs(data, "away", str, float, int),
        lost=whole(data, "lost"),
        slowdown=real_or_none(data, "slowdown", 0.0),
        recorded_bytes=whole_or_none(data, "recorded_bytes"),
    )


def decode_trap(data: Any) -> TrapCost:
    """Return what one operation took. Raises ValueError."""
    exactly(data, _TRAP, "a trap cost")
    return TrapCost(text(data, "name"), pairs(data, "bins", int, int))
