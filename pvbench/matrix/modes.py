"""Which devices exist in which guest modes, and what is told of a matrix that asks for others."""

from pvbench.drivers import DRIVERS
from pvbench.matrix.nouns import Matrix
from pvbench.model import GuestMode, Placement
from pvbench.tunables import TUNABLES
from pvbench.wording import listed
from pvbench.yaml_schema import Node, Sequence, at, at_key


def left_out(matrix: Matrix) -> tuple[tuple[str, tuple[GuestMode, ...]], ...]:
    """Return the devices that do not exist in all modes asked for, each with those that it is not measured in."""
    lacking = (
        (device, tuple(mode for mode in matrix.modes if not DRIVERS[device].exists_in(mode)))
        for devices in matrix.devices.values()
        for device in devices
    )
    return tuple((device, modes) for device, modes in lacking if modes)


def check_modes(matrix: Matrix, root: Node) -> None:
    """Raise MatrixError for a device that no mode has, a mode without any device, and what needs a device model."""
    lacking = dict(left_out(matrix))
    for kind, devices in matrix.devices.items():
        for number, device in enumerate(devices):
            if len(lacking.get(device, ())) == len(matrix.modes):
                raise at(root, "devices", kind, number).problem(
                    f"{device} exists only in hvm guests; {_words(matrix.modes)} have no emulated devices"
                )
    there = [device for devices in matrix.devices.values() for device in devices]
    for number, mode in enumerate(matrix.modes):
        if mode.has_emulated_devices:
            continue
        place = _mode(root, number)
        if not any(DRIVERS[device].exists_in(mode) for device in there):
            raise place.problem(
                f"nothing to measure in {mode} guests: {listed(there)} {'exists' if len(there) == 1 else 'exist'} only "
                "in hvm guests"
            )
        if matrix.placement is Placement.COEXIST and lacking:
            raise place.problem(
                f"placement coexist puts {listed(list(lacking))} into the guest of every other device, and {mode} "
                "guests have no emulated devices; use placement isolated"
            )
        for name in matrix.tunables:
            if mode not in TUNABLES[name].modes:
                raise at_key(root, "tunables", name).problem(
                    f"{name} means nothing in {mode} guests; only in {' and '.join(TUNABLES[name].modes)}"
                )


def _mode(root: Node, number: int) -> Node:
    """Return the place of a mode: an item of a list, or the one word."""
    node = at(root, "guest", "mode")
    return node.items[number] if isinstance(node, Sequence) else node


def _words(modes: tuple[GuestMode, ...]) -> str:
    return f"{listed(modes)} guests"
