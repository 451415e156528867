"""What `pvbench observe` says of a running guest: a verdict a device first, then what it rests on."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from pvbench import figures as fmt
from pvbench import wording
from pvbench.columns import columns
from pvbench.model import DeviceKind, Emulation, IoPath, Payer
from pvbench.observed import HalfState, Observed, ObservedDevice, ObservedHalf, Traffic, Use
from pvbench.printable import clean
from pvbench.reports.host_words import NEUTRAL, HostWords
from pvbench.wording import listed

_KINDS = {DeviceKind.NET: "NIC", DeviceKind.BLOCK: "disk"}
_PATHS = {IoPath.EMULATED: "emulated", IoPath.PV: "PV"}
_HEAD = ("device", "half", "what", "served by", "state", "counted as", "from the guest", "to the guest")


def verdict(device: ObservedDevice) -> str:
    """Return in a sentence which half of a device the guest uses."""
    emulated, pv = device.half(IoPath.EMULATED), device.half(IoPath.PV)
    match device.use:
        case Use.EMULATED if emulated is not None:
            return f"uses {emulated.model} ({emulated.server}); {_other(pv, 'PV')}"
        case Use.PV if pv is not None:
            return f"uses the PV half ({pv.model}, {pv.server}); {_other(emulated, 'emulated')}"
        case Use.BOTH:
            return "uses both halves, emulated and PV"
        case Use.NEITHER:
            return "uses no half of it: nothing in the guest drives it"
    if emulated is not None and pv is not None and pv.state is HalfState.CONNECTED:
        return (
            f"may use either: the PV half is connected, {emulated.model} is {_there(emulated)}, and neither moved data"
        )
    return "which half is used is not known"


def _there(half: ObservedHalf) -> str:
    return "still there" if half.state is HalfState.THERE else "perhaps still there"


def _other(half: ObservedHalf | None, path: str) -> str:
    """Return what became of the half that is not used."""
    if half is None:
        return f"it has no {path} half"
    match half.state:
        case HalfState.OFFERED:
            return f"its {path} half was offered and not taken"
        case HalfState.UNPLUGGED:
            return f"its {path} half ({half.model}) was unplugged by the guest"
        case HalfState.CONNECTED:
            return f"its {path} half is connected, and idle"
        case HalfState.THERE:
            return f"its {path} half ({half.model}) is there, and idle"
    return f"the state of its {path} half is not known"


def _carried(device: ObservedDevice, seconds: float) -> str:
    """Return what the verdict rests on: traffic, or the states alone."""
    if not device.proved:
        idle = "the guest sent nothing" if device.kind is DeviceKind.NET else "nothing was read or written"
        return f"{idle} meanwhile: judged by the states of its halves"
    parts = []
    for half in device.halves:
        if half.carried:
            moved = _sum(half)
            parts.append(f"{fmt.scaled(moved.bytes, fmt.BYTES)} over {half.model}")
    return f"{listed(parts)} in {fmt.duration(seconds)}"


def _sum(half: ObservedHalf) -> Traffic:
    ways = [way for way in (half.from_guest, half.to_guest) if way is not None]
    return Traffic(sum(way.bytes for way in ways), sum(way.ios for way in ways))


def render(seen: Observed, words: HostWords = NEUTRAL) -> str:
    """Return an observation for people."""
    mode = f"{seen.mode.value}, " if seen.mode else ""
    vcpus = f", {fmt.count(seen.vcpus, 'vCPU')}" if seen.vcpus else ""
    lines = [
        f"{clean(seen.name)} ({mode}{words.guest} {seen.number}{vcpus}) on {clean(seen.host)}, "
        f"watched for {fmt.duration(seen.seconds)}{wording.under(_label(seen))}"
    ]
    for each in seen.devices:
        kind, address = _KINDS[each.kind], f" ({each.address})" if each.address else ""
        lines.append(clean(f"{kind} {each.name}{address} {verdict(each)} [{_carried(each, seen.seconds)}]"))
    if not seen.devices:
        lines.append("it has no NIC and no disk")
    text = "".join(f"{line}\n" for line in lines)
    if seen.devices:
        text += "\n" + columns([_HEAD, *_rows(seen)])
        text += (
            "\n" + columns(_settings(seen))
            if any(half.settings for each in seen.devices for half in each.halves)
            else ""
        )
    text += _bill(seen, words)
    for warning in seen.warnings:
        about = f" {warning.device}:" if warning.device else ""
        text += (
            clean(f"warning {warning.id}:{about} {warning.sentence}")
            + "\n"
            + clean(f"   next: {warning.next_step}")
            + "\n"
        )
    return text + "".join(f"not known: {clean(each)}\n" for each in seen.unknown)


def _label(seen: Observed) -> str | None:
    """Return what stands beside every figure, empty on bare metal; None where the host does not tell what it is."""
    return None if seen.emulation is None else "" if seen.emulation is Emulation.BARE_METAL else seen.emulation.value


def _rows(seen: Observed) -> Iterator[tuple[str, ...]]:
    for device in seen.devices:
        for half in device.halves:
            noun = "packet" if device.kind is DeviceKind.NET else "request"
            ways = (_way(half.from_guest, noun), _way(half.to_guest, noun))
            if half.from_guest is None:
                ways = (f"not counted: {half.uncounted}", "")
            elif device.kind is DeviceKind.BLOCK:
                ways = (f"{ways[0]}, both ways", "")
            yield (
                device.name,
                _PATHS[half.io_path],
                half.model,
                half.server,
                half.state.value,
                half.counted_as or "",
                *ways,
            )


def _way(moved: Traffic | None, noun: str) -> str:
    return f"{fmt.scaled(moved.bytes, fmt.BYTES)}, {fmt.count(moved.ios, noun)}" if moved else ""


def _settings(seen: Observed) -> Iterator[tuple[str, str, str]]:
    for device in seen.devices:
        for half in device.halves:
            if half.settings:
                said = ", ".join(f"{name}: {value}" for name, value in half.settings)
                yield device.name, _PATHS[half.io_path], said


def _bill(seen: Observed, words: HostWords) -> str:
    """Return who used the host's CPUs, in percent of one of them."""
    if seen.bill is None:
        return ""
    wall_s = seen.bill.wall_s
    paid = [
        f"{words.payer(payer)} {used_s / wall_s * 100:.0f} %"
        for payer, used_s in seen.bill.paid
        if payer is not Payer.PEER  # nobody answers a test of ours
    ]
    return f"\nof {seen.bill.cpus} × 100 % CPU: {', '.join(paid)}\n"


def as_data(seen: Observed) -> dict[str, Any]:
    """Return an observation for programs; what is not known is null."""
    data = asdict(seen)
    for plain, device in zip(data["devices"], seen.devices, strict=True):
        plain["verdict"] = verdict(device)
        for half in plain["halves"]:
            half["settings"] = dict(half["settings"])
    data["label"] = _label(seen)
    del data["emulation"]
    data["bill"] = _bill_data(seen)
    return data


def _bill_data(seen: Observed) -> dict[str, Any] | None:
    bill = seen.bill
    if bill is None:
        return None
    return {"wall_s": bill.wall_s, "cpus": bill.cpus, "paid_s": {payer.value: used for payer, used in bill.paid}}
