"""What tools print in a guest, recorded from the real ones."""

import json
import re
from dataclasses import dataclass, field, replace

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


_RATES = re.compile(rb'("?\b(iops|bw_bytes|runtime|TRANSACTION_RATE)"?(?: : |=))([0-9.]+)')


def recorded(program: str) -> Output:
    """Return what fio (random read of 4 KiB), iperf3 (TCP from the guest) or netperf (TCP_RR) prints."""
    name, moved_bytes = _RECORDED[program]
    golden = json.loads((folder("tests/golden/workloads") / f"{name}.json").read_text())
    return Output(golden["stdout"].encode(), moved_bytes)


def all_recorded() -> dict[str, Output]:
    """Return what each program prints."""
    return {program: recorded(program) for program in _RECORDED}


def times(output: Output, by: float) -> Output:
    """Return what fio or netperf prints where it was so many times as fast, within what its parser finds consistent."""

    def scaled(rate: re.Match[bytes]) -> bytes:
        way = -1 if rate[2] == b"runtime" else 1
        return rate[1] + f"{float(rate[3]) * by**way:.6f}".rstrip("0").rstrip(".").encode()

    return replace(output, stdout=_RATES.sub(scaled, output.stdout))
