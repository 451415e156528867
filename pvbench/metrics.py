"""METRICS: a row a metric, with its unit, its better direction and how a person reads it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from pvbench import figures


class Better(StrEnum):
    """Which way is better."""

    HIGHER = "higher"
    LOWER = "lower"


class Scale(StrEnum):
    """How values are written for people: 1.23 MB/s, 6.10 Mbit/s, 475 µs, 1.23 %, 1,234, 2,290 IOPS."""

    BYTES = "bytes"
    BITS = "bits"
    TIME = "time"
    SHARE = "share"
    COUNT = "count"
    PLAIN = "plain"


_STEPS: Mapping[Scale, figures.Steps] = MappingProxyType(
    {Scale.BYTES: figures.BYTES, Scale.BITS: figures.BITS, Scale.TIME: figures.SECONDS}
)


@dataclass(frozen=True)
class Metric:
    """A measured quantity; values are stored in `unit`, a base unit. `noun` is what a plain number counts."""

    name: str
    unit: str
    better: Better
    scale: Scale
    title: str
    noun: str = ""

    def text(self, number: float | None) -> str:
        """Return a value, given in the metric's base unit, for people; None is "not measured"."""
        if number is None:
            return figures.NOT_MEASURED
        match self.scale:
            case Scale.SHARE:
                return f"{figures.significant(number * 100)} %"
            case Scale.COUNT:
                return f"{number:,.0f}"
            case Scale.PLAIN:
                return f"{figures.plain(number)} {self.noun}"
        return figures.scaled(number, _STEPS[self.scale], self._suffix)

    def unit_for(self, typical: float) -> tuple[float, str]:
        """Return the unit to write many values in: its size in the base unit, and its name."""
        match self.scale:
            case Scale.SHARE:
                return 0.01, "%"
            case Scale.COUNT | Scale.PLAIN:
                return 1.0, self.noun
        size, name = figures.step_of(typical, _STEPS[self.scale])
        return size, name + self._suffix

    @property
    def _suffix(self) -> str:
        return "/s" if self.unit.endswith("/s") else ""


_ROWS = (
    Metric("throughput", "B/s", Better.HIGHER, Scale.BYTES, "throughput"),
    Metric("iops", "1/s", Better.HIGHER, Scale.PLAIN, "I/O rate", "IOPS"),
    Metric("latency_mean", "s", Better.LOWER, Scale.TIME, "mean latency"),
    Metric("latency_p50", "s", Better.LOWER, Scale.TIME, "median latency"),
    Metric("latency_p99", "s", Better.LOWER, Scale.TIME, "99th percentile latency"),
    Metric("latency_p999", "s", Better.LOWER, Scale.TIME, "99.9th percentile latency"),
    Metric("goodput", "bit/s", Better.HIGHER, Scale.BITS, "goodput"),
    Metric("packets", "1/s", Better.HIGHER, Scale.PLAIN, "packet rate", "packets/s"),
    Metric("retransmits", "1", Better.LOWER, Scale.COUNT, "TCP retransmits"),
    Metric("lost_share", "1", Better.LOWER, Scale.SHARE, "share of datagrams lost"),
    Metric("jitter", "s", Better.LOWER, Scale.TIME, "jitter"),
    Metric("transactions", "1/s", Better.HIGHER, Scale.PLAIN, "transaction rate", "trans/s"),
)

METRICS: Mapping[str, Metric] = MappingProxyType({row.name: row for row in _ROWS})
