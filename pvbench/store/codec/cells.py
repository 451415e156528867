"""Arms, workloads, cells, contrasts and a trial's place in the plan ↔ JSON."""

from collections.abc import Mapping
from typing import Any

from pvbench.drivers import DRIVERS
from pvbench.factors import FACTORS
from pvbench.model import STOCK, Arm, Cell, Contrast, DeviceKind, GuestMode, Placement, TrialSpec, Workload
from pvbench.store.codec.keys import keys
from pvbench.store.fields import boolean, choice, exactly, real, scalars, text, whole
from pvbench.workloads.tool import TIMES

LEAST_MARGIN = 1e-6
"""Nothing is EQUIVALENT within less; a matrix may ask for 0.01 %."""

_LATER: dict[str, Any] = {"frontends": STOCK, "backends": STOCK}
"""What arms got late in schema 3, and is written where it is not as usual: readers of before know none."""
_CELL, _ARM, _WORKLOAD = keys(Cell), keys(Arm), keys(Workload)
_PLANNED, _CONTRAST = keys(TrialSpec, "id"), keys(Contrast)


def encode_cell(cell: Cell) -> dict[str, Any]:
    """Return a cell as JSON values."""
    workload = {"tool": cell.workload.tool, "params": dict(cell.workload.params)}
    arm = {name: value for name, value in vars(cell.arm).items() if _LATER.get(name) != value}
    return {"arm": arm | {"tunables": dict(cell.arm.tunables)}, "workload": workload}


def decode_cell(data: Any) -> Cell:
    """Return a cell. Raises ValueError."""
    exactly(data, _CELL, "a cell")
    workload = exactly(data["workload"], _WORKLOAD, "a workload")
    params = scalars(workload, "params")
    for name in TIMES & dict(params).keys():  # reckoned with, whatever the tool
        real(dict(params), name, 0.0)
    return Cell(_arm(data["arm"]), Workload(text(workload, "tool"), params))


def _arm(data: Any) -> Arm:
    data = _LATER | data if type(data) is dict else data
    exactly(data, _ARM, "an arm")
    device, kind = text(data, "device"), choice(data, "kind", DeviceKind)
    if device not in DRIVERS or DRIVERS[device].kind is not kind:
        raise ValueError(f"this pvbench knows no {kind} device {device!r}")
    tunables = scalars(data, "tunables")
    if "vcpus" in dict(tunables):  # reckoned with, as the times of a workload are
        whole(dict(tunables), "vcpus", 1)
    return Arm(
        host=text(data, "host"),
        kind=kind,
        device=device,
        placement=choice(data, "placement", Placement),
        tunables=tunables,
        guest=text(data, "guest"),
        mode=choice(data, "mode", GuestMode),
        stack=text(data, "stack"),
        frontends=text(data, "frontends"),
        backends=text(data, "backends"),
    )


def encode_spec(spec: TrialSpec, cell: Any) -> dict[str, Any]:
    """Return a trial's place in the plan as JSON values; `cell` is the encoded cell, or its id."""
    return vars(spec) | {"cell": cell}


def decode_planned(data: Any, cells: Mapping[str, Cell]) -> tuple[str, TrialSpec]:
    """Return a planned trial and its id. Raises ValueError."""
    exactly(data, _PLANNED, "a planned trial")
    name, cell = text(data, "id"), text(data, "cell")
    if cell not in cells:
        raise ValueError(f"planned trial {name} is of a cell {cell} that the manifest does not hold")
    spec = TrialSpec(
        cell=cells[cell],
        block=whole(data, "block"),
        boot=text(data, "boot"),
        position=whole(data, "position"),
        run=whole(data, "run", 1),
        twin=boolean(data, "twin"),
        round=whole(data, "round", 1),
        deployment=text(data, "deployment"),
    )
    if name != spec.id:
        raise ValueError(f"planned trial {name} was altered: it is {spec.id} by its own words")
    return name, spec


def encode_contrast(contrast: Contrast) -> dict[str, Any]:
    """Return what is compared with what as JSON values."""
    baseline = contrast.baseline
    return vars(contrast) | {"baseline": dict(baseline) if isinstance(baseline, tuple) else baseline}


def decode_contrast(data: Any) -> Contrast:
    """Return what is compared with what. Raises ValueError."""
    exactly(data, _CONTRAST, "a contrast")
    factor, baseline, margin = text(data, "factor"), data["baseline"], real(data, "margin", LEAST_MARGIN)
    if factor not in FACTORS:
        raise ValueError(f"this pvbench knows no factor {factor!r}")
    if type(baseline) is dict:
        return Contrast(factor, tuple((DeviceKind(kind), text(baseline, kind)) for kind in baseline), margin)
    return Contrast(factor, dict(scalars({"baseline": {factor: baseline}}, "baseline"))[factor], margin)
