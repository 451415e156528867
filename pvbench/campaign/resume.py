"""Whether a run may go on: matrix, hosts, guest and stack have to be what it began with."""

from dataclasses import fields

from pvbench.campaign.campaign import Campaign, Site
from pvbench.campaign.facts import guest_facts, setups, stack, whole
from pvbench.errors import ResumeRefused, UsageError
from pvbench.model import Arm, HostFacts, Purpose
from pvbench.parts import Found
from pvbench.store import Manifest

UNKNOWN = "not known"
NEVER_POOLED = "start a new run; figures of two set-ups are never pooled"


def check_purpose(manifest: Manifest, wanted: Purpose | None) -> None:
    """Raise UsageError where a pilot, a control or a run would continue another of them; None takes either of two."""
    if manifest.purpose is Purpose.PILOT:
        becomes = wanted or Purpose.RUN
        raise UsageError(
            f"{manifest.run_id} is a pilot, and never becomes a {becomes.words}",
            hint=f"pvbench pilot --of {manifest.run_id}",
        )
    if wanted is not None and manifest.purpose is not wanted:
        raise UsageError(
            f"{manifest.run_id} is a {manifest.purpose.words}, and never becomes a {wanted.words}",
            hint=f"pvbench run {manifest.matrix_name} --negative-control",
        )


def check(manifest: Manifest, campaign: Campaign, site: Site) -> None:
    """Raise ResumeRefused, naming what changed, unless the run can go on as it began."""
    _check_hosts(manifest, site)
    _check_identity(manifest, campaign, site)
    before, now = dict(manifest.stack), dict(stack(site.facts, site.stacks))
    changed = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    if changed:
        told = ", ".join(f"{name} ({before.get(name, 'none')} then, {now.get(name, 'none')} now)" for name in changed)
        raise ResumeRefused(
            f"{manifest.run_id} cannot go on: the stack changed since it began: {told}", hint=NEVER_POOLED
        )


def check_host(manifest: Manifest, facts: HostFacts, *, stacked: bool = False) -> None:
    """Raise ResumeRefused unless a host is what it was when the run began: it may have been rebooted into another.

    A `stacked` one boots other hypervisors as the plan has it: what is held against it is the machine.
    """
    begun = next((each for each in manifest.hosts if each.name == facts.name), facts)
    now = whole(facts, [begun.hypervisor], [begun.kernel]) if stacked else facts
    if begun.identity != now.identity:
        raise ResumeRefused(
            f"the host {facts.name} is not what it was when {manifest.run_id} began: it is now {facts.hypervisor}, "
            f"{facts.kernel}, {facts.machine}",
            hint=NEVER_POOLED,
        )


def check_in_use(manifest: Manifest, arm: Arm, before: Found, now: Found) -> None:
    """Raise ResumeRefused where a boot has another part in use than earlier boots of its arm had."""
    changed = [
        f"{part} was {before[part]}, is {now[part]}" for part in before if now.get(part, before[part]) != before[part]
    ]
    if changed:
        raise ResumeRefused(
            f"{arm.device} on {arm.host} has not in use what it had in {manifest.run_id}: {'; '.join(changed)}",
            hint=NEVER_POOLED,
        )


def _check_identity(manifest: Manifest, campaign: Campaign, site: Site) -> None:
    """Raise ResumeRefused where matrix, guest image or a host is another."""
    before = {facts.name: facts.identity for facts in manifest.hosts}
    changed = ["the matrix"] if manifest.matrix_digest != campaign.matrix.digest else []
    changed += [
        f"the host {facts.name}" for facts in site.facts if before.get(facts.name, facts.identity) != facts.identity
    ]
    changed += ["the guest image"] if dict(manifest.guest) != dict(guest_facts(site.guest, site.own_guests)) else []
    if changed:
        raise ResumeRefused(
            f"{manifest.run_id} cannot go on: {', '.join(changed)} changed since it began", hint=NEVER_POOLED
        )


def _check_hosts(manifest: Manifest, site: Site) -> None:
    """Raise ResumeRefused for a host that is another or set up otherwise; what an older schema lacks is not asked."""
    begun = {facts.name: _facts(facts) for facts in manifest.hosts}
    settings = {name: dict(pairs) for name, pairs in manifest.setups}
    set_up_now = {name: dict(pairs) for name, pairs in setups(site.hosts, site.facts)}
    changed = []
    for facts in site.facts:
        name = facts.name
        before: dict[str, str] = {**begun.get(name, {}), **settings.get(name, {})}
        now = {**(_facts(facts) if name in begun else {}), **(set_up_now[name] if name in settings else {})}
        changed += [
            f"the host {name}'s {what} was {before.get(what, UNKNOWN)}, is {now.get(what, UNKNOWN)}"
            for what in {**before, **now}
            if before.get(what) != now.get(what)
        ]
    if changed:
        hint = "put that back, or start a new run; figures of two set-ups are never pooled"
        raise ResumeRefused(f"{manifest.run_id} cannot go on: {'; '.join(changed)}", hint=hint)


def _facts(facts: HostFacts) -> dict[str, str]:
    """Return everything that may not change in a host within a run, by name."""
    own = {field.name.replace("_", " "): str(getattr(facts, field.name)) for field in fields(facts)}
    return {name: fact for name, fact in own.items() if name not in {"name", "speed", "details"}} | dict(facts.details)
