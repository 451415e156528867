"""What a row of TUNABLES means under Xen: how the guest is told, and how what came of it is read back. Pure."""

from pvbench.xen.tunables.granted import granted, parameters_to_read
from pvbench.xen.tunables.look import look_argv, parse_look
from pvbench.xen.tunables.words import dom0_vcpus, vif_settings, words

__all__ = ["dom0_vcpus", "granted", "look_argv", "parameters_to_read", "parse_look", "vif_settings", "words"]
