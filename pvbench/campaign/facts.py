"""What identifies a set-up: the guest, the stack on the hosts, and where and on what they are made."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from pvbench import shipped
from pvbench.deploy import payload_of
from pvbench.guest import GuestImage
from pvbench.hypervisor import MACHINE_ID
from pvbench.inventory import Host
from pvbench.model import DeployedStack, HostFacts, OwnGuest

Facts = tuple[tuple[str, str], ...]
OWN_PROGRAMS = ("hostside", "guestside")
_OF_THE_MACHINE = frozenset({MACHINE_ID, "operating system"})


def guest_facts(guest: GuestImage, own: Mapping[str, Sequence[OwnGuest]] = MappingProxyType({})) -> Facts:
    """Return what identifies the guests of a run: the builtin one, and images of one's own, by host, by their digests.

    An image that lies on several hosts and is not the same file on all of them has a digest for each.
    """
    images: list[tuple[str, str]] = []
    for name, digests in _digests(own).items():
        if len(set(digests.values())) == 1:
            images.append((f"image {name}", next(iter(digests.values()))))
        else:
            images += [(f"image {name} on {host}", digest) for host, digest in digests.items()]
    return (("name", guest.name), ("digest", guest.digest), *guest.programs.versions, *images)


def unlike_images(own: Mapping[str, Sequence[OwnGuest]]) -> tuple[str, ...]:
    """Return a sentence for each image that is not the same file on all hosts."""
    return tuple(
        f"the image {name} is not the same on all hosts, SHA-256: "
        + ", ".join(f"{digest[:16]}... on {host}" for host, digest in digests.items())
        for name, digests in _digests(own).items()
        if len(set(digests.values())) > 1
    )


def _digests(own: Mapping[str, Sequence[OwnGuest]]) -> Mapping[str, Mapping[str, str]]:
    """Return the digest of each image by host."""
    by_name: dict[str, dict[str, str]] = {}
    for host, guests in own.items():
        for each in guests:
            by_name.setdefault(each.name, {})[host] = each.digest
    return by_name


def whole(facts: HostFacts, hypervisors: Iterable[str], kernels: Iterable[str]) -> HostFacts:
    """Return what is true of a host whichever of its stacks runs; it has the hypervisors and kernels of all of them.

    Versions of a hypervisor keep a few MiB more or less for themselves, so memory is told to a quarter of a GiB.
    """
    quarter = 1 << 28
    return replace(
        facts,
        hypervisor=", ".join(dict.fromkeys(hypervisors)),
        kernel=", ".join(dict.fromkeys(kernels)),
        memory_bytes=(facts.memory_bytes + quarter // 2) // quarter * quarter,
        details=tuple(pair for pair in facts.details if pair[0] in _OF_THE_MACHINE),
    )


def stack(hosts: Sequence[HostFacts], deployed: Mapping[str, Sequence[DeployedStack]]) -> Facts:
    """Return what figures depend on besides the guest: the versions on each host, and our own programs by digest.

    Of a host with stacks that boot in turn it is what each of them is.
    """
    named: list[tuple[str, str]] = []
    for host in hosts:
        where = f"{host.name}: " if len(hosts) > 1 else ""
        versions = [("hypervisor", host.hypervisor), ("kernel", host.kernel), *_versions(host.details)]
        if there := deployed.get(host.name):
            versions = [(f"stack {each.name}", f"{each.digest}: {each.hypervisor}, {each.kernel}") for each in there]
        named += [(f"{where}{what}", version) for what, version in versions]
    return (*named, *((name, payload_of(shipped.folder(name)).digest[:16]) for name in OWN_PROGRAMS))


def setups(inventory: Mapping[str, Host], hosts: Sequence[HostFacts]) -> tuple[tuple[str, Facts], ...]:
    """Return, by host, what figures depend on of where and on what they are made.

    A lab's address has a port that changes each time it comes up, and it is one set-up each time it is made.
    """
    by_host = []
    for facts in hosts:
        host = inventory[facts.name]
        settings = {
            "storage": host.storage,
            "volume group": host.volume_group or "none",
            "bridge": host.bridge or "pvbench's own",
            "scratch": host.scratch,
        }
        if not host.complete:
            settings["address"] = host.address if host.port is None else f"{host.address}:{host.port}"
        if MACHINE_ID in dict(facts.details):
            settings[MACHINE_ID] = dict(facts.details)[MACHINE_ID]
        by_host.append((facts.name, tuple(sorted(settings.items()))))
    return tuple(by_host)


def _versions(details: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    return ((name, fact) for name, fact in details if not name.endswith("command line") and name != MACHINE_ID)
