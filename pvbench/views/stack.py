"""What `pvbench stack` prints: what is asked."""

from collections.abc import Iterator
from typing import Any

from pvbench.stack.nouns import DriverSource, Stack


def asked(stack: Stack) -> str:
    """Return a stack as stacks.yaml says it, a line a part."""
    lines = [f"{stack.name}\n"]
    return "".join([*lines, *(f"  {part:<13} {text}\n" for part, text in _parts(stack))])


def as_data(stack: Stack) -> dict[str, Any]:
    """Return a stack for programs."""
    return {"name": stack.name, **stack.asked, "packages": stack.packages}


def _parts(stack: Stack) -> Iterator[tuple[str, str]]:
    xen, dom0 = stack.hypervisor, stack.dom0
    which = xen.file or (f"Xen {xen.version}" if xen.version else "Xen of the host's release")
    yield "hypervisor", which + (", beside the release's own" if xen.beside else "") + _more(xen.command_line)
    given = f"{dom0.memory_mib} MiB, {dom0.vcpus} vCPU{'s' if dom0.vcpus > 1 else ''}"
    kernel = "the kernel it is found with" if dom0.kernel == "as found" else "the newest kernel of its release"
    yield "dom0", f"{kernel}, {given}{_more(dom0.command_line)}"
    yield "backends", _drivers(stack.backends)
    yield "frontends", _drivers(stack.frontends)
    yield "device model", stack.device_model or "the release's QEMU"
    yield "toolstack", ", ".join(f"{key} {value}" for key, value in stack.toolstack) or "as packaged"
    bridge = stack.bridge
    yield (
        "bridge",
        f"{bridge.name} over {bridge.uplink}" if bridge else "none; each run makes its own without an uplink",
    )
    yield "tools", ", ".join(stack.tools)
    yield "packages", "from the host's own mirror" if stack.packages == "host" else "fetched here, sent over SSH"


def _drivers(source: DriverSource | None) -> str:
    if source is None:
        return "the kernel's own"
    patches = f", patched by {', '.join(source.patches)}" if source.patches else ""
    return f"built of {'the release' if source.source == 'distro' else source.source}{patches}"


def _more(words: str) -> str:
    return f", with {words}" if words else ""
