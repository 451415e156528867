"""Every noun of the field, frozen and hashable; validation and identity only.

A block holds each cell of a comparison once, close in time, on one host.
"""

from pvbench.model.arms import AS_FOUND, BUILTIN_GUEST, MARGIN, Arm, Cell, Contrast, TrialSpec, Values, Workload
from pvbench.model.driver_builds import STOCK, DriverBuild, DriverSource
from pvbench.model.evidence import CpuBill, Granted, Mechanism, Payer, TrapCost, Witness
from pvbench.model.exits import GRANTS, Event, Exit, counted, exit_reason
from pvbench.model.flags import Flag, FlagKind
from pvbench.model.guests import NO_CONSOLE, PARAVIRTUAL, SERIAL, ImageDigests, OwnGuest
from pvbench.model.hosts import DeployedStack, HostFacts
from pvbench.model.ids import Scalar, canonical, digest
from pvbench.model.kinds import (
    DeviceKind,
    Emulation,
    GuestMode,
    IoPath,
    Order,
    Outcome,
    Phase,
    Placement,
    Platform,
    Purpose,
)
from pvbench.model.trials import CommandRecord, RawFile, Reading, Trial

__all__ = [
    "AS_FOUND",
    "BUILTIN_GUEST",
    "GRANTS",
    "MARGIN",
    "NO_CONSOLE",
    "PARAVIRTUAL",
    "SERIAL",
    "STOCK",
    "Arm",
    "Cell",
    "CommandRecord",
    "Contrast",
    "CpuBill",
    "DeployedStack",
    "DeviceKind",
    "DriverBuild",
    "DriverSource",
    "Emulation",
    "Event",
    "Exit",
    "Flag",
    "FlagKind",
    "Granted",
    "GuestMode",
    "HostFacts",
    "ImageDigests",
    "IoPath",
    "Mechanism",
    "Order",
    "Outcome",
    "OwnGuest",
    "Payer",
    "Phase",
    "Placement",
    "Platform",
    "Purpose",
    "RawFile",
    "Reading",
    "Scalar",
    "TrapCost",
    "Trial",
    "TrialSpec",
    "Values",
    "Witness",
    "Workload",
    "canonical",
    "counted",
    "digest",
    "exit_reason",
]
