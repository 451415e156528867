"""fio against one disk of the guest: its command line, and what its json+ output says."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from pvbench.errors import ParseError, UsageError
from pvbench.histogram import merge, quantile_ns, total
from pvbench.model import DeviceKind, Flag, FlagKind, Reading
from pvbench.workloads.claim import Claim, amount
from pvbench.workloads.tool import (
    WINDOWS,
    Argv,
    Disk,
    Measured,
    Params,
    Target,
    Tool,
    check_duration,
    disk,
    json_object,
    no_warmup,
    number,
    spare,
)

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


LOG = "/tmp/pvb"  # noqa: S108 - in the guest, whose /tmp is its own memory
"""What fio puts before _iops.log; pvb-run hands back every /tmp/pvb_*.log."""

_WRITES = frozenset({"write", "randwrite", "randrw"})
_LATE = Flag(
    FlagKind.PAGE_CACHE,
    "writes were counted once the guest's memory had them; the disk had them when fio closed it",
)
_IN_CACHE = "the guest's page cache served the rest; page_cache_counts: true says that this is what is measured"

_LAST_ERRNO = 4095
"""MAX_ERRNO of <linux/err.h>; what is above has no name."""

_PART_OF_WINDOW = 0.9
"""fio begins its averages up to 250 ms after a ramp and drops the one cut off: five of 400 ms do not fit in 2 s."""


def argv(params: Params, target: Target) -> Argv:
    """Return the command line. It names one file, the disk given, and stays within that disk's size."""
    on, bs, jobs, rw = disk("fio", target), int(params["bs"]), int(params["numjobs"]), str(params["rw"])
    share = on.size_bytes // jobs // bs * bs
    if share == 0:
        raise UsageError(f"fio: {jobs} jobs of {bs} bytes do not fit on {on.path} ({on.size_bytes} bytes)")
    words = [
        "fio",
        "--name=pvbench",
        "--output-format=json+",
        "--eta=never",
        "--thread",
        "--group_reporting",
        f"--filename={_one_file(on)}",
        f"--size={share}",
        "--allow_mounted_write=0",
        "--allow_file_create=0",  # where the disk is missing, fio would make a file of that name and measure memory
        f"--rw={rw}",
        f"--bs={bs}",
        f"--iodepth={params['iodepth']}",
        f"--numjobs={jobs}",
        f"--ioengine={params['ioengine']}",
        f"--direct={int(params['direct'])}",
        "--time_based",
        f"--runtime={_milliseconds(params['runtime'])}",
        f"--ramp_time={_milliseconds(params.get('warmup', 0))}",
        # Offsets repeat from run to run unless seeded; reruns would then hit what the host still holds.
        f"--randseed={on.seed}",
        # lat (submission and completion) is what a guest waits; clat leaves out the part that PV shortens.
        "--lat_percentiles=1",
        "--clat_percentiles=0",
    ]
    if on.log:
        part_ms = max(1, int(float(params["runtime"]) * 1000 / WINDOWS * _PART_OF_WINDOW))
        words += [f"--write_iops_log={LOG}", "--per_job_logs=0", f"--log_avg_msec={part_ms}"]
    if "fsync" in params:
        words.append(f"--fsync={params['fsync']}")
    if "rate_iops" in params:
        words += [f"--rate_iops={_offered(params)}", "--rate_process=poisson"]
    if jobs > 1:  # each job its own part: on a shared one, all but the first read from the host's cache
        words.append(f"--offset_increment={share}")
    if rw.startswith("rand"):
        words.append("--norandommap")  # offsets independent, and no bitmap of the disk in a small guest
    if rw == "randrw":
        words.append(f"--rwmixread={params.get('rwmixread', 50)}")
    return tuple(words)


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
    late = params["rw"] in _WRITES and "fsync" not in params and not counts
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


def _one_file(on: Disk) -> str:
    if not on.path.startswith("/") or any(mark in on.path for mark in ":\\\n"):  # fio splits a filename at colons
        raise UsageError(f"fio: {on.path!r} is not the path of one disk")
    return on.path


def _offered(params: Params) -> str:
    """Return the offered load of one job; fio takes one number as that of reads and that of writes."""
    each = int(params["rate_iops"]) // int(params["numjobs"])
    if params["rw"] != "randrw":
        return str(each)
    reads = round(each * int(params.get("rwmixread", 50)) / 100)
    return f"{reads},{each - reads}"


def _milliseconds(seconds: object) -> str:
    return f"{round(float(str(seconds)) * 1000)}ms"


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


TOOL = Tool("fio", DeviceKind.BLOCK, "fio.json", argv, parse, no_warmup, None, windows)
