"""fio's json and json+ (2.0 to 3.x): a result a job; units, which fio 3 changed, are told apart by their keys."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from pvbench.foreign.documents import Document
from pvbench.foreign.nouns import Figure, Result
from pvbench.foreign.values import at, each, figure, number, word

PARTS = ("read", "write", "trim", "mixed")
_MEDIAN = 50.0
_KINDS = (("slat", "submission_latency"), ("clat", "completion_latency"), ("lat", "latency"))
_UNITS = (("_ns", 1e-9), ("_us", 1e-6), ("", 1e-6))
"""fio 3 writes nanoseconds under lat_ns, fio 2 microseconds under lat."""
_FACTS = ("rw", "bs", "iodepth", "numjobs", "ioengine", "direct", "size", "runtime", "filename", "rwmixread")
_KIB = 1024
_LAST_ERRNO = 4095
_ENDED_SECONDS, _NO_ETA = 1, 2**31 - 1
"""A job that has ended has an eta of 0 or 1 s, or the largest integer, as each release has it."""
_ALL_CLIENTS = "All clients"


def claims(data: Mapping[str, Any]) -> bool:
    """Tell whether a document is fio's."""
    return "fio version" in data or any("jobname" in job for key in ("jobs", "client_stats") for job in each(data, key))


def read(document: Document) -> tuple[Result, ...]:
    """Return a result a job, and one for each client. Raises ForeignError where there is no job."""
    data = document.data
    jobs = [*each(data, "jobs"), *each(data, "client_stats")]
    if not jobs:
        raise document.place.refusal("fio ended without a job: neither jobs nor client_stats has one")
    return tuple(_result(document, job, place, title) for place, (job, title) in enumerate(_titled(jobs)))


def _titled(jobs: list[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Yield each job and its name; of several of one name (numjobs, clients), each with its number."""
    names = [word(job.get("jobname")) or "job without a name" for job in jobs]
    often, begun = Counter(names), Counter[str]()
    for job, name in zip(jobs, names, strict=True):
        begun[name] += 1
        yield job, f"{name} #{begun[name]}" if often[name] > 1 else name


def _result(document: Document, job: Mapping[str, Any], place: int, title: str) -> Result:
    data = document.data
    version = word(data.get("fio version"))
    options = {**at(data, "global options"), **at(job, "job options")}
    facts = {name: said for name in _FACTS if (said := word(options.get(name)))}
    facts |= {name: said for name in ("hostname", "groupid", "elapsed") if (said := word(job.get(name)))}
    facts |= {name: said for name in ("timestamp", "time") if (said := word(data.get(name)))}
    figures = tuple(_figures(job, f"jobs[{place}]"))
    times = [number(job, part, "runtime") for part in PARTS if number(job, part, "io_bytes")]
    seconds = max((each_ms / 1000 for each_ms in times if each_ms), default=None)
    notes = tuple(_notes(job, figures))
    return Result(
        tool="fio",
        version=version.removeprefix("fio-") if version else None,
        format="json+" if _has_bins(job) else "json",
        title=title,
        line=document.place.line,
        figures=figures,
        facts=facts,
        seconds=seconds,
        notes=notes,
        problem=_problem(job, figures),
    )


def _figures(job: Mapping[str, Any], source: str) -> Iterator[Figure]:
    for part in PARTS:
        data = at(job, part)
        if any(number(data, key) for key in ("io_bytes", "iops", "bw_bytes", "bw")):
            yield from _moved(data, part, f"{source}.{part}")
            yield from latencies(data, part, f"{source}.{part}")
    if number(job, "sync", "total_ios"):
        yield from latencies(at(job, "sync"), "sync", f"{source}.sync")
    for key, name in (("usr_cpu", "cpu_user"), ("sys_cpu", "cpu_system")):
        if (share := number(job, key)) is not None:
            yield Figure(name, share / 100, "1", "", f"{source}.{key}")


def _moved(data: Mapping[str, Any], part: str, source: str) -> Iterator[Figure]:
    """Yield throughput and I/O rate: bw_bytes is bytes a second, bw beside it, or alone in fio 2, is KiB/s."""
    exact, rounded, rate = (number(data, key) for key in ("bw_bytes", "bw", "iops"))
    if exact is not None:
        yield Figure("throughput", exact, "B/s", part, f"{source}.bw_bytes")
    elif rounded is not None:
        yield Figure("throughput", rounded * _KIB, "B/s", part, f"{source}.bw, which is in KiB/s")
    if rate is not None:
        yield Figure("iops", rate, "1/s", part, f"{source}.iops")
    moved = number(data, "io_bytes")
    if moved is not None:
        in_kib = exact is None and "io_kbytes" not in data and not any(key + "_ns" in data for key, _ in _KINDS)
        unit = ", which is in KiB in fio 2" if in_kib else ""
        yield Figure("bytes", moved * (_KIB if in_kib else 1), "B", part, f"{source}.io_bytes{unit}")


def latencies(data: Mapping[str, Any], part: str, source: str) -> Iterator[Figure]:
    """Yield the means, the largest and the percentiles of each kind of latency, in seconds."""
    for key, name in _KINDS:
        for suffix, unit in _UNITS:
            taken = at(data, key + suffix)
            if not any(number(taken, stat) for stat in ("N", "max", "mean")):
                continue
            here = f"{source}.{key}{suffix}"
            for stat in ("mean", "min", "max", "stddev"):
                if (value := number(taken, stat)) is not None:
                    yield Figure(f"{name}_{stat}", value * unit, "s", part, f"{here}.{stat}")
            yield from _percentiles(at(taken, "percentile"), unit, name, part, here)
            break


def _percentiles(shares: Mapping[str, Any], unit: float, name: str, part: str, here: str) -> Iterator[Figure]:
    for key, value in shares.items():
        if (suffix := percentile(figure(key))) and (taken := figure(value)) is not None:
            yield Figure(f"{name}_{suffix}", taken * unit, "s", part, f"{here}.percentile.{key}")


def percentile(share: float | None) -> str | None:
    """Return the name of a percentile from the median on: p50, p99, p999 for 99.9; None for a lower one."""
    return f"p{share:g}".replace(".", "") if share is not None and _MEDIAN <= share <= 100 else None


def _notes(job: Mapping[str, Any], figures: tuple[Figure, ...]) -> Iterator[str]:
    if _ENDED_SECONDS < (number(job, "eta") or 0) < _NO_ETA:
        yield f"fio wrote this while the job still had {number(job, 'eta'):.0f} s to go"
    if job.get("jobname") == _ALL_CLIENTS:
        yield "the sum of the clients above, which fio made: do not add it to them"
    for part in PARTS:
        for key, what in (("short_ios", "short"), ("drop_ios", "dropped")):
            if count := number(job, part, key):
                yield f"{count:,.0f} I/Os were {what} ({part})"
    names = {each_.name for each_ in figures}
    if any(name.startswith("completion_latency_p") and name.removeprefix("completion_") not in names for name in names):
        yield "percentiles are of the completion latency; those of the whole latency are not in the file"
    if "completion_latency_mean" in names and not any("latency_p" in name for name in names):
        yield "no percentiles in the file"


def _problem(job: Mapping[str, Any], figures: tuple[Figure, ...]) -> str | None:
    error = number(job, "error")
    if error:
        number_ = int(min(error, _LAST_ERRNO))
        return f"fio says that the job ended with error {error:.0f} ({os.strerror(number_)})"
    if failed := number(job, "total_err"):
        return f"fio says that {failed:,.0f} I/Os failed, the first with error {number(job, 'first_error') or 0:.0f}"
    if any(each_.name in {"throughput", "iops", "latency_mean"} for each_ in figures):
        return None
    idle = any(number(job, part, "io_bytes") == 0 for part in PARTS)
    return "no I/O was done" if idle else "no figure of I/O is in the file"


def _has_bins(job: Mapping[str, Any]) -> bool:
    return any("bins" in at(job, part, key) for part in PARTS for key in ("clat_ns", "lat_ns", "clat", "lat"))
