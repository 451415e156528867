"""matrix.yaml → Matrix → cells."""

import itertools
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pvbench.drivers import DRIVERS
from pvbench.errors import MatrixError
from pvbench.inventory import HOST_NAME
from pvbench.matrix import driver_builds, guest_images
from pvbench.matrix.compare import MODE, STACK, Compare, devices_of
from pvbench.matrix.nouns import GuestSettings, Matrix, RunSettings
from pvbench.matrix.rules import check, fixed_before, placement_of, read_workloads, twin_share
from pvbench.matrix.sweeps import kind_of
from pvbench.model import (
    AS_FOUND,
    SERIAL,
    Arm,
    Cell,
    Contrast,
    DeviceKind,
    GuestMode,
    Order,
    OwnGuest,
    Placement,
    digest,
)
from pvbench.tunables import TUNABLES
from pvbench.workloads import WORKLOADS
from pvbench.yaml_schema import (
    DURATION,
    SIZE,
    Choice,
    Const,
    Field,
    Keyed,
    Listed,
    Node,
    OneOf,
    Share,
    Swept,
    Whole,
    parse,
)

__all__ = ["GuestSettings", "Matrix", "RunSettings", "expand", "kind_of", "load", "schema"]


def _tools() -> str:
    """Return which tools there are for which devices, in words."""
    names: dict[DeviceKind, list[str]] = {}
    for tool in WORKLOADS.values():
        names.setdefault(tool.kind, []).append(tool.name)
    return ", ".join(f"{' and '.join(own)} on {kind} devices" for kind, own in names.items())


BUILTINS_MEMORY, OWN_MEMORY = 256 << 20, 1 << 30
"""What a guest is given, in bytes, where a matrix says nothing."""

_DEVICES = Keyed(
    "devices",
    {
        kind.value: Field(Listed(devices_of(kind), example), f"The {kind} devices to measure.")
        for kind, example in ((DeviceKind.NET, "[e1000, netfront]"), (DeviceKind.BLOCK, "[ide, blkfront]"))
    },
    least=1,
)
_PLACEMENT = Choice("placement", tuple(Placement))
_RUN = Keyed(
    "run",
    {
        "blocks": Field(Whole(1, 1000), "How often all is measured; below 5 is called indicative.", default="3"),
        "runs_per_boot": Field(
            Whole(1, 20), "How often each workload is run in each boot; repeats make one value.", default="1"
        ),
        "boots_per_deployment": Field(
            Whole(1, 20), "How often each guest is booted before a host boots another of `stacks`.", default="1"
        ),
        "warmup": Field(DURATION.between("0s", "1h"), "For every workload that does not say its own."),
        "runtime": Field(DURATION.between("100ms", "24h"), "For every workload that does not say its own."),
        "placement": Field(_PLACEMENT, "As below the top of the file; either place."),
        "twins": Field(
            Share(),
            "Share of the blocks in which one device of each kind is measured twice, as if it were two: the run's own "
            "noise. Left out: 0.2 from 5 blocks on, rounded up; 0 below.",
        ),
        "traces": Field(
            Whole(0, 1000),
            "In how many blocks, from the first, each cell is loaded once more under a trace: what one I/O costs.",
            default="1",
        ),
        "order": Field(Choice("order", tuple(Order)), "Whether a block's trials are shuffled.", default="random"),
        "seed": Field(Whole(0, 2**32 - 1), "The seed of the shuffling; the same seed, the same plan.", default="1"),
        "settle": Field(DURATION.between("0s", "10m"), "A pause before each measurement.", default="0s"),
    },
)
_GUEST = Keyed(
    "guest",
    {
        "image": Field(
            guest_images.IMAGES, "builtin, or the path of your own image; every cell is measured in each of a list."
        ),
        **guest_images.LOGIN,
        "memory": Field(
            SIZE.between("64MiB", "1TiB", "1MiB"), "The guest's memory; left out: 256MiB, 1GiB with your own image."
        ),
        "vcpus": Field(Whole(1, 64), "The guest's virtual CPUs.", default="1"),
        "mode": Field(
            Swept(MODE), "How the guest is run; every PV device is measured in each mode, an emulated one in hvm alone."
        ),
    },
)
_TUNABLES = Keyed("tunables", {row.name: Field(Swept(row.shape), row.about) for row in TUNABLES.values()}, least=1)
_FILE = Keyed(
    "a matrix",
    {
        "schema": Field(Const(1), "Version of this format.", required=True),
        "hosts": Field(Listed(HOST_NAME, "[lab]"), "Hosts to measure on: names of hosts.yaml.", required=True),
        "stacks": Field(
            Listed(STACK, "[old, new]"),
            "Stacks that were deployed onto the hosts (`pvbench stack deploy`); each is booted in turn and measured.",
        ),
        "devices": Field(_DEVICES, "What is measured, by kind.", required=True),
        "placement": Field(
            _PLACEMENT, "isolated: a boot for each device; coexist: emulated and PV side by side in one boot."
        ),
        "workloads": Field(
            Listed(
                OneOf("workload", {name: tool.grammar.shape for name, tool in WORKLOADS.items()}),
                "- fio: {rw: read, bs: 4KiB}",
            ),
            f"What is run: {_tools()}. Lists are swept.",
            required=True,
        ),
        "tunables": Field(
            _TUNABLES, "What the boots are asked for besides; every cell is measured at each combination."
        ),
        "run": Field(_RUN, "How often and in which order.", default="{}"),
        "compare": Field(
            Compare(), "What is compared with what, one comparison or a list of them; left out: devices, if several."
        ),
        **{
            side: Field(
                driver_builds.BUILDS, f"The {side}: stock, or built of a source; every cell is measured with each."
            )
            for side in driver_builds.SIDES
        },
        "guest": Field(_GUEST, "What the guest is given.", default="{}"),
        "scratch": Field(
            SIZE.between("16MiB", "1TiB", "1MiB"), "Size of the scratch disk of each block device.", default="256MiB"
        ),
    },
)


def schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of matrix.yaml."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "pvbench matrix", **_FILE.schema()}


def load(text: str, *, name: str, folder: Path = Path()) -> Matrix:
    """Return what a matrix.yaml says; raises MatrixError, located, for the first thing wrong.

    Drivers of one's own are read where it names them; relative paths begin at the folder.
    """
    root = parse(text, name=name, error=MatrixError)
    fixed_before(root)
    read = _FILE.read(root)
    run, guest = read["run"], read["guest"]
    said: dict[str, Any] = {
        "hosts": read["hosts"],
        "devices": _by_kind(read["devices"]),
        "placement": placement_of(read["placement"], run["placement"], root),
        "workloads": read_workloads(read["workloads"], root),
        "run": RunSettings(
            blocks=run["blocks"],
            order=Order(run["order"]),
            seed=run["seed"],
            settle_s=run["settle"],
            runs_per_boot=run["runs_per_boot"],
            twins=twin_share(run["twins"], run["blocks"]),
            traces=run["traces"],
            boots_per_deployment=run["boots_per_deployment"],
        ),
        "contrasts": read["compare"] or (),
        "guest": _guest(guest, root, folder),
        "scratch_bytes": read["scratch"],
    }
    tunables = {name: values for name, values in (read["tunables"] or {}).items() if values is not None}
    if tunables:  # without them the digest is what it was before there were any
        said["tunables"] = MappingProxyType(tunables)
    modes = tuple(map(GuestMode, guest["mode"] or ()))
    if modes not in ((), (GuestMode.HVM,)):
        said["modes"] = modes
    if read["stacks"]:
        said["stacks"] = read["stacks"]
    builds = {
        side: driver_builds.sources(read[side], root, side, folder)
        for side in driver_builds.SIDES
        if read[side] is not None
    }
    said |= {side: own for side, own in builds.items() if any(own)}
    said["contrasts"] = driver_builds.with_values(said["contrasts"], builds)
    matrix = Matrix(**said, text=text, digest=digest(_plain(_identity(said))))
    check(matrix, read["workloads"], root)
    return matrix


def expand(matrix: Matrix) -> tuple[Cell, ...]:
    """Return the cells, in the order of the matrix: every device of a workload's kind, on every host, at each point.

    An emulated device has none in guests without a device model.
    """
    axes = [[(name, value) for value in values] for name, values in sorted(matrix.tunables.items())]
    points = list(itertools.product(*axes))
    return tuple(
        Cell(
            Arm(
                host,
                kind_of(workload),
                device,
                matrix.placement,
                point,
                guest,
                mode=mode,
                stack=stack,
                frontends=frontends,
                backends=backends,
            ),
            workload,
        )
        for host in matrix.hosts
        for stack in matrix.stacks or (AS_FOUND,)
        for guest in guest_images.names(matrix.guest.images)
        for mode in matrix.modes
        for frontends in driver_builds.values(matrix.frontends)
        for backends in driver_builds.values(matrix.backends)
        for point in points
        for workload in matrix.workloads
        for device in matrix.devices[kind_of(workload)]
        if DRIVERS[device].exists_in(mode)
    )


def _identity(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the digest is of: a comparison of devices stands there as when there were no others."""
    contrasts: tuple[Contrast, ...] = content["contrasts"]
    devices = next((each for each in contrasts if each.factor == "device"), Contrast("device", ()))
    others = [asdict(each) for each in contrasts if each.factor != "device"]
    rest = {name: value for name, value in content.items() if name != "contrasts"}
    rest["run"] = asdict(content["run"])
    rest["guest"] = _guest_identity(content["guest"])
    if rest["run"]["boots_per_deployment"] == 1:  # as it was before that could be said
        del rest["run"]["boots_per_deployment"]
    known = {"baseline": dict(devices.baseline), "margin": devices.margin}  # type: ignore[arg-type]
    # By what is in their files, wherever those lie.
    rest |= {side: driver_builds.values(rest[side]) for side in driver_builds.SIDES if side in rest}
    return rest | known | ({"contrasts": others} if others else {})


def _guest(read: Mapping[str, Any], root: Node, folder: Path) -> GuestSettings:
    usual = {name: read[name] for name in guest_images.LOGIN}
    images = guest_images.images(read["image"], usual, root, folder)
    memory = read["memory"] or (BUILTINS_MEMORY if images == (None,) else OWN_MEMORY)
    return GuestSettings(images, memory, read["vcpus"])


def _guest_identity(guest: GuestSettings) -> dict[str, Any]:
    """Return what the digest is of: as it was when there were no images of one's own, and of those no path."""
    image = None
    if guest.images != (None,):
        image = [_image_identity(each) if each else None for each in guest.images]
    return {"image": image, "memory_bytes": guest.memory_bytes, "vcpus": guest.vcpus}


def _image_identity(image: OwnGuest) -> tuple[str | None, ...]:
    """Return what tells an image from others; a console that is the usual one was not asked for once."""
    return (image.name, image.user, image.host_key, *([image.console] if image.console != SERIAL else []))


def _by_kind(read: Mapping[str, Any]) -> Mapping[DeviceKind, Any]:
    return MappingProxyType({kind: read[kind] for kind in DeviceKind if read.get(kind) is not None})


def _plain(value: Any) -> Any:
    """Return what canonical JSON can hold: dataclasses and mappings as dicts."""
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple | list) else value
