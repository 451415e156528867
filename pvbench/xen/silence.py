"""Why a guest does not answer, by what it left: whether it lives, its device model's log, its serial console. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pvbench.errors import BootError, NoNetwork, Silent
from pvbench.hypervisor import GuestSpec
from pvbench.model import BUILTIN_GUEST, STOCK
from pvbench.model.driver_builds import in_words
from pvbench.printable import clean
from pvbench.xen import console_keys, consoles

LEAST_OF_A_LOADER, LEAST_OF_A_KERNEL = 1 << 14, 4 << 20
"""Bytes that are read of a disk once its boot loader runs, and once that has loaded a kernel."""
BARRED = "barred"
"""What the SSH port does that answers and lets our key in not."""
_CONSOLE_MEND = (
    "add console=ttyS0 to the kernel's command line in the image to see why, or say as `console` what it prints on"
)
UNKNOWN = "unknown"
"""What the SSH port does that answers, of a guest whose console has shown no host key to know it by."""


@dataclass(frozen=True)
class Why:
    """Why a guest is silent, and what mends it; `another_nic` says whether it may answer over another NIC."""

    why: str
    mend: str
    another_nic: bool = False


NO_SSHD = Why("its network answers and nothing listens at its SSH port", "install openssh-server in the image")
NO_NETWORK = Why(
    "it booted, and its network does not answer",
    "the image lacks the driver of its NIC, or cloud-init to give it the address of the seed",
    another_nic=True,
)
NO_LOGIN = Why(
    "its SSH server answers, and lets our key in not",
    "say `user`, `key` and `host_key` as the image has them; a cloud image needs cloud-init with the NoCloud source",
)
NOT_SHOWN = Why(
    "its SSH server answers, and its serial console shows no host key to know it by",
    f"give `host_key`, or let the image print it as it boots (rc.local, inittab): {console_keys.HOW}",
)
TOO_SLOW = Why("its SSH server takes connections, and says too little in time", "give it more memory or vCPUs")


def silent(spec: GuestSpec, host: str, look: Mapping[str, Any], waited_s: float | None) -> BootError:
    """Return what is told of a guest that ended (`waited_s` is None) or did not answer within that many seconds."""
    name = f"the guest {spec.guest}" if spec.guest != BUILTIN_GUEST else f"pvb-{spec.name}"
    state = "ended while it booted" if waited_s is None else f"runs, but did not answer within {waited_s:.0f} s"
    if spec.guest != BUILTIN_GUEST:
        console = str(look.get("console") or "")
        told = why_silent(console, look.get("read"), look.get("port"))
        kind = NoNetwork if told.another_nic else Silent
        error = kind(f"{name} {state}: {told.why}", hint=told.mend)
        error.console = console
        return error
    if waited_s is None:
        said = f"; device model: {look['log']}" if spec.mode.has_emulated_devices else ""
        return BootError(f"{name} {state}{said}")
    return BootError(f"{name} {state}{_built(spec)}", hint=f"pvbench doctor {host}")


def aside(look: Mapping[str, Any]) -> str:
    """Return what a guest's console says that explains what else is amiss with it, "" where it says nothing."""
    found = consoles.found(consoles.plain(str(look.get("console") or "")))
    return f"; {clean(found[1])}" if found else ""


def why_silent(console: str, read_bytes: int | None, port: str | None = None) -> Why:
    """Return why a guest of somebody's own is silent, and what mends it.

    `console` is what its serial console printed, `read_bytes` what was read of the disk it boots from, None if unknown;
    `port` is what its SSH port does: "open", "mute", "refused", "silent", BARRED or UNKNOWN.
    """
    text = consoles.plain(console)
    if found := consoles.found(text):
        row, meaning = found
        return Why(clean(meaning), row.mend)
    if port in _BY_PORT:
        return _BY_PORT[port]
    if consoles.at_rest(text) or consoles.WAITS_FOR_NETWORK.search(text):
        return NO_NETWORK
    quiet = not text.strip() or (consoles.PRINTS_NOTHING.search(text) and not consoles.STARTED.search(text))
    if quiet:
        return _unheard(read_bytes)
    last = [line.strip() for line in text.splitlines() if line.strip()][-1]
    return Why(f"the last it printed is {clean(last)[:160]!r}", "give it more time or memory, or see its console")


_BY_PORT: Mapping[str | None, Why] = {
    "refused": NO_SSHD,
    BARRED: NO_LOGIN,
    UNKNOWN: NOT_SHOWN,
    "open": TOO_SLOW,
    "mute": TOO_SLOW,
}


def _unheard(read_bytes: int | None) -> Why:
    """Return why a guest is silent whose kernel prints nothing, by how far its boot loader came."""
    if read_bytes is not None and read_bytes < LEAST_OF_A_LOADER:
        return Why("its boot loader never ran", "an image that boots by BIOS is needed, with its boot loader in place")
    if read_bytes is not None and read_bytes < LEAST_OF_A_KERNEL:
        return Why(
            "its boot loader runs, has loaded no kernel, and prints nothing on the serial console",
            "have its configuration name a kernel that is there, without a menu that waits; to see it: "
            "GRUB_TERMINAL=serial of /etc/default/grub, or `SERIAL 0` in extlinux.conf",
        )
    return Why(
        "its kernel runs, its network does not answer, and it printed nothing on its serial console",
        _CONSOLE_MEND,
        another_nic=True,
    )


def _built(spec: GuestSpec) -> str:
    """Return what else may be amiss with a guest whose frontends are not its kernel's own."""
    if spec.frontends == STOCK:
        return ""
    return f"; its frontends are '{in_words(spec.frontends)}', and a guest that cannot load them has no PV device"
