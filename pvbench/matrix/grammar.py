"""GRAMMARS: what each tool's parameters may be, and which of their combinations mean something."""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from pvbench.model import DeviceKind, Scalar, Workload
from pvbench.workloads import WORKLOADS
from pvbench.yaml_schema import (
    DURATION,
    RATE,
    SIZE,
    WHOLE_SECONDS,
    Choice,
    Field,
    Flag,
    Keyed,
    RateOrUnlimited,
    Swept,
    Table,
    Whole,
    at,
)

# Sweeps multiply; what is larger than this is a slip, not a plan.
MOST_WORKLOADS = 10_000
_LARGEST_DATAGRAM = 65_507

Point = Mapping[str, Scalar]
Objection = tuple[str, str]


@dataclass(frozen=True)
class Only:
    """A parameter that means something only where `other` is one of `values`; there it may be `needed`."""

    param: str
    other: str
    values: frozenset[Scalar]
    needed: str | None = None


@dataclass(frozen=True)
class Grammar:
    """A row of GRAMMARS: the parameters of a row of WORKLOADS, and the rules between them.

    `settle` fills in what depends on other parameters; `objects` names a parameter and why its value cannot be.
    """

    shape: Keyed
    only: tuple[Only, ...] = ()
    settle: Callable[[Point], Point] = dict
    objects: Callable[[Point], Objection | None] = lambda _: None


_TIMES = "seconds the measurement takes, warm-up not counted"
_WARM = "seconds of load before the measurement that are not counted"


def _swept(shape: Any, about: str, default: str | None = None, required: bool = False) -> Field:
    return Field(Swept(shape), about, required, default)


_WRITES = frozenset({"randwrite", "write", "randrw"})
IN_FLIGHT = 64
"""I/Os in flight for each job of an offered load: arrivals must not wait for completions."""

_FIO = Keyed(
    "fio",
    {
        "rw": _swept(
            Choice("access pattern", ("randread", "randwrite", "read", "write", "randrw")),
            "Access pattern; a list is swept, as for every parameter but the times.",
            required=True,
        ),
        "bs": _swept(SIZE.between("512B", "64MiB"), "Size of one I/O.", required=True),
        "iodepth": _swept(Whole(1, 1024), "I/Os in flight for each job.", "1"),
        "numjobs": _swept(Whole(1, 64), "Jobs that run at once.", "1"),
        "ioengine": _swept(
            Choice("ioengine", ("psync", "libaio", "sync")),
            "How fio submits I/O; left out: psync for iodepth 1, else libaio.",
        ),
        "direct": _swept(Flag(), "Whether the guest's page cache is bypassed (O_DIRECT).", "true"),
        "page_cache_counts": Field(
            Flag(),
            "Only with direct: false. true: the guest's page cache is what is measured, and the disk need not have "
            "moved what fio says; left out, a trial whose disk moved less is INVALID.",
        ),
        "fsync": _swept(Whole(1, 10_000), "An fsync after so many writes; only where something is written."),
        "rate_iops": _swept(
            Whole(1, 10_000_000),
            "Offered load of all jobs together, Poisson arrivals, 64 in flight unless iodepth says otherwise; the cell "
            "is then compared by its latency.",
        ),
        "rwmixread": _swept(Whole(1, 99), "Percentage of reads; only for randrw, there 50 unless told.", "50"),
        "runtime": Field(DURATION.between("100ms", "24h"), f"Such as 10s: {_TIMES}.", default="10s"),
        "warmup": Field(DURATION.between("0s", "1h"), f"Such as 2s: {_WARM}.", default="2s"),
    },
)
_PEER = _swept(
    Choice("peer", ("host", "guest"), aliases=(("dom0", "host"),)),
    "Who answers: the host (dom0), as usual, or a second guest with a PV NIC on the same bridge.",
)
_IPERF3 = Keyed(
    "iperf3",
    {
        "direction": _swept(
            Choice("direction", ("up", "down")), "up: guest to host; down: host to guest.", required=True
        ),
        "protocol": _swept(Choice("protocol", ("tcp", "udp")), "Transport protocol.", "tcp"),
        "parallel": _swept(Whole(1, 128), "Streams at once.", "1"),
        "rate": _swept(
            RateOrUnlimited(RATE.between("1kbit/s", "1000Gbit/s")),
            "Rate of each stream, or unlimited; udp needs it, tcp has none.",
        ),
        "length": _swept(SIZE.between("16B", "1MiB"), "Bytes in one write or datagram; left out: iperf3's own choice."),
        "peer": _PEER,
        "runtime": Field(WHOLE_SECONDS.between("1s", "24h"), f"Whole {_TIMES}.", default="10s"),
        "warmup": Field(WHOLE_SECONDS.between("0s", "1m"), f"Whole {_WARM}.", default="2s"),
    },
)
_RR, _STREAM = frozenset({"TCP_RR", "UDP_RR"}), frozenset({"TCP_STREAM", "TCP_MAERTS", "UDP_STREAM"})
_NETPERF = Keyed(
    "netperf",
    {
        "test": _swept(
            Choice("netperf test", ("TCP_RR", "UDP_RR", "TCP_STREAM", "TCP_MAERTS", "UDP_STREAM")),
            "RR: request and response in turn; STREAM: guest to host; MAERTS: host to guest.",
            required=True,
        ),
        "request": _swept(SIZE.between("1B", "64KiB"), "Bytes of a request; only for the RR tests.", "1B"),
        "response": _swept(SIZE.between("1B", "64KiB"), "Bytes of a response; only for the RR tests.", "1B"),
        "send": _swept(SIZE.between("1B", "1MiB"), "Bytes of one send; only for the streams. Left out: netperf's own."),
        "peer": _PEER,
        "runtime": Field(WHOLE_SECONDS.between("1s", "24h"), f"Whole {_TIMES}.", default="10s"),
        "warmup": Field(WHOLE_SECONDS.between("0s", "1h"), f"Whole {_WARM}.", default="2s"),
    },
)


def _fio_settle(point: Point) -> Point:
    if point.get("page_cache_counts") is False:
        point = {name: value for name, value in point.items() if name != "page_cache_counts"}
    if "rate_iops" in point and point["iodepth"] == 1 and "ioengine" not in point:
        point = {**point, "iodepth": IN_FLIGHT}
    return {"ioengine": "psync" if point["iodepth"] == 1 else "libaio", **point}


def _fio_objects(point: Point) -> Objection | None:
    depth, engine = point["iodepth"], point["ioengine"]
    if depth != 1 and engine != "libaio":
        return "iodepth", f"{engine} has one I/O in flight, so iodepth {depth} needs ioengine libaio"
    if depth != 1 and not point["direct"]:
        return "iodepth", f"without direct Linux completes I/O one by one, so iodepth {depth} needs direct: true"
    if point["direct"] and int(point["bs"]) % 512:
        return "bs", f"direct I/O is done in sectors, and {point['bs']} bytes are not a multiple of 512"
    if "rate_iops" in point:
        return _offered_objects(point)
    return None


def _offered_objects(point: Point) -> Objection | None:
    if "fsync" in point:
        return "fsync", "fio 3.33 divides by zero where fsync meets an offered load; leave one of them out"
    if point["ioengine"] != "libaio":
        return "ioengine", f"arrivals must not wait for completions, and {point['ioengine']} has one I/O in flight"
    directions = 2 if point["rw"] == "randrw" else 1
    if int(point["rate_iops"]) < 100 * directions * int(point["numjobs"]) and directions == 2:
        return "rate_iops", "reads and writes each need a share of it; offer 200 a job or more"
    if int(point["rate_iops"]) % int(point["numjobs"]):
        return "rate_iops", f"{point['rate_iops']} cannot be split evenly among {point['numjobs']} jobs"
    return None


def _net_settle(point: Point) -> Point:
    usual = point.get("peer") == "host"
    return {name: value for name, value in point.items() if name != "peer"} if usual else point


def _iperf3_objects(point: Point) -> Objection | None:
    if point["protocol"] == "udp" and int(point.get("length", 0)) > _LARGEST_DATAGRAM:
        return "length", f"a UDP datagram holds at most {_LARGEST_DATAGRAM} bytes"
    return None


def _netperf_objects(point: Point) -> Objection | None:
    if str(point["test"]).startswith("UDP_"):
        for name in ("request", "response", "send"):
            if int(point.get(name, 0)) > _LARGEST_DATAGRAM:
                return name, f"a UDP datagram holds at most {_LARGEST_DATAGRAM} bytes"
    return None


GRAMMARS: Mapping[str, Grammar] = MappingProxyType(
    {
        "fio": Grammar(
            _FIO,
            (
                Only("rwmixread", "rw", frozenset({"randrw"})),
                Only("fsync", "rw", _WRITES),
                Only("page_cache_counts", "direct", frozenset({False})),
            ),
            _fio_settle,
            _fio_objects,
        ),
        "iperf3": Grammar(
            _IPERF3,
            (Only("rate", "protocol", frozenset({"udp"}), "a rate such as 10Mbit/s, else iperf3 sends 1 Mbit/s"),),
            settle=_net_settle,
            objects=_iperf3_objects,
        ),
        "netperf": Grammar(
            _NETPERF,
            (Only("request", "test", _RR), Only("response", "test", _RR), Only("send", "test", _STREAM)),
            settle=_net_settle,
            objects=_netperf_objects,
        ),
    }
)


def kind_of(workload: Workload) -> DeviceKind:
    """Return the kind of device that a workload exercises."""
    return WORKLOADS[workload.tool].kind


def sweep(name: str, values: Mapping[str, Any], node: Table) -> Iterator[Workload]:
    """Yield a workload for each combination of what an entry's parameters may be, none twice.

    `node` is the entry's mapping; raises its source's error at the parameter that cannot be as it is.
    """
    grammar = GRAMMARS[name]
    axes = {param: value if isinstance(value, tuple) else (value,) for param, value in values.items()}
    size = math.prod(len(axis) for axis in axes.values())
    if size > MOST_WORKLOADS:
        raise node.problem(f"{size} combinations; at most {MOST_WORKLOADS} are planned")
    _check_use(grammar, axes, node)
    seen = set()
    for combination in itertools.product(*axes.values()):
        point: Point = {param: value for param, value in zip(axes, combination, strict=True) if value is not None}
        point = grammar.settle(_applicable(grammar, point))
        if (objection := grammar.objects(point)) is not None:
            param, why = objection
            raise at(node, param, axes[param].index(point[param])).problem(why)
        workload = Workload(name, tuple(sorted(point.items())))
        if workload not in seen:
            seen.add(workload)
            yield workload


def _said(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _applicable(grammar: Grammar, point: Point) -> Point:
    out = {only.param for only in grammar.only if point[only.other] not in only.values}
    return {param: value for param, value in point.items() if param not in out}


def _check_use(grammar: Grammar, axes: Mapping[str, tuple[Any, ...]], node: Table) -> None:
    for only in grammar.only:
        where = [value for value in axes[only.other] if value in only.values]
        given = node.key(only.param)
        if given is not None and not where:
            raise given.problem(
                f"{only.param} means nothing where {only.other} is {' or '.join(map(_said, axes[only.other]))}; "
                f"only for {', '.join(sorted(map(_said, only.values)))}"
            )
        if given is None and where and only.needed:
            raise at(node, only.other, axes[only.other].index(where[0])).problem(
                f"{only.other} {where[0]} needs '{only.param}', {only.needed}"
            )
