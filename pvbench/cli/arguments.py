"""What a person names on the command line: files, hosts and runs."""

from pathlib import Path
from typing import TYPE_CHECKING

from pvbench.cli.app import App
from pvbench.errors import InventoryError, MatrixError, StackFileError, UsageError
from pvbench.lab.flavours import BY_HOST

if TYPE_CHECKING:
    from pvbench.inventory import Host, Inventory
    from pvbench.matrix import Matrix
    from pvbench.ssh import Ask
    from pvbench.stack.grammar import Stacks
    from pvbench.store import Store

HOSTS_FILE, STACKS_FILE, LAST = "hosts.yaml", "stacks.yaml", "last"


def matrix(path: Path) -> "Matrix":
    """Return the matrix of a file; raises MatrixError."""
    from pvbench.matrix import load
    from pvbench.terminal.input import read

    return load(read(path, "matrix", MatrixError), name=str(path), folder=path.parent)


def inventory(chosen: Path | None, beside: Path | None = None) -> "Inventory":
    """Return the hosts of --hosts, else of hosts.yaml beside the matrix, else of the one here, else none."""
    from pvbench.inventory import Inventory, load
    from pvbench.terminal.input import read

    usual = [folder / HOSTS_FILE for folder in (beside.parent if beside else None, Path()) if folder is not None]
    path = chosen or next((file for file in usual if file.is_file()), None)
    return (
        load(read(path, "hosts file", InventoryError), name=str(path))
        if path
        else Inventory(name=f"no {HOSTS_FILE} here")
    )


def stacks(chosen: Path | None) -> "Stacks":
    """Return the stacks of --stacks, else of the stacks.yaml here. Raises StackFileError where there is none."""
    from pvbench.stack.grammar import load
    from pvbench.terminal.input import read

    path = chosen or Path(STACKS_FILE)
    if chosen is None and not path.exists():
        raise StackFileError(
            f"there is no {STACKS_FILE} here",
            hint="begin with examples/stacks.yaml, or name one with --stacks FILE",
        )
    return load(read(path, "stacks file", StackFileError), name=str(path))


def host(name: str, known: "Inventory", app: App) -> "Host":
    """Return a host of the inventory or of ~/.ssh/config; raises InventoryError with the nearest. Not a lab."""
    wanted, others = _look_up(name, known, app)
    return wanted or others.host(name)


def check_hosts(matrix: "Matrix", file: str, known: "Inventory", app: App) -> None:
    """Raise MatrixError, at its place in the matrix's file, for a host that nothing knows; the labs always are."""
    from pvbench.yaml_schema import at, nearest, parse, shown

    for number, name in enumerate(matrix.hosts):
        wanted, others = _look_up(name, known, app) if name not in BY_HOST else (None, None)
        if wanted is None and others is not None:
            near = nearest(name, others.hosts)
            root = parse(matrix.text, name=file, error=MatrixError)
            where = f" in {shown(known.name, 200)}" if known.hosts else f", and {shown(known.name, 200)}"
            raise at(root, "hosts", number).problem(f"no host '{name}'{where}{near}")


def _look_up(name: str, known: "Inventory", app: App) -> "tuple[Host | None, Inventory]":
    """Return the host, if anything knows it, and an inventory of all that is known by name, the labs too."""
    from pvbench.inventory import Host
    from pvbench.ssh.hosts import look_up

    wanted, others = look_up(name, known, app.edges.home, configuration(app))
    return wanted, others if wanted else others.plus(*(Host(lab, address=lab) for lab in BY_HOST))


def configuration(app: App) -> "Ask":
    """Return how the SSH configuration is asked what holds for a name."""
    from pvbench import ssh

    return ssh.configuration(app.edges.home, app.edges.environment, app.note)


def slug(path: Path) -> str:
    """Return a file's name as that of a folder; one that had to be changed ends with a digest, lest two become one."""
    import re

    from pvbench.model import digest

    safe = re.sub(r"[^A-Za-z0-9_-]+", "-", path.stem).strip("-")[:60] or "matrix"
    return safe if safe == path.stem else f"{safe}-{digest(path.stem, 6)}"


def run(results: Path, name: str) -> "Store":
    """Open the run a person means: an id, the beginning of one, a path, or `last`. Raises StoreError."""
    from pvbench.store import Store

    return Store.open(results, run_name(results, name))


def run_name(results: Path, name: str) -> str:
    """Return what the store understands; `last` is the run that began last, whatever its folder is called."""
    if name != LAST or Path(name).is_dir():
        return name
    from pvbench.store import latest

    found = latest(results)
    if found is None:
        raise UsageError(
            f"there is no run under {results / 'runs'}",
            hint="`pvbench run MATRIX` makes one; --results names another folder",
        )
    return str(found)
