"""fio against one disk of the guest: its parameters, its command line, its words; what it printed is in `output`."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from pvbench import figures
from pvbench.errors import UsageError
from pvbench.metrics import METRICS
from pvbench.model import DeviceKind
from pvbench.workloads.fio.output import WRITES, parse, windows
from pvbench.workloads.tool import (
    WINDOWS,
    Argv,
    Axis,
    Disk,
    Grammar,
    Misfit,
    Objection,
    Only,
    Operation,
    Params,
    Target,
    Tool,
    disk,
    positive,
    size,
    swept,
    times,
)
from pvbench.yaml_schema import DURATION, SIZE, Choice, Field, Flag, Keyed, Whole

# What a matrix may ask for.

IN_FLIGHT = 64
"""I/Os in flight for each job of an offered load: arrivals must not wait for completions."""

_SHAPE = Keyed(
    "fio",
    {
        "rw": swept(
            Choice("access pattern", ("randread", "randwrite", "read", "write", "randrw")),
            "Access pattern; a list is swept, as for every parameter but the times.",
            required=True,
        ),
        "bs": swept(SIZE.between("512B", "64MiB"), "Size of one I/O.", required=True),
        "iodepth": swept(Whole(1, 1024), "I/Os in flight for each job.", "1"),
        "numjobs": swept(Whole(1, 64), "Jobs that run at once.", "1"),
        "ioengine": swept(
            Choice("ioengine", ("psync", "libaio", "sync")),
            "How fio submits I/O; left out: psync for iodepth 1, else libaio.",
        ),
        "direct": swept(Flag(), "Whether the guest's page cache is bypassed (O_DIRECT).", "true"),
        "page_cache_counts": Field(
            Flag(),
            "Only with direct: false. true: the guest's page cache is what is measured, and the disk need not have "
            "moved what fio says; left out, a trial whose disk moved less is INVALID.",
        ),
        "fsync": swept(Whole(1, 10_000), "An fsync after so many writes; only where something is written."),
        "rate_iops": swept(
            Whole(1, 10_000_000),
            "Offered load of all jobs together, Poisson arrivals, 64 in flight unless iodepth says otherwise; the cell "
            "is then compared by its latency.",
        ),
        "rwmixread": swept(Whole(1, 99), "Percentage of reads; only for randrw, there 50 unless told.", "50"),
        **times(DURATION.between("100ms", "24h"), DURATION.between("0s", "1h"), ("Such as 10s:", "Such as 2s:")),
    },
)


def _settle(params: Params) -> Params:
    if params.get("page_cache_counts") is False:
        params = {name: value for name, value in params.items() if name != "page_cache_counts"}
    if "rate_iops" in params and params["iodepth"] == 1 and "ioengine" not in params:
        params = {**params, "iodepth": IN_FLIGHT}
    return {"ioengine": "psync" if params["iodepth"] == 1 else "libaio", **params}


def _objects(params: Params) -> Objection | None:
    depth, engine = params["iodepth"], params["ioengine"]
    if depth != 1 and engine != "libaio":
        return "iodepth", f"{engine} has one I/O in flight, so iodepth {depth} needs ioengine libaio"
    if depth != 1 and not params["direct"]:
        return "iodepth", f"without direct Linux completes I/O one by one, so iodepth {depth} needs direct: true"
    if params["direct"] and int(params["bs"]) % 512:
        return "bs", f"direct I/O is done in sectors, and {params['bs']} bytes are not a multiple of 512"
    if "rate_iops" in params:
        return _offered_objects(params)
    return None


def _offered_objects(params: Params) -> Objection | None:
    if "fsync" in params:
        return "fsync", "fio 3.33 divides by zero where fsync meets an offered load; leave one of them out"
    if params["ioengine"] != "libaio":
        return "ioengine", f"arrivals must not wait for completions, and {params['ioengine']} has one I/O in flight"
    directions = 2 if params["rw"] == "randrw" else 1
    if int(params["rate_iops"]) < 100 * directions * int(params["numjobs"]) and directions == 2:
        return "rate_iops", "reads and writes each need a share of it; offer 200 a job or more"
    if int(params["rate_iops"]) % int(params["numjobs"]):
        return "rate_iops", f"{params['rate_iops']} cannot be split evenly among {params['numjobs']} jobs"
    return None


def _misfit(values: Mapping[str, Sequence[int]], scratch_bytes: int) -> Misfit | None:
    jobs = max(values["numjobs"])
    each = f" for each of {jobs} jobs" if jobs > 1 else ""
    for position, bs in enumerate(values["bs"]):
        if bs * jobs > scratch_bytes:
            on = f"the scratch disk of {SIZE.spelt(scratch_bytes)}"
            return "bs", position, f"I/Os of {SIZE.spelt(bs)}{each} do not fit on {on}; raise 'scratch'"
    return None


GRAMMAR = Grammar(
    _SHAPE,
    (
        Only("rwmixread", "rw", frozenset({"randrw"})),
        Only("fsync", "rw", WRITES),
        Only("page_cache_counts", "direct", frozenset({False})),
    ),
    _settle,
    _objects,
    _misfit,
)

# The command line.

LOG = "/tmp/pvb"  # noqa: S108 - in the guest, whose /tmp is its own memory
"""What fio puts before _iops.log; pvb-run hands back every /tmp/pvb_*.log."""

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


# Its words.

_TITLES: Mapping[str, str] = MappingProxyType(
    {
        "randread": "Random read",
        "randwrite": "Random write",
        "read": "Sequential read",
        "write": "Sequential write",
        "randrw": "Random read and write",
        "rw": "Sequential read and write",
    }
)


def title(params: Params) -> list[str]:
    """Return ["Random read", "4 KiB", "depth 1"] and whatever is not as usual."""
    mode = str(params.get("rw", "fio"))
    parts = [_TITLES.get(mode, mode)]
    if "bs" in params:
        parts.append(size(params["bs"]))
    if rate := positive(params.get("rate_iops")):
        parts.append(f"at {_rate(rate)} offered")
    elif "iodepth" in params:
        parts.append(f"depth {params['iodepth']}")
    if params.get("numjobs", 1) != 1:
        parts.append(f"{params['numjobs']} jobs")
    if "fsync" in params:
        parts.append("fsync after each write" if params["fsync"] == 1 else f"fsync every {params['fsync']} writes")
    if params.get("rwmixread", 50) != 50:
        parts.append(f"{params['rwmixread']} % reads")
    if params.get("direct") is False:
        parts.append("the page cache itself" if params.get("page_cache_counts") else "through the page cache")
    return parts


def primary(params: Params) -> str:
    """Return throughput where I/Os follow one another on the disk, else their rate; latency where that is given."""
    return "latency_mean" if "rate_iops" in params else _moved(params)


def _moved(params: Params) -> str:
    return "throughput" if params.get("rw") in {"read", "write", "rw"} else "iops"


def _rate(value: float) -> str:
    return METRICS["iops"].text(value)


def offered(params: Params) -> tuple[str, float] | None:
    """Return the I/Os per second that are offered, whatever comes back; None in a closed loop."""
    rate = positive(params.get("rate_iops"))
    return ("iops", rate) if rate else None


def operation(params: Params) -> Operation:
    """Return what one I/O is."""
    noun = {"randread": "read", "read": "read", "randwrite": "write", "write": "write"}.get(str(params.get("rw")))
    alone = params.get("iodepth", 1) == 1 and params.get("numjobs", 1) == 1
    return Operation(noun or "I/O", positive(params.get("bs")) or 0, alone)


def loop_note(workloads: Sequence[Params]) -> str:
    """Return the sentence on coordinated omission, wherever fio waited for completions before it went on."""
    if all("rate_iops" in params for params in workloads):
        return ""
    return (
        "Where no load is offered, fio sends the next I/O only when one has come back, so an I/O that hangs delays "
        "those behind it instead of counting as their wait: tails of such closed loops are flattered (coordinated "
        "omission), and only rows “at … IOPS offered” show what a client would wait that does not slow down."
    )


_LATENCY = "latency_mean"

TOOL = Tool(
    name="fio",
    kind=DeviceKind.BLOCK,
    grammar=GRAMMAR,
    raw_name="fio.json",
    version=("fio", "--version"),
    argv=argv,
    parse=parse,
    primary=primary,
    title=title,
    titled=frozenset({"rw", "bs", "iodepth", "fsync", "rate_iops", "numjobs", "direct", "rwmixread"}),
    sizes=frozenset({"bs"}),
    windows=windows,
    offered=offered,
    operation=operation,
    axes=(
        Axis("iodepth", "depth", across=_moved, up=_LATENCY, follows=frozenset({"ioengine"})),
        Axis("bs", "I/O size", figures.size, lambda _: "throughput", _LATENCY),
        Axis("numjobs", "jobs", across=_moved, up=_LATENCY),
        Axis("rate_iops", "offered load", _rate, _moved, _LATENCY),
    ),
    note=loop_note,
)
