"""What each of several runs was made on and with, and in what they differ. Pure."""

from collections.abc import Sequence

from pvbench import figures as fmt
from pvbench.model import HostFacts
from pvbench.printable import clean
from pvbench.reports.guest_table import NOT_MEASURED, NOT_TOLD
from pvbench.reports.page import ComparisonPage
from pvbench.reports.several.page import Condition
from pvbench.store import Manifest

HOST, ACCELERATOR, MACHINE, STACK = "host", "accelerator", "machine", "stack"
GUEST, IN_GUEST, PREFLIGHT, IN_USE, PLAN = "guest", "in the guest", "preflight", "in use", "plan"
KINDS = (HOST, ACCELERATOR, MACHINE, STACK, GUEST, IN_GUEST, PREFLIGHT, IN_USE, PLAN)
SAME_SPEED = 1.1
"""Measured speeds of one machine differ by less from probe to probe."""

Facts = dict[tuple[str, str], str]


def conditions(manifests: Sequence[Manifest], pages: Sequence[ComparisonPage]) -> tuple[Condition, ...]:
    """Return every fact that any of the runs tells, with its value in each; by kind, in the order they are told."""
    alone = all(len(manifest.hosts) == 1 for manifest in manifests)
    told = [_of_run(manifest, page, alone=alone) for manifest, page in zip(manifests, pages, strict=True)]
    keys = dict.fromkeys(key for facts in told for key in facts)
    rows = [Condition(kind, fact, tuple(facts.get((kind, fact), NOT_TOLD) for facts in told)) for kind, fact in keys]
    return tuple(sorted(rows, key=lambda row: KINDS.index(row.kind)))


def differing(rows: Sequence[Condition], *runs: int) -> tuple[Condition, ...]:
    """Return the conditions that differ between runs, by their places; between all of them where none is named."""
    return tuple(row for row in rows if _differs(row, [row.values[at] for at in runs] if runs else list(row.values)))


def _differs(row: Condition, values: Sequence[str]) -> bool:
    if row.fact.endswith("measured speed"):
        speeds = [float(value.replace(",", "")) for value in values if value != NOT_TOLD]
        return bool(speeds) and max(speeds) > SAME_SPEED * min(speeds)
    # What an older pvbench, or a host without it, did not tell is no difference of what guests and parts tell.
    return len(set(values) - ({NOT_TOLD} if row.kind in (IN_GUEST, IN_USE) else set())) > 1


def _of_run(manifest: Manifest, page: ComparisonPage, *, alone: bool) -> Facts:
    facts: Facts = {}
    facts[HOST, "hosts"] = ", ".join(clean(host.name) for host in manifest.hosts)
    for host in manifest.hosts:
        facts |= _of_host(host, "" if alone else f"{clean(host.name)}: ")
    facts |= _of_stacks(manifest)
    facts |= {(GUEST, clean(name)): clean(value) for name, value in manifest.guest}
    facts[GUEST, "vCPUs"] = NOT_TOLD if manifest.vcpus is None else str(manifest.vcpus)
    facts[GUEST, "placement"] = manifest.placement.value
    facts |= _of_guests(page)
    for name, settings in manifest.setups:
        before = "" if alone else f"{clean(name)}: "
        facts |= {(PREFLIGHT, f"{before}{clean(key)}"): clean(value) for key, value in settings}
    parts: dict[str, list[str]] = {}
    for part in page.in_use:
        parts.setdefault(part.part, []).append(part.value + (f" ({part.arms})" if part.arms else ""))
    facts |= {(IN_USE, part): "; ".join(sorted(values)) for part, values in parts.items()}
    facts[PLAN, "purpose"] = manifest.purpose.words
    facts[PLAN, "pvbench"] = clean(manifest.tool_version)
    return facts


def _of_guests(page: ComparisonPage) -> Facts:
    """Return what the guests said they are, as far as they did."""
    if page.guests is None:
        return {}
    return {
        (IN_GUEST, f"{guest}: {row.fact}"): value
        for row in page.guests.facts
        for guest, value in zip(page.guests.names, row.values, strict=True)
        if value not in (NOT_TOLD, NOT_MEASURED)
    }


def _of_host(host: HostFacts, before: str) -> Facts:
    facts = {
        (ACCELERATOR, f"{before}runs on"): host.emulation.value,
        (MACHINE, f"{before}machine"): clean(host.machine),
        (MACHINE, f"{before}processor"): f"{clean(host.cpu)}, {fmt.count(host.cpus, 'CPU')}",
        (MACHINE, f"{before}memory"): fmt.size(host.memory_bytes),
        (MACHINE, f"{before}measured speed"): fmt.significant(host.speed),
        (STACK, f"{before}hypervisor"): clean(host.hypervisor),
        (STACK, f"{before}kernel"): clean(host.kernel),
    }
    return facts | {(PREFLIGHT, f"{before}{clean(name)}"): clean(value) for name, value in host.details}


def _of_stacks(manifest: Manifest) -> Facts:
    """Return what was deployed, but for what the facts of a host tell under the same name."""
    of_hosts = {"hypervisor", "kernel", *(name for host in manifest.hosts for name, _ in host.details)}
    known = {(STACK, clean(name)): clean(value) for name, value in manifest.stack if name not in of_hosts}
    stacks: dict[str, set[str]] = {}
    for spec in manifest.plan:
        if spec.cell.arm.stack:
            stacks.setdefault(spec.cell.arm.stack_name, set()).add(spec.cell.arm.stack)
    deployed = {(STACK, f"stack {clean(name)}"): clean(", ".join(sorted(ids))) for name, ids in stacks.items()}
    return known | deployed
