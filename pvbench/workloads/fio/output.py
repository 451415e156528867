"""What fio's json+ output and its log of I/O rates say."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from pvbench.errors import ParseError
from pvbench.histogram import merge, quantile_ns, total
from pvbench.model import Flag, FlagKind, Reading
from pvbench.workloads.claim import Claim, amount
from pvbench.workloads.output import check_duration, json_object, number, spare
from pvbench.workloads.tool import WINDOWS, Measured, Params

WRITES = frozenset({"write", "randwrite", "randrw"})

DIRECTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "read": ("read",),
        "randread": ("read",),
        "write": ("write",),
        "randwrite": ("write",),
        "randrw": ("read", "write"),
    }
)

PERCENTILES = (("latency_p50", 0.50, 1), ("latency_p99", 0.99, 100), ("latency_p999", 0.999, 10_000))
"""Metric, share, and the fewest I/Os it is told from: with fewer a percentile is an accident of one or two of them."""


_LATE = Flag(
    FlagKind.PAGE_CACHE,
    "writes were counted once the guest's memory had them; the disk had them when fio closed it",
)
_IN_CACHE = "the guest's page cache served the rest; page_cache_counts: true says that this is what is measured"

_LAST_ERRNO = 4095
"""MAX_ERRNO of <linux/err.h>; what is above has no name."""


def parse(stdout: bytes, params: Params) -> Measured:
    """Return what was measured, summed over directions and jobs; ParseError where it is not what was asked for."""
    report = json_object("fio", stdout)
    jobs = report.get("jobs")
    if not isinstance(jobs, list) or not jobs:
        raise ParseError(f"fio: no jobs in its output, but {', '.join(sorted(report)) or 'nothing'}")
    asked_s = float(params["runtime"])
    parts = [_part(job, name, asked_s) for job in jobs for name in DIRECTIONS[str(params["rw"])]]
    bins = merge(_bins(part) for part in parts)
    counts = [number("fio", part, "lat_ns", "N") for part in parts]
    if not sum(counts):
        raise ParseError("fio: no latency was taken")
    waited = sum(number("fio", part, "lat_ns", "mean") * n for part, n in zip(parts, counts, strict=True))
    readings = [
        # bw_bytes is B/s; bw beside it is KiB/s. iops is over the whole time; iops_mean is a mean of samples.
        Reading("throughput", float(sum(number("fio", part, "bw_bytes") for part in parts))),
        Reading("iops", float(sum(number("fio", part, "iops") for part in parts))),
        Reading("latency_mean", waited / sum(counts) / 1e9),
    ]
    ios = total(bins)
    readings += [
        Reading(metric, quantile_ns(bins, share) / 1e9) for metric, share, least in PERCENTILES if ios >= least
    ]
    seconds = max(number("fio", part, "runtime") for part in parts) / 1000
    return Measured(tuple(readings), seconds, _claim(parts, params, spare(params, seconds)), bins)


def _claim(parts: Sequence[Mapping[str, Any]], params: Params, run: float) -> Claim:
    """Return what the disk moved if the figures are true, and at most `run` times as much: fio's ramp is in none.

    What fio counted and what its rates amount to are the same in every sound report; the larger one is claimed.
    """
    moved, ios = 0.0, 0.0
    for part in parts:
        seconds, done = number("fio", part, "runtime") / 1000, number("fio", part, "total_ios")
        rates = number("fio", part, "bw_bytes") * seconds, number("fio", part, "iops") * seconds * int(params["bs"])
        moved, ios = moved + max(number("fio", part, "io_bytes"), *rates), ios + done
    said = f"{amount(moved)} in {ios:,.0f} I/Os"
    if params["direct"]:
        return Claim(said, moved, moved * run)
    counts = bool(params.get("page_cache_counts"))
    late = params["rw"] in WRITES and "fsync" not in params and not counts
    return Claim(
        said, 0.0 if counts else moved, moved * run, cached=counts, elsewhere=_IN_CACHE, note=_LATE if late else None
    )


def windows(log: bytes, params: Params) -> tuple[float, ...]:
    """Return the rate of each part of the measurement from fio's log of I/O rates, in the primary metric's unit.

    A line is "ms since the ramp, I/Os per second, direction, …", from early to late; one job's lines follow another's,
    and what jobs and directions did in the same part is added up. Where one has fewer parts, nothing is told.
    """
    parts, streams = [0.0] * WINDOWS, Counter[int]()
    told: dict[int, tuple[int, int]] = {}  # per direction, the part and the time of its last line
    for line in log.decode(errors="replace").splitlines():
        words = [word.strip() for word in line.split(",")]
        if len(words) < 3 or not all(word.isascii() and word.isdigit() and len(word) < 19 for word in words[:3]):
            raise ParseError(f"fio: {line[:80]!r} is no line of its log")
        ended, rate, direction = (int(word) for word in words[:3])
        if direction > 1:  # trims, syncs
            continue
        part, before = told.get(direction, (-1, 0))
        part = part + 1 if ended > before else 0
        told[direction] = part, ended
        if part < WINDOWS:
            parts[part] += rate
            streams[part] += 1
    if len(streams) < WINDOWS or len(set(streams.values())) > 1:
        return ()
    size = int(params["bs"]) if params["rw"] in {"read", "write"} else 1
    return tuple(rate * size for rate in parts)


def _part(job: Mapping[str, Any], direction: str, asked_s: float) -> Mapping[str, Any]:
    """Return what a job did in one direction. fio can exit 0 after an error, or with I/O short, dropped or none."""
    error = int(number("fio", job, "error"))
    if error:
        raise ParseError(f"fio: job ended with error {error} ({os.strerror(min(error, _LAST_ERRNO))})")
    part = job.get(direction)
    if not isinstance(part, Mapping):
        raise ParseError(f"fio: the job has no {direction!r}")
    if number("fio", part, "total_ios") == 0:
        raise ParseError(f"fio: no {direction} was done")
    for key, what in (("short_ios", "short"), ("drop_ios", "dropped")):
        if spoiled := number("fio", part, key):
            raise ParseError(f"fio: {spoiled:g} of {part['total_ios']} I/Os were {what} ({direction})")
    check_duration("fio", number("fio", part, "runtime") / 1000, asked_s)
    return part


def _bins(part: Mapping[str, Any]) -> Iterator[tuple[int, int]]:
    bins = part["lat_ns"].get("bins") if isinstance(part.get("lat_ns"), Mapping) else None
    if not bins or not isinstance(bins, Mapping):
        raise ParseError("fio: no lat_ns.bins", hint="it needs --output-format=json+ and --lat_percentiles=1")
    for midpoint in bins:
        if not (midpoint.isascii() and midpoint.isdigit() and len(midpoint) < 19):
            raise ParseError(f"fio: {midpoint[:30]!r} in lat_ns.bins is no latency")
        yield int(midpoint), int(number("fio", bins, midpoint))
