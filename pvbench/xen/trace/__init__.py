"""Xen's binary traces: what each domain did, from a file that xentrace wrote. `read` is all of it, `only` a part."""

from pvbench.xen.trace.answer import UNATTRIBUTED, DomainCounts, ExitCycles, Trace
from pvbench.xen.trace.part import only
from pvbench.xen.trace.summary import read

__all__ = ["UNATTRIBUTED", "DomainCounts", "ExitCycles", "Trace", "only", "read"]
