"""Workloads, devices and labels in words."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from pvbench.drivers import DRIVERS
from pvbench.metrics import METRICS, Metric
from pvbench.model import DeviceKind, Emulation, HostFacts, IoPath, Scalar, Workload
from pvbench.reports import format as fmt

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
    }
)
_SIZES = frozenset({"bs", "size", "length", "window", "request_size", "response_size", "request", "response"})
_TIMES = frozenset({"runtime", "warmup"})
_IN_TITLE: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "fio": frozenset({"rw", "bs", "iodepth"}),
        "iperf3": frozenset({"direction", "protocol", "udp", "rate", "bitrate", "parallel"}),
        "netperf": frozenset({"test"}),
    }
)

SOFTWARE_NOTE = (
    "The hypervisor itself ran under software emulation, without hardware virtualisation. Such figures exercise the "
    "whole measuring chain and show the order of things; they do not tell what real hardware would show."
)
VIRTUAL_NOTE = (
    "The hypervisor itself ran inside a virtual machine. Exits cost more there than on bare metal, so ratios differ "
    "from those of real hardware."
)


def title(workload: Workload) -> str:
    """Return what is run, short: "Random read, 4 KiB, depth 1"."""
    params = dict(workload.params)
    if workload.tool == "fio":
        return _fio(params)
    if workload.tool == "iperf3":
        return _iperf3(params)
    if workload.tool == "netperf":
        test = str(params.get("test", "netperf"))
        return _NETPERF_TITLES.get(test, fmt.clean(test))
    return fmt.clean(workload.tool)


def settings(workload: Workload) -> str:
    """Return the parameters that the title does not tell, with the tool's name before them."""
    told = _IN_TITLE.get(workload.tool, frozenset())
    rest = [_setting(name, number) for name, number in workload.params if name not in told]
    return fmt.clean(f"{workload.tool}: {', '.join(rest)}" if rest else workload.tool)


def primary(workload: Workload) -> Metric:
    """Return the metric a workload is compared by."""
    if workload.tool == "fio":
        return METRICS["throughput" if dict(workload.params).get("rw") in {"read", "write", "rw"} else "iops"]
    if workload.tool == "netperf":
        return METRICS["transactions" if str(dict(workload.params).get("test", "")).endswith("_RR") else "goodput"]
    return METRICS["goodput"]


def ceiling(workload: Workload) -> float | None:
    """Return the value of the primary metric that the offered load itself does not let any device pass, if any."""
    params = dict(workload.params)
    if workload.tool == "fio" and primary(workload).name == "iops":
        return _number(params.get("rate_iops"), params.get("numjobs"))
    if workload.tool == "iperf3":
        return _number(params.get("rate", params.get("bitrate")), params.get("parallel"))
    return None


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


def _fio(params: Mapping[str, Scalar]) -> str:
    mode = str(params.get("rw", "fio"))
    parts = [_FIO_TITLES.get(mode, fmt.clean(mode))]
    if "bs" in params:
        parts.append(_setting("bs", params["bs"]).removeprefix("bs "))
    if "iodepth" in params:
        parts.append(f"depth {params['iodepth']}")
    return fmt.clean(", ".join(parts))


def _iperf3(params: Mapping[str, Scalar]) -> str:
    udp = params.get("udp") is True or str(params.get("protocol", "")).lower() == "udp"
    direction = str(params.get("direction", ""))
    parts = [f"{'UDP' if udp else 'TCP'}, {_DIRECTIONS.get(direction, direction) or 'guest sends'}"]
    streams = params.get("parallel", 1)
    if streams != 1:
        parts.append(f"{streams} streams")
    rate = _number(params.get("rate", params.get("bitrate")), 1)
    if rate:
        parts.append(f"{fmt.value(METRICS['goodput'], rate)} offered")
    return fmt.clean(", ".join(parts))


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
