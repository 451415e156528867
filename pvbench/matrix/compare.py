"""`compare:` of a matrix: its comparisons, each along one factor, and what is told where one cannot be made."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from pvbench.drivers import DRIVERS
from pvbench.factors import FACTORS
from pvbench.inventory import HOST_NAME
from pvbench.matrix import guest_images
from pvbench.matrix.nouns import Matrix
from pvbench.model import MARGIN, STOCK, Contrast, DeviceKind, DriverSource, GuestMode, IoPath, Placement, Scalar
from pvbench.tunables import TUNABLES
from pvbench.yaml_schema import (
    PERCENT,
    Choice,
    Field,
    Keyed,
    Node,
    Sequence,
    Shape,
    Table,
    Text,
    at,
    at_key,
    nearest,
    shown,
)
from pvbench.yaml_schema import Scalar as Word

MODE = Choice("guest mode", tuple(GuestMode))
STACK = replace(HOST_NAME, noun="name of a stack")
_EXAMPLE = "{factor: queues, baseline: 1}"


def devices_of(kind: DeviceKind) -> Choice:
    """Return the shape of a device of a kind."""
    return Choice(f"{kind} device", tuple(name for name, driver in DRIVERS.items() if driver.kind is kind))


_DEVICES = Keyed(
    "baseline",
    {kind.value: Field(devices_of(kind), f"The {kind} device the others are compared with.") for kind in DeviceKind},
    least=1,
)
GUEST = Text("guest image", r"[^\s].*", "builtin, or the name of an image's file")
BUILD = Text("build of drivers", r"[^\s].*", "stock, or the name of a build")
_SHAPES: Mapping[str, Shape] = MappingProxyType(
    {"host": HOST_NAME, "mode": MODE, "stack": STACK, "guest": GUEST, "frontends": BUILD, "backends": BUILD}
)
"""Of the factors that are neither devices nor tunables, what a value looks like."""
_BUILT: Mapping[str, Callable[[Matrix], Iterable[DriverSource | None]]] = MappingProxyType(
    {"frontends": lambda matrix: matrix.frontends, "backends": lambda matrix: matrix.backends}
)
_NAMES = tuple(name for name, row in FACTORS.items() if not row.not_in_one_run)


@dataclass(frozen=True)
class _FactorName:
    """The name of a factor that arms of one run can differ in."""

    def read(self, node: Node) -> str:
        if isinstance(node, Word) and node.text in FACTORS and FACTORS[node.text].not_in_one_run:
            raise node.problem(f"{node.text} cannot be compared in a matrix: {FACTORS[node.text].not_in_one_run}")
        return Choice("factor", _NAMES).read(node)

    def schema(self) -> dict[str, Any]:
        return Choice("factor", _NAMES).schema()


@dataclass(frozen=True)
class _Baseline:
    """The factor's value in the baseline: a device for each kind, or one value."""

    factor: str = "device"

    def read(self, node: Node) -> Scalar | tuple[tuple[DeviceKind, str], ...]:
        if self.factor == "device":
            devices = _DEVICES.read(node)
            return tuple((kind, devices[kind]) for kind in DeviceKind if devices[kind] is not None)
        shape: Shape = TUNABLES[self.factor].shape if self.factor in TUNABLES else _SHAPES[self.factor]
        value: Scalar = shape.read(node)
        return value

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [_DEVICES.schema(), {"type": ["integer", "boolean", "string"]}]}


def _entry(factor: str) -> Keyed:
    return Keyed(
        "compare",
        {
            "factor": Field(
                _FactorName(), "What the arms that are compared differ in; left out: the device.", default="device"
            ),
            "baseline": Field(
                _Baseline(factor),
                "What the others are compared with: a device, one for each kind, or the factor's value.",
                required=True,
            ),
            "margin": Field(
                PERCENT.between("0.01%", "99.99%"),
                "A difference within it counts as none: EQUIVALENT.",
                default=f"{MARGIN * 100:.0f}%",
            ),
        },
    )


@dataclass(frozen=True)
class Compare:
    """One comparison or a list of them, each of another factor."""

    def read(self, node: Node) -> tuple[Contrast, ...]:
        """Return the contrasts in the order of the text."""
        if isinstance(node, Sequence) and not node.items:
            raise node.problem(f"an empty list; expected one such as [{_EXAMPLE}]")
        entries = node.items if isinstance(node, Sequence) else (node,)
        return tuple(map(_contrast, entries))

    def schema(self) -> dict[str, Any]:
        """Return the schema of a comparison or an array of them."""
        entry = _entry("device").schema()
        return {"anyOf": [entry, {"type": "array", "items": entry, "minItems": 1}]}


def _contrast(node: Node) -> Contrast:
    told = node.get("factor") if isinstance(node, Table) else None
    read = _entry("device" if told is None else _FactorName().read(told)).read(node)
    return Contrast(read["factor"], read["baseline"], read["margin"])


def check_contrasts(matrix: Matrix, root: Node) -> None:
    """Raise MatrixError for a comparison that the matrix has not two values for, or that is there twice."""
    above = at(root, "compare")
    entries = above.items if isinstance(above, Sequence) else (above,)
    seen: dict[str, Node] = {}
    for contrast, node in zip(matrix.contrasts, entries, strict=False):
        place = at(node, "factor")
        if contrast.factor in seen:
            raise place.problem(
                f"{contrast.factor} is compared twice; the comparison of line {seen[contrast.factor].line} holds it"
            )
        seen[contrast.factor] = node
        if isinstance(contrast.baseline, tuple):
            for kind, device in contrast.baseline:
                _check_devices(matrix, kind, device, node, root)
        elif contrast.factor == "host":
            _check_values(contrast, matrix.hosts, "hosts", node)
        elif contrast.factor == "stack":
            _check_values(contrast, matrix.stacks, "stacks", node)
        elif contrast.factor == "guest":
            _check_values(contrast, guest_images.names(matrix.guest.images), "guest", node)
        elif contrast.factor == "mode":
            _check_values(contrast, matrix.modes, "guest", node)
        elif contrast.factor in _BUILT:
            builds = tuple(_BUILT[contrast.factor](matrix))
            named = {build.value: build.name for build in builds if build}
            said = replace(contrast, baseline=named.get(str(contrast.baseline), contrast.baseline))
            _check_values(said, [build.name if build else STOCK for build in builds], contrast.factor, node)
        else:
            _check_values(contrast, matrix.tunables.get(contrast.factor, ()), "tunables", node)


def _check_values(contrast: Contrast, values: Iterable[Scalar], key: str, node: Node) -> None:
    """Raise MatrixError unless the baseline is one of several values."""
    factor, place = FACTORS[contrast.factor], at(node, "factor")
    known, baseline = [_written(value) for value in values], _written(contrast.baseline)
    if not known and key == "stacks":
        raise place.problem("nothing to compare: 'stacks' is missing, such as stacks: [A, B]")
    if not known:
        raise place.problem(f"nothing to compare: '{key}' has no '{factor.name}', such as {factor.name}: [A, B]")
    if baseline not in known:
        raise at(node, "baseline").problem(
            f"baseline '{shown(baseline)}' is not among the values of {factor.name}{nearest(baseline, known)}"
        )
    if len(known) < 2:
        raise place.problem(f"nothing to compare {factor.name} {baseline} with; it is the only value in '{key}'")


def _check_devices(matrix: Matrix, kind: DeviceKind, baseline: str, node: Node, root: Node) -> None:
    place, devices = at(node, "baseline", kind), matrix.devices.get(kind, ())
    if not devices:
        raise at_key(node, "baseline", kind).problem(f"there are no {kind} devices to compare")
    if baseline not in devices:
        raise place.problem(f"baseline '{baseline}' is not among the {kind} devices{nearest(baseline, devices)}")
    if len(devices) < 2:
        raise place.problem(f"nothing to compare {baseline} with; it is the only {kind} device")
    if matrix.placement is Placement.COEXIST:
        for path, words in ((IoPath.EMULATED, "an emulated"), (IoPath.PV, "a PV")):
            if not any(DRIVERS[device].io_path is path for device in devices):
                known = [name for name, row in DRIVERS.items() if row.kind is kind and row.io_path is path]
                raise at(root, "devices", kind).problem(
                    f"placement coexist compares emulated and PV {kind} devices in one boot, and {words} one is "
                    f"missing: {' or '.join(known)}; or use placement isolated"
                )


def _written(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
