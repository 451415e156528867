"""Workloads, devices and labels in words."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from pvbench import figures as fmt
from pvbench.drivers import DRIVERS
from pvbench.metrics import METRICS, Metric
from pvbench.model import Cell, DeviceKind, Emulation, HostFacts, IoPath, Scalar, Workload

KINDS: Mapping[DeviceKind, str] = MappingProxyType({DeviceKind.BLOCK: "Disk", DeviceKind.NET: "Network"})

_FIO_TITLES: Mapping[str, str] = MappingProxyType(
    {
        "randread": "Random read",
        "randwrite": "Random write",
        "read": "Sequential read",
        "write": "Sequential write",
        "randrw": "Random read and write",
        "rw": "Sequential read and write",
    }
)
_DIRECTIONS: Mapping[str, str] = MappingProxyType({"up": "guest sends", "down": "guest receives"})
_NETPERF_TITLES: Mapping[str, str] = MappingProxyType(
    {
        "TCP_RR": "TCP request/response",
        "UDP_RR": "UDP request/response",
        "TCP_STREAM": "TCP stream, guest sends",
        "TCP_MAERTS": "TCP stream, guest receives",
        "UDP_STREAM": "UDP stream, guest sends",
    }
)
_SIZES = frozenset({"bs", "length", "request", "response", "send"})
_TIMES = frozenset({"runtime", "warmup"})
_USUAL: Mapping[str, Mapping[str, Scalar]] = MappingProxyType(
    {
        "fio": {"numjobs": 1, "direct": True, "rwmixread": 50},
        "iperf3": {"parallel": 1},
        "netperf": {"request": 1, "response": 1},
    }
)
"""What a title leaves out as long as it is as usual."""

_TOLD: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "fio": frozenset({"rw", "bs", "iodepth", "fsync", "rate_iops"}),
        "iperf3": frozenset({"direction", "protocol", "rate", "length", "peer"}),
        "netperf": frozenset({"test", "send", "peer"}),
    }
)
"""What a title always tells."""

_SMALL_DATAGRAM = 512
"""Up to so many bytes it is the number of packets that costs, not their bytes."""

SOFTWARE_NOTE = (
    "The hypervisor itself ran under software emulation, without hardware virtualisation. Such figures exercise the "
    "whole measuring chain and show the order of things; they do not tell what real hardware would show."
)
VIRTUAL_NOTE = (
    "The hypervisor itself ran inside a virtual machine. Exits cost more there than on bare metal, so ratios differ "
    "from those of real hardware."
)


def title(workload: Workload) -> str:
    """Return what is run, short: "Random read, 4 KiB, depth 1"; what is as usual is left out."""
    params = dict(workload.params)
    parts = {"fio": _fio, "iperf3": _iperf3, "netperf": _netperf}.get(workload.tool, _other)(params) or [workload.tool]
    return fmt.clean(", ".join(parts))


def cell_title(cell: Cell) -> str:
    """Return what is run, and what the boot is asked for: "Random read, 4 KiB, depth 1, queues 2"."""
    asked = [f"{name.replace('_', ' ')} {str(value).lower()}" for name, value in cell.tunables]
    return ", ".join([title(cell.workload), *map(fmt.clean, asked)])


def settings(workload: Workload) -> str:
    """Return the parameters that the title has no place for, with the tool's name before them."""
    told = _TOLD.get(workload.tool, frozenset()) | _USUAL.get(workload.tool, {}).keys()
    rest = [_setting(name, number) for name, number in workload.params if name not in told]
    return fmt.clean(f"{workload.tool}: {', '.join(rest)}" if rest else workload.tool)


def primary(workload: Workload) -> Metric:
    """Return the metric a workload is compared by."""
    params = dict(workload.params)
    if workload.tool == "fio" and "rate_iops" in params:
        return METRICS["latency_mean"]  # the rate is given, so it is not what differs
    if _datagram(workload) is not None:
        return METRICS["packets"]
    if workload.tool == "fio":
        return METRICS["throughput" if params.get("rw") in {"read", "write", "rw"} else "iops"]
    if workload.tool == "netperf":
        return METRICS["transactions" if str(params.get("test", "")).endswith("_RR") else "goodput"]
    return METRICS["goodput"]


def ceiling(workload: Workload) -> float | None:
    """Return the value of the primary metric that the offered load itself does not let any device pass, if any."""
    params = dict(workload.params)
    if workload.tool == "iperf3":
        rate = _number(params.get("rate"), params.get("parallel"))
        size = _datagram(workload)
        return rate / 8 / size if rate and size else rate
    return None


def _datagram(workload: Workload) -> int | None:
    """Return the size of the datagrams of a test of packet rate; None for any other test."""
    params = dict(workload.params)
    udp = params.get("protocol") == "udp" or params.get("test") == "UDP_STREAM"
    size = params.get("length", params.get("send"))
    if not udp or isinstance(size, bool) or not isinstance(size, int | float):
        return None
    return int(size) if 0 < size <= _SMALL_DATAGRAM else None


def io_path(device: str) -> str:
    """Return "emulated", "PV", or nothing for a device that is not in DRIVERS."""
    driver = DRIVERS.get(device)
    if driver is None:
        return ""
    return "PV" if driver.io_path is IoPath.PV else "emulated"


def label(hosts: Sequence[HostFacts]) -> str:
    """Return what stands beside every figure of these hosts: nothing on bare metal."""
    kinds = sorted({host.emulation for host in hosts} - {Emulation.BARE_METAL})
    # Software emulation first: it bends figures most.
    kinds.sort(key=lambda kind: kind is not Emulation.SOFTWARE)
    return ", ".join(kind.value for kind in kinds)


def label_note(hosts: Sequence[HostFacts]) -> str:
    """Return what the label means, naming the hosts."""
    notes = []
    for kinds, note in (
        ({Emulation.SOFTWARE}, SOFTWARE_NOTE),
        ({Emulation.NESTED, Emulation.UNKNOWN}, VIRTUAL_NOTE),
    ):
        named = [fmt.clean(host.name) for host in hosts if host.emulation in kinds]
        if named:
            notes.append(f"{'Host' if len(named) == 1 else 'Hosts'} {', '.join(named)}: {note}")
    return " ".join(notes)


def _fio(params: Mapping[str, Scalar]) -> list[str]:
    mode = str(params.get("rw", "fio"))
    parts = [_FIO_TITLES.get(mode, mode)]
    if "bs" in params:
        parts.append(_setting("bs", params["bs"]).removeprefix("bs "))
    if "rate_iops" in params:
        parts.append(f"at {METRICS['iops'].text(float(params['rate_iops']))} offered")
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


def _iperf3(params: Mapping[str, Scalar]) -> list[str]:
    direction = str(params.get("direction", ""))
    parts = [str(params.get("protocol", "tcp")).upper(), _DIRECTIONS.get(direction, direction or "guest sends")]
    if params.get("parallel", 1) != 1:
        parts.append(f"{params['parallel']} streams")
    if "length" in params:
        unit = "datagrams" if params.get("protocol") == "udp" else "writes"
        parts.append(f"{_setting('length', params['length']).removeprefix('length ')} {unit}")
    rate = _number(params.get("rate"), 1)
    if rate:
        parts.append(f"{METRICS['goodput'].text(rate)} offered".replace(".0 ", " "))
    return parts + _other_end(params)


def _netperf(params: Mapping[str, Scalar]) -> list[str]:
    test = str(params.get("test", "netperf"))
    sizes = [
        _setting(name, params[name])
        for name in ("request", "response", "send")
        if name in params and params[name] != _USUAL["netperf"].get(name)
    ]
    return [_NETPERF_TITLES.get(test, test), *sizes, *_other_end(params)]


def _other_end(params: Mapping[str, Scalar]) -> list[str]:
    return ["with another guest"] if params.get("peer") == "guest" else []


def _other(params: Mapping[str, Scalar]) -> list[str]:
    return [_setting(name, number) for name, number in params.items() if name not in _TIMES]


def _setting(name: str, number: Scalar) -> str:
    if isinstance(number, bool):
        return f"{name} {'on' if number else 'off'}"
    if name in _SIZES and isinstance(number, int | float):
        return f"{name} {fmt.size(number)}"
    if name in _TIMES and isinstance(number, int | float):
        return f"{name} {fmt.duration(number)}"
    return f"{name} {number}"


def _number(rate: Scalar | None, times: Scalar | None) -> float | None:
    if isinstance(rate, bool) or not isinstance(rate, int | float) or rate <= 0:
        return None
    return float(rate) * (times if isinstance(times, int | float) and not isinstance(times, bool) else 1)
