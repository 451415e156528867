"""Metrics as other programs name them, in their base units, and the figures of a cell by metric. Pure."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from pvbench.factors import Switch
from pvbench.samples import CellTrials
from pvbench.stats import Sample

UNITS: Mapping[str, str] = MappingProxyType(
    {
        "throughput": "throughput_bytes_per_second",
        "iops": "io_operations_per_second",
        "latency_mean": "latency_mean_seconds",
        "latency_p50": "latency_p50_seconds",
        "latency_p99": "latency_p99_seconds",
        "latency_p999": "latency_p999_seconds",
        "goodput": "goodput_bytes_per_second",
        "packets": "packets_per_second",
        "retransmits": "tcp_retransmits",
        "lost_share": "datagrams_lost_ratio",
        "jitter": "jitter_seconds",
        "transactions": "transactions_per_second",
    }
)
"""The name of each metric with its unit, as https://prometheus.io/docs/practices/naming/ wants it: bytes, not bits."""
PER_BASE_UNIT: Mapping[str, float] = MappingProxyType({"goodput": 8.0})
"""How many of our units are one of theirs, where that is not 1: eight bits are a byte."""


def measure(metric: str) -> str:
    """Return the name of a metric in METRICS, with its unit."""
    return UNITS[metric]


def figures(cell: CellTrials) -> Iterator[tuple[str, tuple[float, ...]]]:
    """Yield each metric of a cell with its values in the unit of its name, one a boot."""
    for metric in UNITS:
        readings = [
            (Switch.BOOT.unit_of(trial.spec), reading.value / PER_BASE_UNIT.get(metric, 1.0))
            for trial in cell.trials
            for reading in trial.readings
            if reading.metric == metric
        ]
        if readings:
            yield metric, Sample.of(readings).numbers
