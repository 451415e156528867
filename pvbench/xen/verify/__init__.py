"""The PV stack in use, proved: what guest and dom0 are asked, and what their answers say, by the names of PARTS."""

from pvbench.xen.verify.dom0 import BACKENDS, host_parts
from pvbench.xen.verify.in_use import InUse
from pvbench.xen.verify.look import look_argv, parse_look

FRONTENDS = ("xen_netfront", "xen_blkfront")
"""Names as in /sys/module."""

__all__ = ["BACKENDS", "FRONTENDS", "InUse", "host_parts", "look_argv", "parse_look"]
