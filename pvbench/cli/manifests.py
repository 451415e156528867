"""What a run begins with, and whether one may go on. Pure but for the digests of what is shipped."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from pvbench import __version__, controller, shipped
from pvbench.cli import planned
from pvbench.deploy import payload_of
from pvbench.disturbance import DISTURBED_ABOVE
from pvbench.errors import ResumeRefused
from pvbench.matrix import Matrix
from pvbench.model import GuestImage, HostFacts, Purpose
from pvbench.store import SCHEMA_VERSION, Manifest, new_run_id

Facts = tuple[tuple[str, str], ...]


def begin(
    matrix: Matrix,
    name: str,
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


def check_resume(manifest: Manifest, matrix: Matrix, hosts: Sequence[HostFacts], guest: GuestImage) -> None:
    """Raise ResumeRefused, naming what changed, unless the run can go on as it began."""
    controller.resume_check(manifest, matrix_digest=matrix.digest, hosts=hosts, guest=dict(guest_facts(guest)))
    before, now = dict(manifest.stack), dict(stack(hosts))
    changed = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    if changed:
        told = ", ".join(f"{name} ({before.get(name, 'none')} then, {now.get(name, 'none')} now)" for name in changed)
        raise ResumeRefused(f"{manifest.run_id} cannot go on: the stack changed since it began: {told}",
                            hint="start a new run; figures of two set-ups are never pooled")  # fmt: skip


def _versions(details: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    return ((name, fact) for name, fact in details if not name.endswith("command line"))
