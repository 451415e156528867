"""PLATFORMS: what pvbench can do on each kind of dom0, what it refuses there and why, and what nobody has tried. Pure.

A row is chosen by what os-release(5) and hostside/pvb_platform.py say of a host. "Untried" means that its parts are
tested over answers such as that system gives, and that no such host was there to run on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pvbench.checkup import Ability, Standing

OBSERVE, GUESTS, TRACES, STACK = "observe a guest", "boot guests and measure", "trace exits", "deploy a stack"
_WORKS, _REFUSED, _UNTRIED = Standing.WORKS, Standing.REFUSED, Standing.UNTRIED
_DEBIAN_ONLY = Ability(STACK, _REFUSED, "its packages and its boot loader are those of Debian 12 and 13 alone")


@dataclass(frozen=True)
class DomZero:
    """A kind of dom0: the IDs it has in os-release, and what can be done there; `versions` where not all are meant."""

    name: str
    ids: frozenset[str]
    abilities: tuple[Ability, ...]
    versions: frozenset[str] = frozenset()
    toolstack: str | None = None


def _untried(stack: Ability = _DEBIAN_ONLY, guests: str = "", observe: str = "") -> tuple[Ability, ...]:
    return (
        Ability(OBSERVE, _UNTRIED, observe or "nothing but xenstore, sysfs and QMP is asked"),
        Ability(GUESTS, _UNTRIED, guests or "xl makes the domains, as on Debian"),
        Ability(TRACES, _UNTRIED, "with xentrace of the Xen that runs, where it is installed"),
        stack,
    )


PLATFORMS: tuple[DomZero, ...] = (
    DomZero(
        "Qubes OS",
        frozenset({"qubes"}),
        (
            Ability(OBSERVE, _REFUSED, "its dom0 has no network and no sshd, and netback is in another domain"),
            Ability(GUESTS, _REFUSED, "qubesd owns the domains, and dom0 cannot be reached"),
            Ability(TRACES, _REFUSED, "dom0 cannot be reached"),
            _DEBIAN_ONLY,
        ),
        toolstack="qubes",
    ),
    DomZero(
        "XCP-ng or XenServer",
        frozenset({"xenenterprise", "xcp-ng", "xenserver"}),
        (
            Ability(
                OBSERVE, _UNTRIED, "taps called tapX.Y, tapdisk's disks (vbd3) and backends that are built in are known"
            ),
            Ability(
                GUESTS,
                _REFUSED,
                "xapi owns the domains: one made behind its back has no memory set aside and no port of its switch",
            ),
            Ability(
                TRACES,
                _REFUSED,
                "a trace is taken of guests that pvbench boots; `pvbench trace` reads xentrace's files",
            ),
            _DEBIAN_ONLY,
        ),
        toolstack="xapi",
    ),
    DomZero(
        "Debian 12 or 13",
        frozenset({"debian"}),
        (
            Ability(OBSERVE, _WORKS, "tried in the lab"),
            Ability(GUESTS, _WORKS, "tried in the lab"),
            Ability(TRACES, _WORKS, "tried in the lab"),
            Ability(STACK, _WORKS, "tried in the lab"),
        ),
        versions=frozenset({"12", "13"}),
    ),
    DomZero("another Debian", frozenset({"debian", "devuan"}), _untried()),
    DomZero(
        "Ubuntu",
        frozenset({"ubuntu"}),
        _untried(guests="snap's tools cannot read the scratch folder: install Debian packages"),
    ),
    DomZero(
        "Alpine",
        frozenset({"alpine"}),
        _untried(
            guests="needs `apk add python3 iproute2 losetup`: busybox's losetup will not do; its other tools will"
        ),
    ),
    DomZero(
        "openSUSE or SLES",
        frozenset({"opensuse-leap", "opensuse-tumbleweed", "opensuse", "sles"}),
        _untried(guests="xl makes the domains; AppArmor may keep the device model from the scratch folder"),
    ),
    DomZero(
        "Fedora or a relative",
        frozenset({"fedora", "centos", "rhel", "rocky", "almalinux", "ol"}),
        _untried(guests="xl makes the domains; SELinux may keep the device model from the scratch folder"),
    ),
)
OTHER = DomZero("a system that pvbench does not know", frozenset(), _untried())


def platform_of(probed: Mapping[str, Any]) -> DomZero:
    """Return the row of a host by what hostside/pvb_platform.py says: a toolstack that owns the domains first."""
    for row in PLATFORMS:
        if row.toolstack and row.toolstack == probed["toolstack"]:
            return row
    for ids in ([probed["id"]], probed["like"]):
        for row in PLATFORMS:
            if row.ids & set(ids) and (
                not row.versions or (probed["version"] in row.versions and ids[0] == probed["id"])
            ):
                return row
    return OTHER


def abilities_of(probed: Mapping[str, Any]) -> tuple[Ability, ...]:
    """Return what pvbench can do on a host."""
    return platform_of(probed).abilities


def refusal_of(probed: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return why no guest is booted on a host, and what to do instead; None where there is nothing against it."""
    row = platform_of(probed)
    refused = next((each for each in row.abilities if each.what == GUESTS and each.standing is Standing.REFUSED), None)
    if refused is None:
        return None
    observed = any(each.what == OBSERVE and each.standing is not Standing.REFUSED for each in row.abilities)
    instead = "`pvbench observe HOST DOMAIN` works without; to measure" if observed else "to measure"
    return f"no guests of ours on {row.name}: {refused.why}", f"{instead}, take a host whose toolstack is xl alone"


def notes_of(probed: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return what of a host differs from host to host, by name."""
    backends = ", ".join(f"{name} {state or 'missing'}" for name, state in sorted(probed["backends"].items()))
    bridges = ", ".join(
        f"{name} (Open vSwitch)" if kind == "openvswitch" else name for name, kind in sorted(probed["bridges"].items())
    )
    told = {
        "platform": platform_of(probed).name,
        "toolstack": probed["toolstack"],
        "xenstored": probed["xenstored"],
        "backends": backends,
        "bridges": bridges,
        "init": probed["init"],
        "Python": probed["python"],
        "security modules": ", ".join(probed["security"]),
    }
    return tuple((name, str(value)) for name, value in told.items() if value)
