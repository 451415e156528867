"""Xen: a host driven over SSH with the programs of hostside/, and its guests."""

from pvbench.xen.host import XenHypervisor

__all__ = ["XenHypervisor"]
