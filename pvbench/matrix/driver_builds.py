"""`frontends:` and `backends:` of a matrix: the kernel's own drivers, or built of a source; files read where named."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pvbench import driver_source
from pvbench.drivers import DRIVERS
from pvbench.factors import FACTORS
from pvbench.matrix.nouns import Matrix
from pvbench.model import STOCK, Contrast, DriverSource
from pvbench.yaml_schema import Choice, Field, Flag, Keyed, Listed, Node, Scalar, Swept, Text, at, at_key
from pvbench.yaml_schema import Sequence as Items

SIDES = ("frontends", "backends")
DISTRO = "distro"
_PATH = Text(
    "path", r"[^\s].*", "a path on this machine; a relative one begins at the folder of this file", longest=1000
)
_NAME = Text(
    "name of a build", r"[^\s].{0,58}[^\s]|[^\s]", "up to 60 characters", longest=60, refused=frozenset({STOCK})
)
_BUILD = Keyed(
    "a build of drivers",
    {
        "source": Field(
            _PATH,
            "`distro`: the kernel's own source package; or a kernel tree, its archive, or a folder with drivers alone.",
            required=True,
        ),
        "patches": Field(Listed(_PATH, "[fix.patch]"), "Applied in this order by `patch -p1`, paths as in a kernel."),
        "any_version": Field(
            Flag(), "true: build a folder that is of another version than the kernel.", default="false"
        ),
        "name": Field(_NAME, "What tables and reports call it; left out: its source and patches."),
    },
)
Wanted = Mapping[str, Any]


@dataclass(frozen=True)
class _StockOrBuild:
    """`stock`, which is None, or what drivers are built of."""

    def read(self, node: Node) -> Wanted | None:
        if isinstance(node, Scalar):
            Choice("build of drivers", (STOCK,)).read(node)
            return None
        return _BUILD.read(node)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [{"const": STOCK}, _BUILD.schema()]}


BUILDS = Swept(_StockOrBuild())


def sources(wanted: Sequence[Wanted | None], root: Node, side: str, folder: Path) -> tuple[DriverSource | None, ...]:
    """Return the builds of a side, None for stock, their files read; relative paths begin at the folder.

    Raises MatrixError for a file that is not there, a folder without drivers, and two builds of one name.
    """
    found: list[DriverSource | None] = []
    for number, each in enumerate(wanted):
        place = _item(root, side, number)
        found.append(None if each is None else _source(each, place, folder))
        names = [build.name for build in found[:-1] if build]
        if (made := found[-1]) and made.name in names:
            raise place.problem(f"two builds are called '{made.name}'; give one of them another `name:`")
    return tuple(found)


def values(builds: Sequence[DriverSource | None]) -> tuple[str, ...]:
    """Return the values of the factor."""
    return tuple(STOCK if build is None else build.value for build in builds)


def with_values(
    contrasts: Sequence[Contrast], builds: Mapping[str, Sequence[DriverSource | None]]
) -> tuple[Contrast, ...]:
    """Return comparisons whose baseline, where it is a build, is no more its name but its value."""
    named = {(side, build.name): build.value for side, own in builds.items() for build in own if build}
    return tuple(
        Contrast(each.factor, named.get((each.factor, str(each.baseline)), each.baseline), each.margin)
        for each in contrasts
    )


def check_builds(matrix: Matrix, root: Node) -> None:
    """Raise MatrixError for builds of drivers that none of the devices has."""
    for side, builds in (("frontends", matrix.frontends), ("backends", matrix.backends)):
        if not any(builds):
            continue
        able = [name for name, row in DRIVERS.items() if side in row.built]
        there = [device for devices in matrix.devices.values() for device in devices]
        if not set(able) & set(there):
            raise at_key(root, side).problem(
                f"{FACTORS[side].title} mean nothing for {', '.join(there)}; only for {', '.join(able)}"
            )


def _source(wanted: Wanted, place: Node, folder: Path) -> DriverSource:
    patches = []
    for number, word in enumerate(wanted["patches"] or ()):
        patch = folder / Path(word).expanduser()
        if not patch.is_file():
            raise at(place, "patches", number).problem(f"there is no patch {patch}")
        patches.append(patch.resolve())
    path: Path | None = None
    if wanted["source"] != DISTRO:
        path = (folder / Path(wanted["source"]).expanduser()).resolve()
        if not path.exists():
            raise at(place, "source").problem(f"there is no source {path}; `{DISTRO}` is the kernel's own")
        if not driver_source.is_archive(path) and not driver_source.files_of(path):
            raise at(place, "source").problem(
                f"{path} has no driver: {driver_source.KNOWN}, in a kernel's places or by themselves"
            )
    try:
        read = driver_source.read(wanted["name"] or _called(path, patches), path, patches)
    except OSError as error:
        raise place.problem(f"cannot read {error.filename}: {error.strerror}") from error
    return replace(read, any_version=wanted["any_version"])


def name_of(wanted: Wanted) -> str:
    """Return what a build is called, as a matrix says it."""
    path = None if wanted["source"] == DISTRO else Path(wanted["source"])
    return wanted.get("name") or _called(path, [Path(patch) for patch in wanted.get("patches") or ()])


def _called(path: Path | None, patches: Sequence[Path]) -> str:
    """Return what a build is called that has no name of its own."""
    patched = f"patched: {', '.join(patch.name for patch in patches)}" if patches else ""
    if path is None:
        return patched or "rebuilt (distro source)"
    return f"{path.name} {patched}".strip()


def _item(root: Node, side: str, number: int) -> Node:
    """Return the place of a build: an item of a list, or the one there is."""
    node = at(root, side)
    return node.items[number] if isinstance(node, Items) else node
