"""What `pvbench stack` prints: what is asked, what it came to, what a deployment changes, what differs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pvbench.stack.deploy import Changes
from pvbench.stack.manifest import StackManifest
from pvbench.stack.nouns import Stack
from pvbench.stack.rollback import RolledBack

_WIDTH = 13


def asked(stack: Stack) -> str:
    """Return a stack as stacks.yaml says it, a line a part."""
    way = "from the host's own mirror" if stack.packages == "host" else "fetched here, sent over SSH"
    return f"{stack.name}\n{_lines(described(stack.asked))}  {'packages':<{_WIDTH}} {way}\n"


def manifest(manifest: StackManifest) -> str:
    """Return what a stack came to: what was asked, and each package of it with its version."""
    title = f"{manifest.name}, {manifest.digest}: Debian {manifest.release}, Linux {manifest.kernel}\n"
    parts = "".join(f"  {part.name:<28} {part.version}\n" for part in manifest.parts)
    return f"{title}{_lines(described(manifest.asked))}\n{parts}"


def as_data(stack: Stack) -> dict[str, Any]:
    """Return a stack for programs."""
    return {"name": stack.name, **stack.asked, "packages": stack.packages}


def changes(changes: Changes, *, looked_only: bool) -> str:
    """Return what a deployment changes, or changed, a line each."""
    lines = [sentence for _, sentences in changes.by_step for sentence in sentences]
    if changes.reboot:
        lines.append(f"reboot: {changes.reboot}")
    begin = "would " if looked_only else ""
    note = [f"a Xen that hangs would need a hand: {changes.hang}\n"] if changes.reboot and changes.hang else []
    return "".join([*(f"{begin}{line}\n" for line in lines), *(note if looked_only else ())])


def changes_data(changes: Changes, *, looked_only: bool) -> dict[str, Any]:
    """Return the same for programs."""
    told = {program: list(sentences) for program, sentences in changes.by_step}
    return {
        "stack": changes.manifest.name,
        "digest": changes.manifest.digest,
        "dry_run": looked_only,
        "changes": told,
        "reboot": changes.reboot,
        "hang": changes.hang,
    }


def rolled_back(back: RolledBack) -> str:
    """Return what was undone, what could not be, and what is not as it was."""
    lines = [f"undone\t{each}" for each in back.undone]
    lines += [f"could not undo\t{each}" for each in back.failures]
    lines += [
        f"differs\t{each.kind} {each.name}: was {each.before or 'not there'}, is {each.after or 'not there'}"
        for each in back.differences or ()
    ]
    return "".join(f"{line}\n" for line in lines)


def differing(sides: Sequence[Mapping[str, str]]) -> list[tuple[str, str, str]]:
    """Return the parts in which two stacks differ, and what each has there."""
    left, right = sides
    rows = [(part, left.get(part, "none"), right.get(part, "none")) for part in dict.fromkeys([*left, *right])]
    return [row for row in rows if row[1] != row[2]]


def difference(names: Sequence[str], rows: Sequence[tuple[str, str, str]]) -> str:
    """Return the parts in which two stacks differ, a line each; nothing where they are the same."""
    if not rows:
        return ""
    parts, wide = (max(len(each) for each in column) for column in ([row[0] for row in rows], [row[1] for row in rows]))
    table = [("", names[0], names[1]), *rows]
    return "".join(f"{part:<{parts}}  {left:<{wide}}  {right}\n" for part, left, right in table)


def described(wanted: Mapping[str, Any]) -> dict[str, str]:
    """Return what is asked in words, by its part."""
    return dict(_parts(wanted))


def resolved(manifest: StackManifest) -> dict[str, str]:
    """Return what a stack came to in words, by its part, each package with its version."""
    versions = {part.name: part.version for part in manifest.parts}
    host = {"release": f"Debian {manifest.release}", "kernel": manifest.kernel}
    return {**described(manifest.asked), **host, **versions}


def _lines(parts: Mapping[str, str]) -> str:
    return "".join(f"  {part:<{_WIDTH}} {text}\n" for part, text in parts.items())


def _parts(wanted: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    xen, dom0, bridge = wanted["hypervisor"], wanted["dom0"], wanted["bridge"]
    which = xen["file"] or (f"Xen {xen['version']}" if xen["version"] else "Xen of the host's release")
    yield "hypervisor", which + (", beside the release's own" if xen["beside"] else "") + _more(xen["command_line"])
    given = f"{dom0['memory_mib']} MiB, {dom0['vcpus']} vCPU{'s' if dom0['vcpus'] > 1 else ''}"
    kernel = "the kernel it is found with" if dom0["kernel"] == "as found" else "the newest kernel of its release"
    yield "dom0", f"{kernel}, {given}{_more(dom0['command_line'])}"
    yield "backends", "the kernel's own"
    yield "frontends", "the kernel's own"
    yield "device model", "the release's QEMU"
    yield "toolstack", ", ".join(f"{key} {value}" for key, value in wanted["toolstack"]) or "as packaged"
    own = "none; each run makes its own without an uplink"
    yield "bridge", f"{bridge['name']} over {bridge['uplink']}" if bridge else own
    yield "tools", ", ".join(wanted["tools"])


def _more(words: str) -> str:
    return f", with {words}" if words else ""
