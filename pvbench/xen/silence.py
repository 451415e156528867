"""Why a guest does not answer, by what it left: whether it lives, its device model's log, its serial console. Pure."""

import re
from collections.abc import Mapping
from typing import Any

from pvbench.errors import BootError, NoNetwork, Silent
from pvbench.hypervisor import GuestSpec
from pvbench.model import BUILTIN_GUEST, STOCK
from pvbench.model.driver_builds import in_words
from pvbench.printable import clean

_MEANINGS = (
    (
        r"Kernel panic - not syncing: (.{1,120})",
        "its kernel panicked: {0}",
        "the image's own root= or initramfs is wrong",
    ),
    (
        r"ALERT!\s+(.{1,80}) does not exist",
        "its initramfs does not find its root file system, {0}",
        "build virtio_blk into the image's initramfs: the disk it boots from is a virtio one",
    ),
    (
        r"(error: [^\n]{1,80})\s*(?:\n|\r).{0,40}(?:grub rescue|Entering rescue mode)",
        "its boot loader stopped: {0}",
        "reinstall the image's boot loader",
    ),
    (r"No space left on device", "its disk is full", "give the image some 200 MB of free space"),
    (
        r"(?:Failed to start|failed to start).{0,20}(ssh[^\r\n]{0,60})",
        "its sshd did not start: {0}",
        "mend sshd in the image",
    ),
)
"""What a console says, what that means, and how it is mended; the first that fits is told."""
_NO_SSHD = ("its network answers and nothing listens at its SSH port", "install openssh-server in the image")
_NO_NETWORK = (
    "it booted as far as its login prompt, and its network does not answer",
    "the image lacks the driver of its NIC, or cloud-init to give it the address of the seed",
)
_LAST_WORDS = re.compile(
    r"login:\s*$|Kernel panic|ALERT!|grub rescue>|\(initramfs\)|Cannot open access to console|emergency mode"
)
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


def silent(spec: GuestSpec, host: str, look: Mapping[str, Any], waited_s: float | None) -> BootError:
    """Return what is told of a guest that ended (`waited_s` is None) or did not answer within that many seconds."""
    name = f"the guest {spec.guest}" if spec.guest != BUILTIN_GUEST else f"pvb-{spec.name}"
    state = "ended while it booted" if waited_s is None else f"runs, but did not answer within {waited_s:.0f} s"
    if spec.guest != BUILTIN_GUEST:
        console = str(look.get("console") or "")
        why, mend = why_silent(console, look.get("read"), look.get("port"))
        kind = NoNetwork if (why, mend) == _NO_NETWORK else Silent
        error = kind(f"{name} {state}: {why}", hint=mend)
        error.console = console
        return error
    if waited_s is None:
        said = f"; device model: {look['log']}" if spec.mode.has_emulated_devices else ""
        return BootError(f"{name} {state}{said}")
    return BootError(f"{name} {state}{_built(spec)}", hint=f"pvbench doctor {host}")


def settled(console: str) -> bool:
    """Whether a console shows that a guest has come as far as it ever will."""
    return bool(_LAST_WORDS.search(_CONTROL.sub("", console)[-400:]))


def why_silent(console: str, read_bytes: int | None, port: str | None = None) -> tuple[str, str]:
    """Return why a guest of somebody's own is silent, and what mends it.

    `console` is what its serial console printed, `read_bytes` what was read of the disk it boots from, None if unknown;
    `port` is what its SSH port does: "open", "refused" or "silent".
    """
    text = _CONTROL.sub("", console)
    for pattern, meaning, mend in _MEANINGS:
        if seen := re.search(pattern, text, re.DOTALL):
            return meaning.format(*(clean(group.strip()) for group in seen.groups())), mend
    if port == "refused":
        return _NO_SSHD
    if re.search(r"login:\s*$", text):
        return _NO_NETWORK
    if not text.strip():
        if read_bytes is not None and read_bytes < 1 << 16:
            return "its boot loader never ran", "an image that boots by BIOS is needed, with its boot loader in place"
        return (
            "it printed nothing on its serial console",
            "add console=ttyS0 to the kernel's command line in the image to see why",
        )
    last = [line.strip() for line in text.splitlines() if line.strip()][-1]
    return f"the last it printed is {clean(last)[:160]!r}", "give it more time or memory, or see its console"


def _built(spec: GuestSpec) -> str:
    """Return what else may be amiss with a guest whose frontends are not its kernel's own."""
    if spec.frontends == STOCK:
        return ""
    return f"; its frontends are '{in_words(spec.frontends)}', and a guest that cannot load them has no PV device"
