"""TUNABLES: what a boot can be asked for beside its devices, how it is asked, and what came of it. Pure."""

from pvbench.tunables.asked import Nic, config, dom0_vcpus, parameters, words
from pvbench.tunables.granted import granted
from pvbench.tunables.look import look_argv, parse_look
from pvbench.tunables.table import TUNABLES, Tunable, Values

__all__ = [
    "TUNABLES",
    "Nic",
    "Tunable",
    "Values",
    "config",
    "dom0_vcpus",
    "granted",
    "look_argv",
    "parameters",
    "parse_look",
    "words",
]
