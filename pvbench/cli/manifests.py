"""What a run begins with, and whether one may go on. Pure but for the digests of what is shipped."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from pathlib import Path

from pvbench import __version__, shipped
from pvbench.campaign import visits as controller
from pvbench.cli import planned
from pvbench.deploy import payload_of
from pvbench.disturbance import DISTURBED_ABOVE
from pvbench.errors import ResumeRefused
from pvbench.hypervisor import MACHINE_ID
from pvbench.inventory import Host
from pvbench.matrix import Matrix
from pvbench.model import GuestImage, HostFacts, Purpose
from pvbench.store import SCHEMA_VERSION, Manifest, new_run_id

Facts = tuple[tuple[str, str], ...]
UNKNOWN = "not known"


def begin(
    matrix: Matrix,
    name: str,
    inventory: Mapping[str, Host],
    hosts: Sequence[HostFacts],
    guest: GuestImage,
    argv: Sequence[str],
    purpose: Purpose,
    now: datetime,
    salt: str,
) -> Manifest:
    """Return the manifest of a run that begins now."""
    return Manifest(
        schema=SCHEMA_VERSION,
        run_id=new_run_id(now, Path(name).stem, salt),
        tool_version=__version__,
        started=now.isoformat(timespec="seconds").replace("+00:00", "Z"),
        command=("pvbench", *argv),
        matrix_name=name,
        matrix_text=matrix.text,
        matrix_digest=matrix.digest,
        placement=matrix.placement,
        blocks=matrix.run.blocks,
        seed=matrix.run.seed,
        baseline=tuple(sorted((str(kind), device) for kind, device in matrix.baseline.items())),
        hosts=tuple(hosts),
        guest=guest_facts(guest),
        stack=stack(hosts),
        plan=planned.make(matrix).trials,
        margin=matrix.margin,
        vcpus=matrix.guest.vcpus,
        purpose=purpose,
        disturbed_above=DISTURBED_ABOVE,
        setups=setups(inventory, hosts),
    )


def guest_facts(guest: GuestImage) -> Facts:
    """Return what identifies a guest."""
    return (("name", guest.name), ("digest", guest.digest), *guest.versions)


def stack(hosts: Sequence[HostFacts]) -> Facts:
    """Return what figures depend on besides the guest: the versions on each host, and our own programs by digest."""
    found: list[tuple[str, str]] = []
    for host in hosts:
        where = f"{host.name}: " if len(hosts) > 1 else ""
        versions = ("hypervisor", host.hypervisor), ("kernel", host.kernel), *_versions(host.details)
        found += [(f"{where}{what}", version) for what, version in versions]
    return (*found, *((name, payload_of(shipped.folder(name)).digest[:16]) for name in ("hostside", "guestside")))


def setups(inventory: Mapping[str, Host], hosts: Sequence[HostFacts]) -> tuple[tuple[str, Facts], ...]:
    """Return, by host, what figures depend on of where and on what they are made.

    A lab's address has a port that changes each time it comes up, and it is one set-up each time it is made.
    """
    found = []
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
        found.append((facts.name, tuple(sorted(settings.items()))))
    return tuple(found)


def check_resume(
    manifest: Manifest,
    matrix: Matrix,
    inventory: Mapping[str, Host],
    hosts: Sequence[HostFacts],
    guest: GuestImage,
) -> None:
    """Raise ResumeRefused, naming what changed, unless the run can go on as it began."""
    _check_hosts(manifest, {name: dict(pairs) for name, pairs in setups(inventory, hosts)}, hosts)
    controller.resume_check(manifest, matrix_digest=matrix.digest, hosts=hosts, guest=dict(guest_facts(guest)))
    before, now = dict(manifest.stack), dict(stack(hosts))
    changed = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    if changed:
        told = ", ".join(f"{name} ({before.get(name, 'none')} then, {now.get(name, 'none')} now)" for name in changed)
        raise ResumeRefused(
            f"{manifest.run_id} cannot go on: the stack changed since it began: {told}",
            hint="start a new run; figures of two set-ups are never pooled",
        )


def _check_hosts(manifest: Manifest, now: Mapping[str, Mapping[str, str]], hosts: Sequence[HostFacts]) -> None:
    """Raise ResumeRefused for a host that is another or set up otherwise; what an older schema lacks is not asked."""
    begun = {facts.name: _told(facts) for facts in manifest.hosts}
    settings = {name: dict(pairs) for name, pairs in manifest.setups}
    changed = []
    for facts in hosts:
        before: dict[str, str] = {**begun.get(facts.name, {}), **settings.get(facts.name, {})}
        found = {**(_told(facts) if facts.name in begun else {}), **(now[facts.name] if facts.name in settings else {})}
        changed += [
            f"the host {facts.name}'s {what} was {before.get(what, UNKNOWN)}, is {found.get(what, UNKNOWN)}"
            for what in {**before, **found}
            if before.get(what) != found.get(what)
        ]
    if changed:
        hint = "put that back, or start a new run; figures of two set-ups are never pooled"
        raise ResumeRefused(f"{manifest.run_id} cannot go on: {'; '.join(changed)}", hint=hint)


def _told(facts: HostFacts) -> dict[str, str]:
    """Return everything that may not change in a host within a run, by name."""
    own = {field.name.replace("_", " "): str(getattr(facts, field.name)) for field in fields(facts)}
    return {name: fact for name, fact in own.items() if name not in {"name", "speed", "details"}} | dict(facts.details)


def _versions(details: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    return ((name, fact) for name, fact in details if not name.endswith("command line") and name != MACHINE_ID)
