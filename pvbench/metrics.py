"""METRICS: a row a metric, with its unit, its better direction and how a person reads it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Better(StrEnum):
    """Which way is better."""

    HIGHER = "higher"
    LOWER = "lower"


class Scale(StrEnum):
    """How values are shortened for people: 1,234 kB/s (decimal), 1.2 ms (time), plain."""

    BYTES = "bytes"
    BITS = "bits"
    TIME = "time"
    PLAIN = "plain"


@dataclass(frozen=True)
class Metric:
    """A measured quantity; values are stored in `unit`, a base unit."""

    name: str
    unit: str
    better: Better
    scale: Scale
    title: str


_ROWS = (
    Metric("throughput", "B/s", Better.HIGHER, Scale.BYTES, "throughput"),
    Metric("iops", "1/s", Better.HIGHER, Scale.PLAIN, "I/O rate"),
    Metric("latency_mean", "s", Better.LOWER, Scale.TIME, "mean latency"),
    Metric("latency_p50", "s", Better.LOWER, Scale.TIME, "median latency"),
    Metric("latency_p99", "s", Better.LOWER, Scale.TIME, "99th percentile latency"),
    Metric("latency_p999", "s", Better.LOWER, Scale.TIME, "99.9th percentile latency"),
    Metric("goodput", "bit/s", Better.HIGHER, Scale.BITS, "goodput"),
    Metric("packets", "1/s", Better.HIGHER, Scale.PLAIN, "packet rate"),
    Metric("retransmits", "1", Better.LOWER, Scale.PLAIN, "TCP retransmits"),
    Metric("lost_share", "1", Better.LOWER, Scale.PLAIN, "share of datagrams lost"),
    Metric("jitter", "s", Better.LOWER, Scale.TIME, "jitter"),
    Metric("transactions", "1/s", Better.HIGHER, Scale.PLAIN, "transaction rate"),
)

METRICS: Mapping[str, Metric] = MappingProxyType({row.name: row for row in _ROWS})
