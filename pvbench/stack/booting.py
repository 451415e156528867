"""A host booted into a stack once, kept there only if that is what runs, and back on its old kernel otherwise.

The host itself sees to the way back: hostside/pvb-boot arms one boot of the entry and what ends it unless it is kept.
"""

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePosixPath

from pvbench.errors import CommandTimeout, StackError, TransportError, Unreachable
from pvbench.stack import requests
from pvbench.stack.countdown import Countdown
from pvbench.stack.manifest import StackManifest
from pvbench.stack.programs import Programs
from pvbench.stack.reach import Reach
from pvbench.transport import Command, Transport

REBOOT, VERIFY = "rebooting once into the new stack", "looking whether it runs"
USUAL_S = ((REBOOT, 75.0), (VERIFY, 5.0))
FIXED = frozenset({REBOOT})  # a boot is mostly waiting, on any host
_TOOLSTACK_S = 180.0  # until xl answers after a boot, on a slow host
_PAUSE_S = 3.0


class NotKept(StackError):
    """The new stack did not come up, or is not what was asked for; the host is on its old kernel again."""


@dataclass(frozen=True)
class Patience:
    """How long the host waits for us after its boot before it goes back; whether a hang may need a hand.

    A host without a watchdog that outlives a reboot comes back from a Xen that panics or does not answer, not from one
    that stands still before its first timer.
    """

    return_within_s: float = 300.0
    hang_needs_a_hand: bool = False


def boot_into(reach: Reach, manifest: StackManifest, patience: Patience, countdown: Countdown) -> None:
    """Boot a host once into a stack that was deployed there, and keep it if it is what runs.

    Raises NotKept when the host is on its old kernel again, StackError when it does not answer at all.
    """
    host = reach.host.name
    countdown.begin(REBOOT, f"{host} goes back by itself unless it is kept within {patience.return_within_s:.0f} s")
    with reach.hold() as transport:
        refuse_domains(transport)
        before = reach.boot_id(transport)
        _leave(Programs.on(transport, reach.host.scratch), manifest, patience)
    after = reach.await_boot(before, 2 * patience.return_within_s + 180)
    countdown.begin(VERIFY)
    with reach.hold_again() as transport:
        programs = Programs.on(transport, reach.host.scratch)
        wrong = runs(reach, transport, manifest)
        if wrong is None:
            programs.ask(requests.BOOT, "keep")
            return
        if programs.ask(requests.BOOT, "status").get("hypervisor") is None:
            raise NotKept(f"{host}: the new stack did not come up, and the host went back to its old kernel by itself")
        reach.tell(f"not what was asked for: {wrong}; going back to the old kernel")
        programs.ask(requests.BOOT, "restore")
        _reboot(programs)
    reach.await_boot(after, 2 * patience.return_within_s + 180)
    raise NotKept(f"{host}: the new stack came up and {wrong}; the host was booted back into its old kernel")


def boot_back(reach: Reach, within_s: float) -> bool:
    """Boot a host back into the kernel it had before any stack; return whether that took a reboot."""
    with reach.hold_again() as transport:
        programs = Programs.on(transport, reach.host.scratch)
        if not programs.ask(requests.BOOT, "restore").get("reboot"):
            return False
        refuse_domains(transport)
        before = reach.boot_id(transport)
        _reboot(programs)
    reach.await_boot(before, within_s)
    return True


def runs(reach: Reach, transport: Transport, manifest: StackManifest) -> str | None:
    """Return what of a stack a host does not run, in words; None if it runs all that can be asked for at once."""
    began = reach.clock.monotonic()
    kind = transport.run(Command(("sh", "-c", "cat /sys/hypervisor/type 2>/dev/null || true")))
    if kind.stdout.strip() != b"xen":
        return "no Xen runs"
    info = _xl_info(transport)
    while not info and reach.clock.monotonic() - began < _TOOLSTACK_S:
        reach.clock.sleep(_PAUSE_S)
        info = _xl_info(transport)
    if not info:
        return "xl does not answer"
    wanted = re.search(r"/xen-(\d+\.\d+)-", manifest.hypervisor)
    version = f"{info.get('xen_major')}.{info.get('xen_minor')}"
    if wanted and version != wanted[1]:
        return f"Xen {version} runs, not {wanted[1]}"
    if not wanted and not _by_our_entry(transport, manifest):  # of a Xen of one's own no version tells which it is
        return f"Xen {version} runs, and was not booted by the entry of {manifest.hypervisor}"
    if info.get("release") != manifest.kernel:
        return f"dom0 runs Linux {info.get('release')}, not {manifest.kernel}"
    asked = requests.STEPS[1].request(manifest, {}) or {}
    missing = set(asked["xen_command_line"].split()) - set(info.get("xen_commandline", "").split())
    return f"Xen was booted without {' '.join(sorted(missing))}" if missing else None


def _by_our_entry(transport: Transport, manifest: StackManifest) -> bool:
    """Whether dom0's kernel was given the word that hostside/pvb-boot has in the entry of this hypervisor."""
    words = transport.run(Command(("cat", "/proc/cmdline"))).stdout.decode(errors="replace").split()
    name = PurePosixPath(manifest.hypervisor).name.removesuffix(".gz")
    return f"pvbench.entry=pvbench-{name}-{manifest.kernel}" in words


def refuse_domains(transport: Transport) -> None:
    """Raise StackError where a reboot would end somebody's domains."""
    listed = transport.run(Command(("sh", "-c", "command -v xl >/dev/null && xl list 2>/dev/null || true")))
    names = [line.split()[0] for line in listed.stdout.decode(errors="replace").splitlines()[2:] if line.strip()]
    if names:
        raise StackError(
            f"{transport.name}: {', '.join(names[:5])} would be ended by the reboot that this takes",
            hint="shut its domains down first: xl shutdown NAME",
        )


def _xl_info(transport: Transport) -> dict[str, str]:
    try:
        said = transport.run(Command(("xl", "info"), timeout_s=60))
    except CommandTimeout:
        return {}
    pairs = (line.partition(":") for line in said.stdout.decode(errors="replace").splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs} if said.exit_code == 0 else {}


def _leave(programs: Programs, manifest: StackManifest, patience: Patience) -> None:
    """Arm one boot and begin it; what was armed is taken back if that is not reached."""
    words = {
        **requests.boot(manifest),
        "return_within_s": round(patience.return_within_s),
        "hang_needs_a_hand": patience.hang_needs_a_hand,
    }
    try:
        programs.ask(requests.BOOT, "once", words)
        _reboot(programs)
    except BaseException:
        with suppress(StackError, TransportError):
            programs.ask(requests.BOOT, "restore", timeout_s=60)
        raise


def _reboot(programs: Programs) -> None:
    with suppress(Unreachable, CommandTimeout):  # the host may be gone before its answer is here
        programs.ask(requests.BOOT, "reboot", timeout_s=60)
