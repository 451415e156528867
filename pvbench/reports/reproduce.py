"""A cell → what measures it again: its run's matrix narrowed to that one cell, and the commands, ready to be copied.

What a matrix says of the run as a whole (blocks, seed, guest, scratch disks) is taken over from the run's own; what it
sweeps is narrowed to the cell's values. `pvbench plan` of it has this one cell, with this id; but for tunables that
mean nothing for its device, which no matrix may ask for by themselves.
"""

import json
import re
import shlex
from collections.abc import Sequence
from fractions import Fraction
from pathlib import PurePath

from pvbench.errors import MatrixError
from pvbench.matrix import OWN_MEMORY
from pvbench.matrix.driver_builds import name_of
from pvbench.model import AS_FOUND, BUILTIN_GUEST, STOCK, Cell, Placement, Scalar, driver_builds
from pvbench.printable import clean
from pvbench.store import Manifest
from pvbench.tunables import TUNABLES
from pvbench.workloads import WORKLOADS
from pvbench.yaml_schema import Node, Quantity, RateOrUnlimited, Shape, Swept, Table, parse
from pvbench.yaml_schema import Scalar as Word
from pvbench.yaml_schema import Sequence as Items

MOST_CELLS = 240
"""Past so many cells a page says how a matrix is narrowed, and does not repeat it for each."""
TAKEN_OVER = ("blocks", "runs_per_boot", "boots_per_deployment", "twins", "traces", "order", "seed", "settle")
_PLAIN = re.compile(r"[A-Za-z_/][\w./+-]*|\d+(?:\.\d+)?(?:[A-Za-z%][\w/]*)?")
_OTHERWISE = re.compile(r"y|n|yes|no|on|off|true|false|null|none|\d+(?:e\d+|_\d*)?", re.IGNORECASE)


class Narrowed:
    """The matrix of a run, read once, and narrowed to one of its cells as often as needed."""

    def __init__(self, manifest: Manifest) -> None:
        """Read the run's matrix; what it says that this pvbench does not understand is left out."""
        self._manifest = manifest
        try:
            root = parse(manifest.matrix_text, name="matrix", error=MatrixError)
        except MatrixError:
            root = None
        self._root = root if isinstance(root, Table) else None
        self._devices = list(dict.fromkeys(spec.cell.device for spec in manifest.plan))

    def block(self, cell: Cell) -> str:
        """Return the commands that measure a cell again; "" for a tool that this pvbench does not know."""
        if cell.workload.tool not in WORKLOADS:
            return ""
        name, manifest = f"cell-{cell.id}.yaml", self._manifest
        versions = [f"pvbench {manifest.tool_version}"]
        versions += [f"{host.hypervisor}, {host.kernel}" for host in manifest.hosts if host.name == cell.host]
        beside = [device for device in self._devices if device != cell.device]
        others = []
        if cell.placement is Placement.COEXIST and beside:
            held = clean(", ".join(beside))
            others.append(f"# The guest of the run held {held} beside it; `devices` and `workloads` may add them.")
        made = [f"# {clean(', '.join(versions))}; run {clean(manifest.run_id)}", f"cat > {name} <<'END'"]
        return "\n".join(
            [*made, *others, *self.lines(cell), "END", shlex.join(["pvbench", "run", *self._options(), name])]
        )

    def lines(self, cell: Cell) -> list[str]:
        """Return the matrix of this one cell."""
        arm = cell.arm
        acting = {name for name, _ in arm.tunables if name in TUNABLES and TUNABLES[name].acts_on(arm.device)}
        tunables = {name: _value(value) for name, value in arm.tunables if name in acting}
        idle = [name for name, _ in arm.tunables if name not in acting]
        return [
            *([f"# Left out, because it means nothing for {arm.device}: {', '.join(idle)}."] if idle else []),
            "schema: 1",
            f"hosts: [{_text(arm.host)}]",
            *([f"stacks: [{_text(arm.stack_name)}]"] if arm.stack != AS_FOUND else []),
            f"devices: {{{arm.kind.value}: [{_text(arm.device)}]}}",
            f"placement: {arm.placement.value}",
            f"workloads: [{{{cell.workload.tool}: {_flow(_params(cell))}}}]",
            *([f"tunables: {_flow(tunables)}"] if tunables else []),
            *self._builds("frontends", arm.frontends),
            *self._builds("backends", arm.backends),
            *self._guest(cell),
            *self._as_it_was("scratch"),
            f"run: {_flow(self._run())}",
        ]

    def _run(self) -> dict[str, str]:
        said = self._root.get("run") if self._root else None
        values = {
            key: _node(value) for key in TAKEN_OVER if isinstance(said, Table) and (value := said.get(key)) is not None
        }
        return {"blocks": str(self._manifest.blocks), "seed": str(self._manifest.seed), **values}

    def _guest(self, cell: Cell) -> list[str]:
        said = self._root.get("guest") if self._root else None
        values = {key.text: _node(value) for key, value in said.entries} if isinstance(said, Table) else {}
        if isinstance(said, Table) and (image := said.get("image")) is not None:
            named = {_image_name(each): each for each in (image.items if isinstance(image, Items) else (image,))}
            if cell.arm.guest in named:
                values["image"] = _node(named[cell.arm.guest])
            if set(named) != {BUILTIN_GUEST}:  # beside which the builtin guest has more memory than alone
                values.setdefault("memory", f"{OWN_MEMORY >> 20}MiB")
        if "mode" in values or cell.arm.mode.value != "hvm":
            values["mode"] = cell.arm.mode.value
        return [f"guest: {_flow(values)}"] if values else []

    def _as_it_was(self, key: str) -> list[str]:
        value = self._root.get(key) if self._root else None
        return [f"{key}: {_node(value)}"] if value is not None else []

    def _builds(self, side: str, value: str) -> list[str]:
        """Return the build of drivers of that name, as the run's matrix says it; paths begin where that lies."""
        if value == STOCK:
            return []
        said, wanted = self._root.get(side) if self._root else None, driver_builds.in_words(value)
        every = said.items if isinstance(said, Items) else (said,)
        named = [each for each in every if isinstance(each, Table) and name_of(_words(each)) == wanted]
        return [f"{side}: [{_node(each)}]" for each in named]

    def _options(self) -> Sequence[str]:
        command = [clean(word) for word in self._manifest.command]
        places = [at for at, word in enumerate(command[:-1]) if word == "--hosts"]
        return command[places[0] : places[0] + 2] if places else ()


def _image_name(node: Node) -> str:
    """Return what a guest is called whose image a matrix names so."""
    if isinstance(node, Table):
        node = next((value for key, value in node.entries if key.text in ("path", "on_host")), node)
    return PurePath(node.text).name if isinstance(node, Word) else ""


def _params(cell: Cell) -> dict[str, str]:
    fields = WORKLOADS[cell.workload.tool].grammar.shape.fields
    return {
        name: _written(fields[name].shape if name in fields else None, value) for name, value in cell.workload.params
    }


def _written(shape: Shape | None, value: Scalar) -> str:
    """Return a parameter as its grammar reads it: with a unit where it has one."""
    if isinstance(shape, Swept):
        shape = shape.item
    if isinstance(shape, RateOrUnlimited) and value == 0:
        return "unlimited"
    if isinstance(shape, RateOrUnlimited):
        shape = shape.rate
    if isinstance(shape, Quantity) and isinstance(value, int | float) and not isinstance(value, bool):
        return shape.spelt(Fraction(str(value)))
    return _value(value)


def _value(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else _text(value) if isinstance(value, str) else str(value)


def _text(text: str) -> str:
    """Return a text as YAML takes it for one, on one line whatever is in it."""
    return text if _PLAIN.fullmatch(text) and not _OTHERWISE.fullmatch(text) else json.dumps(text)


def _flow(pairs: dict[str, str]) -> str:
    return "{" + ", ".join(f"{_text(name)}: {value}" for name, value in pairs.items()) + "}"


def _node(node: Node) -> str:
    """Return what a matrix says, on one line."""
    if isinstance(node, Table):
        return _flow({key.text: _node(value) for key, value in node.entries})
    if isinstance(node, Items):
        return f"[{', '.join(map(_node, node.items))}]"
    assert isinstance(node, Word)  # noqa: S101  there is no other node
    return node.text if node.tag != "str" and _PLAIN.fullmatch(node.text) else _text(node.text)


def _words(table: Table) -> dict[str, object]:
    said = {key.text: value for key, value in table.entries}
    words: dict[str, object] = {key: value.text for key, value in said.items() if isinstance(value, Word)}
    patches = said.get("patches")
    return (
        words | {"patches": [each.text for each in patches.items if isinstance(each, Word)]}
        if isinstance(patches, Items)
        else words
    )
