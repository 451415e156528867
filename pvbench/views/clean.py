"""What `pvbench clean` prints: what of a run was on a host, and what only looks so."""

from collections.abc import Sequence

from pvbench.lease import Finding


def render(findings: Sequence[Finding], *, looked_only: bool) -> str:
    """Return a line a finding: ours first, in columns parted by tabs, then what is left alone and why."""
    ours = (each for each in findings if each.why is None)
    lines = [f"{_state(each, looked_only)}\t{each.kind}\t{each.name}" for each in ours]
    lines += [f"left alone {each.kind} {each.name}: {each.why}" for each in findings if each.why is not None]
    return "".join(f"{line}\n" for line in lines)


def _state(finding: Finding, looked_only: bool) -> str:
    if looked_only:
        return "found"
    return "removed" if finding.removed else "could not remove"
