"""What tools print in a guest, recorded from the real ones."""

import json
from dataclasses import dataclass, field

from pvbench.shipped import folder


@dataclass(frozen=True)
class Output:
    """What a program prints, and how many bytes its device has moved if that is true, a warm-up included."""

    stdout: bytes = field(repr=False)
    moved_bytes: int


_RECORDED = {
    "fio": ("fio/3.33-randread", 76_000_000),
    "iperf3": ("iperf3/3.12-tcp-up", 3_000_000_000),
    "netperf": ("netperf/2.7.0-tcp-rr", 2_000_000),
}


def recorded(program: str) -> Output:
    """Return what fio (random read of 4 KiB), iperf3 (TCP from the guest) or netperf (TCP_RR) prints."""
    name, moved_bytes = _RECORDED[program]
    golden = json.loads((folder("tests/golden/workloads") / f"{name}.json").read_text())
    return Output(golden["stdout"].encode(), moved_bytes)


def all_recorded() -> dict[str, Output]:
    """Return what each program prints."""
    return {program: recorded(program) for program in _RECORDED}
