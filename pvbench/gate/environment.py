"""What two runs were made on and with, and in what the two differ beside the thing that is gated. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pvbench import hypervisor
from pvbench.model import HostFacts
from pvbench.store import Manifest

HYPERVISOR, KERNEL, MACHINE, GUEST, PROGRAMS, STACK = "hypervisor", "kernel", "machine", "guest", "programs", "stack"
PARTS = (HYPERVISOR, KERNEL, MACHINE, GUEST, PROGRAMS, STACK)
"""What may be said to have been changed on purpose. "programs" are the host's tools and device model, and our own."""
_OF_DETAILS: Mapping[str, str] = MappingProxyType(
    {
        "stack deployed": STACK,
        "hypervisor build-id": HYPERVISOR,
        "changeset": HYPERVISOR,
        "scheduler": HYPERVISOR,
        hypervisor.GUEST_MODES: HYPERVISOR,
        hypervisor.KERNEL_VERSION: KERNEL,
        hypervisor.MACHINE_ID: MACHINE,
        "governor": MACHINE,
    }
)
"""Of which part a detail of a host's facts is; command lines go by their first word; all else is of programs."""
_OWN = frozenset({"hostside", "guestside"})


@dataclass(frozen=True)
class Difference:
    """A part that differs, on a host, or on all of them where `host` is ""; what it was and what it is, in words."""

    part: str
    host: str
    was: str
    now: str

    @property
    def words(self) -> str:
        """The difference for a line of text."""
        where = f" of {self.host}" if self.host else ""
        return f"{self.part}{where}: {self.was} before, {self.now} now"


def differences(before: Manifest, now: Manifest) -> tuple[Difference, ...]:
    """Return in what two runs differ that figures depend on, on the hosts that both have."""
    return tuple(dict.fromkeys([*_of_hosts(before, now), *_of_guests(before, now), *_of_programs(before, now)]))


def _of_hosts(before: Manifest, now: Manifest) -> Iterator[Difference]:
    earlier = {host.name: host for host in before.hosts}
    for host in now.hosts:
        if host.name in earlier:
            yield from _of_host(earlier[host.name], host)
    stacks = _stacks(before)
    for (name, stack), deployed in _stacks(now).items():
        if stacks.get((name, stack), deployed) != deployed:
            yield Difference(STACK, name, ", ".join(stacks[name, stack]), ", ".join(deployed))


def _of_host(was: HostFacts, now: HostFacts) -> Iterator[Difference]:
    for part in (HYPERVISOR, KERNEL):
        if getattr(was, part) != getattr(now, part):
            yield Difference(part, now.name, getattr(was, part), getattr(now, part))
    for one, other in zip(_machine(was), _machine(now), strict=True):
        if one != other:
            yield Difference(MACHINE, now.name, one, other)
    details = dict(was.details)
    for key, value in now.details:
        if details.get(key, value) != value:
            yield Difference(_part(key, now), now.name, f"{key} {details[key]}", f"{key} {value}")


def _part(detail: str, host: HostFacts) -> str:
    first, _, rest = detail.partition(" ")
    if rest == "command line":
        return HYPERVISOR if first in host.hypervisor.lower().split() else KERNEL
    return _OF_DETAILS.get(detail, MACHINE if rest == "memory" else PROGRAMS)


def _machine(host: HostFacts) -> tuple[str, ...]:
    quarter = 1 << 28  # versions of a hypervisor keep a few MiB more or less for themselves
    memory = (host.memory_bytes + quarter // 2) // quarter / 4
    return host.machine, host.emulation.value, host.cpu, f"{host.cpus} CPUs", f"{memory} GiB of memory"


def _stacks(manifest: Manifest) -> dict[tuple[str, str], tuple[str, ...]]:
    found: dict[tuple[str, str], set[str]] = {}
    for spec in manifest.plan:
        arm = spec.cell.arm
        if arm.stack:
            found.setdefault((arm.host, arm.stack_name), set()).add(arm.stack)
    return {key: tuple(sorted(each)) for key, each in found.items()}


def _of_guests(before: Manifest, now: Manifest) -> Iterator[Difference]:
    was, is_now = dict(before.guest), dict(now.guest)
    for key in is_now:
        if was.get(key, is_now[key]) != is_now[key]:
            yield Difference(GUEST, "", f"{key} {was[key]}", f"{key} {is_now[key]}")
    sizes = (("vCPUs", before.vcpus, now.vcpus), ("placement", before.placement, now.placement))
    for what, one, other in sizes:
        if one is not None and other is not None and one != other:
            yield Difference(GUEST, "", f"{what} {one}", f"{what} {other}")


def _of_programs(before: Manifest, now: Manifest) -> Iterator[Difference]:
    was = dict(before.stack)
    for key, value in now.stack:
        if key in _OWN and was.get(key, value) != value:
            yield Difference(PROGRAMS, "", f"{key} {was[key]}", f"{key} {value}")
