"""What no shape can say: rules between the parts of a matrix, each with the place where it is broken."""

import math
from collections.abc import Sequence
from typing import Any

from pvbench.drivers import DRIVERS
from pvbench.matrix.compare import check_contrasts
from pvbench.matrix.driver_builds import check_builds
from pvbench.matrix.guest_images import check_images
from pvbench.matrix.modes import check_modes
from pvbench.matrix.nouns import Matrix
from pvbench.matrix.sweeps import MOST_WORKLOADS, kind_of, sweep
from pvbench.model import Placement, Workload
from pvbench.tunables import TUNABLES
from pvbench.workloads import WORKLOADS
from pvbench.yaml_schema import Node, Table, at, at_key

MOST_TRIALS = 200_000
TWINS = 0.2
"""The share of blocks with a twin where a matrix does not say, from TWINS_FROM blocks on."""

TWINS_FROM = 5
"""Below it everything is indicative anyway, and a twin would cost a third of a quick look."""

_SEQUENTIAL = ("stop", "stop_when", "until", "until_significant")

Entries = Sequence[tuple[str, dict[str, Any]]]


def fixed_before(root: Node) -> None:
    """Raise MatrixError for a wish to stop when the figures look decided."""
    for table in (root, at(root, "run")):
        for word in _SEQUENTIAL:
            key = table.key(word) if isinstance(table, Table) else None
            if key is not None:
                raise key.problem(
                    f"'{word}' is refused: stopping once a difference shows finds one between 27 % of identical arms; "
                    "the number of blocks is fixed before the run, and `pvbench pilot` recommends it"
                )


def placement_of(above: str | None, within: str | None, root: Node) -> Placement:
    """Return the placement, told at the top of the file or in `run`; raises MatrixError for neither and for two."""
    if above and within and above != within:
        places = [at(root, "placement"), at(root, "run", "placement")]
        second = max(places, key=lambda place: (place.line, place.column))
        first = min(places, key=lambda place: (place.line, place.column))
        raise second.problem(f"the placement in line {first.line} is another; say it once")
    found = above or within
    if found is None:
        raise root.problem("'placement' is missing in a matrix")
    return Placement(found)


def twin_share(share: float | None, blocks: int) -> float:
    """Return the share of blocks that carry a twin."""
    if share is not None:
        return share
    return TWINS if blocks >= TWINS_FROM else 0.0


def read_workloads(entries: Entries, root: Node) -> tuple[Workload, ...]:
    """Return the workloads of all entries; raises MatrixError for one that comes twice or for too many."""
    found: dict[Workload, Node] = {}
    node = at(root, "workloads")
    for index, (tool, values) in enumerate(entries):
        entry = at(node, index, tool)
        if not isinstance(entry, Table):
            raise TypeError("an entry that was read is a mapping")
        for workload in sweep(tool, values | _times(tool, entry, root), entry):
            if workload in found:
                raise entry.problem(f"a workload of this entry is already in the one of line {found[workload].line}")
            found[workload] = entry
        if len(found) > MOST_WORKLOADS:
            raise entry.problem(f"more than {MOST_WORKLOADS} workloads")
    return tuple(found)


def _times(tool: str, entry: Table, root: Node) -> dict[str, Any]:
    """Return the times of `run` that an entry does not say itself, read as its tool reads times."""
    run, fields = at(root, "run"), WORKLOADS[tool].grammar.shape.fields
    told = {name: run.get(name) for name in ("runtime", "warmup")} if isinstance(run, Table) else {}
    return {
        name: fields[name].shape.read(node)
        for name, node in told.items()
        if node is not None and name in fields and entry.get(name) is None
    }


def check(matrix: Matrix, entries: Entries, root: Node) -> None:
    """Raise MatrixError for what does not go together."""
    _check_kinds(matrix, entries, root)
    check_modes(matrix, root)
    check_builds(matrix, root)
    check_images(matrix, root)
    check_contrasts(matrix, root)
    _check_fit(matrix, entries, root)
    for name in matrix.tunables:
        _check_tunable(matrix, name, root)
    points = math.prod(map(len, (*matrix.tunables.values(), matrix.frontends, matrix.backends, matrix.guest.images)))
    cells = points * sum(
        DRIVERS[device].exists_in(mode)
        for mode in matrix.modes
        for workload in matrix.workloads
        for device in matrix.devices[kind_of(workload)]
    )
    run = matrix.run
    repeats = run.blocks * run.runs_per_boot * run.boots_per_deployment
    trials = repeats * len(matrix.hosts) * max(1, len(matrix.stacks)) * cells
    if trials > MOST_TRIALS:
        raise at(root, "workloads").problem(f"{trials} trials in {matrix.run.blocks} blocks; at most {MOST_TRIALS}")


def _check_kinds(matrix: Matrix, entries: Entries, root: Node) -> None:
    for index, (tool, _) in enumerate(entries):
        kind = WORKLOADS[tool].kind
        if kind not in matrix.devices:
            place = at(root, "workloads", index)
            raise place.problem(f"{tool} exercises {kind} devices, and 'devices' has no '{kind}'")
    used = {WORKLOADS[tool].kind for tool, _ in entries}
    for kind in matrix.devices:
        if kind not in used:
            tools = " or ".join(name for name, tool in WORKLOADS.items() if tool.kind is kind)
            raise at_key(root, "devices", kind).problem(f"no workload exercises the {kind} devices; add {tools}")


def _check_tunable(matrix: Matrix, name: str, root: Node) -> None:
    row, devices = TUNABLES[name], [device for found in matrix.devices.values() for device in found]
    if not any(row.acts_on(device) for device in devices):
        able = ", ".join(device for device in DRIVERS if row.acts_on(device))
        raise at_key(root, "tunables", name).problem(f"{name} means nothing for {', '.join(devices)}; only for {able}")


def _check_fit(matrix: Matrix, entries: Entries, root: Node) -> None:
    for index, (tool, values) in enumerate(entries):
        if (misfit := WORKLOADS[tool].grammar.misfit(values, matrix.scratch_bytes)) is not None:
            param, position, why = misfit
            raise at(root, "workloads", index, tool, param, position).problem(why)
