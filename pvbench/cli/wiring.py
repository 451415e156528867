"""The real edges, made when a verb needs them: connections, hypervisors, the lab, the guest."""

import getpass
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TYPE_CHECKING

from pvbench.cli import arguments
from pvbench.cli.app import App
from pvbench.errors import InventoryError
from pvbench.lab.flavours import BY_HOST
from pvbench.terminal.steps import steps

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pvbench.checkup import Checkup
    from pvbench.guest import GuestImage, HostDrivers
    from pvbench.hypervisor import HostCheck, Hypervisor
    from pvbench.inventory import Host, Inventory
    from pvbench.lab.argv import LabSpec
    from pvbench.lab.flavours import Flavour
    from pvbench.lab.machine import Machine
    from pvbench.lease import Lease
    from pvbench.matrix import Matrix
    from pvbench.model import OwnGuest
    from pvbench.ssh import Ask, Step
    from pvbench.ssh.contacts import Contact
    from pvbench.stack.reach import Reach
    from pvbench.transport import Transport


def connect(app: App, host: "Host", inventory: "Inventory") -> "AbstractContextManager[Transport]":
    """Reach a host, as hosts.yaml and ~/.ssh/config say."""
    if app.edges.connect is not None:
        return app.edges.connect(host, inventory)
    from pvbench import ssh

    return ssh.connect(*way(app, host, inventory))


def way(app: App, host: "Host", inventory: "Inventory") -> "tuple[Step, ...]":
    """Return the machines on the way to a host, outermost first, the host itself last. Contacts nothing."""
    from pvbench import ssh

    if host.complete:
        return (ssh.direct(host),)
    here = ssh.local(app.edges.home, app.edges.environment)
    return ssh.route(host, inventory.hosts, arguments.configuration(app), here)


def hypervisor(
    app: App,
    transport: "Transport",
    host: "Host",
    guest: "GuestImage | None" = None,
    drivers: "HostDrivers | None" = None,
    own: "Sequence[OwnGuest]" = (),
) -> "Hypervisor":
    """Return what drives the host; without a guest image it can be asked, and boots nothing."""
    from pvbench.cli.hypervisors import HYPERVISORS, Means
    from pvbench.guest import BootDisk, GuestImage, Login
    from pvbench.terminal.transfers import watch

    guest = guest or GuestImage("none", "", BootDisk("", ""), Login(""))
    if app.edges.hypervisor is not None:
        return app.edges.hypervisor(transport, host, guest, app.edges.clock)
    return HYPERVISORS[host.hypervisor](
        Means(
            transport,
            host,
            guest,
            app.edges.clock,
            app.voice.warn,
            swapped=app.swapped,
            drivers=drivers,
            own={each.name: each for each in own},
            watch=watch(app.voice),
        )
    )


def check_devices(matrix: "Matrix", file: str) -> None:
    """Raise MatrixError for a guest that a hypervisor's lints refuse. Contacts nothing."""
    from pvbench.campaign.guests import guests_of
    from pvbench.cli.hypervisors import LINTS
    from pvbench.errors import MatrixError

    for spec in guests_of(matrix):
        for lints in LINTS.values():
            for finding in lints(spec):
                raise MatrixError(f"a guest with {', '.join(spec.devices)} is refused by {finding}", place=file)


def checkup_here(app: App) -> "Checkup":
    """Check whether this machine can build and run the lab."""
    from pvbench.lab.fitness import fitness

    running = [name for name, flavour in BY_HOST.items() if machine(app, flavour).status().running]
    return fitness(cache_folder(), running=running)


def check_of(app: App, name: str, inventory: "Inventory") -> "HostCheck":
    """Check whether a host can run guests. Raises TransportError or DeployError when it cannot even be asked."""
    host, inventory = resolve_running(app, name, inventory)
    with connect(app, host, inventory) as transport:
        return hypervisor(app, transport, host).check()


def contacts(app: App, name: str, inventory: "Inventory") -> "tuple[Contact, ...]":
    """Return the machines on the way to a host, outermost first, the host last. Raises InventoryError."""
    from pvbench import ssh
    from pvbench.inventory import Host
    from pvbench.ssh import contacts

    try:
        host, inventory = resolve_running(app, name, inventory)
    except InventoryError:
        host = Host(name, address=name)  # no line names it, but as for ssh itself a name may be an address
    defaults: Ask | None = None
    with suppress(ssh.NotThere):
        defaults = ssh.asker(app.edges.home, app.edges.environment, without_configuration=True)
    return contacts.contacts(way(app, host, inventory), inventory, defaults)


@contextmanager
def leased(
    app: App, host: "Host", inventory: "Inventory", purpose: str, token: str | None = None
) -> "Iterator[tuple[Transport, Lease]]":
    """Reach a host and hold it, with what a dead controller left removed, and in the end what a dead program left.

    A program on the host that was killed undoes nothing; what it made is removed while the host is reached and ours.
    """
    from pvbench import lease
    from pvbench.errors import PvbenchError

    def sweep(who: str) -> None:
        for finding in lease.clean(transport, host, remove=True):
            if finding.why is not None:
                app.voice.detail(f"{host.name}: left alone {finding.kind} {finding.name}: {finding.why}")
                continue
            done = "removed" if finding.removed else "could not remove"
            app.note(f"{host.name}: {done} {finding.kind} {finding.name}, left by {who}")

    with connect(app, host, inventory) as transport, lease.held(transport, host, owner(purpose), token) as held:
        sweep("an earlier run")
        try:
            yield transport, held
        finally:
            with suppress(PvbenchError):
                held.check()
                sweep("a program that died")


def reaching(app: App, name: str, inventory: "Inventory", purpose: str, tell: "Callable[[str], None]") -> "Reach":
    """Return how a host that a stack is deployed onto is reached, and reached again after each reboot."""
    from pvbench.stack.reach import Reach

    host, inventory = resolve_running(app, name, inventory)
    token = secrets.token_hex(16)

    @contextmanager
    def hold() -> "Iterator[Transport]":
        with leased(app, host, inventory, purpose, token) as (transport, _lease):
            yield transport

    def begin() -> None:
        app.resume = f"pvbench stack rollback {host.name} puts back what was changed"

    def undone() -> None:
        app.resume = None

    return Reach(
        host=host,
        hold=hold,
        connect=lambda: connect(app, host, inventory),
        clock=app.edges.clock,
        tell=tell,
        begin=begin,
        cache=cache_folder(),
        mirror=app.mirror,
        undone=undone,
    )


def own_lab(app: App, host: "Host") -> "Machine | None":
    """Return this checkout's lab if that is what a host is; another machine may be called so in hosts.yaml."""
    from pvbench.errors import LabError

    if host.name not in BY_HOST:
        return None
    lab = machine(app, BY_HOST[host.name])
    try:
        return lab if lab.host() == host else None
    except LabError:
        return None


def machine(app: App, flavour: "Flavour", spec: "LabSpec | None" = None) -> "Machine":
    """Return this checkout's lab of a flavour, of the usual size where none is given."""
    from pvbench.lab.argv import LabSpec
    from pvbench.lab.machine import Machine, default_name

    spec = spec or LabSpec(flavour=flavour)
    if app.edges.machine is not None:
        return app.edges.machine(spec, app.edges.clock)
    return Machine(cache_folder(), default_name(), spec, app.edges.clock, app.mirror)


def cache_folder() -> "Path":
    """Return where images, guests and labs are kept. Raises ImageError where somebody else could change them."""
    from platformdirs import user_cache_path

    from pvbench.images.cache import trusted

    return trusted(user_cache_path("pvbench"))


def guest_image(app: App) -> "GuestImage":
    """Return the builtin guest, built if it is not there yet; no lab is needed for that."""
    with steps(app.voice, "building the guest; once, about a minute") as report:
        if app.edges.guest_image is not None:
            return app.edges.guest_image(report)
        from pvbench.guest import builtin

        return builtin.build(cache_folder(), report, app.mirror)


def resolve(app: App, names: tuple[str, ...], inventory: "Inventory") -> "tuple[dict[str, Host], Inventory]":
    """Return the hosts by name; a lab that is among them, and not in hosts.yaml, is brought up."""
    for name in dict.fromkeys(name for name in names if name in BY_HOST and name not in inventory.hosts):
        with steps(app.voice, f"bringing {_called(name)} up") as report:
            inventory = inventory.plus(machine(app, BY_HOST[name]).up(report))
    return {name: arguments.host(name, inventory, app) for name in names}, inventory


def resolve_running(app: App, name: str, inventory: "Inventory") -> "tuple[Host, Inventory]":
    """Return one host; a lab only if it is up. Raises LabError with the command that brings it up."""
    if name in BY_HOST and name not in inventory.hosts:
        inventory = inventory.plus(machine(app, BY_HOST[name]).host())
    return arguments.host(name, inventory, app), inventory


def _called(name: str) -> str:
    """Return a lab's name in a sentence."""
    return "the lab" if name == "lab" else name


def owner(purpose: str) -> str:
    """Return who we are and what for, as a lease says it to another controller."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return f"{user}@{os.uname().nodename}, process {os.getpid()}, {purpose}"
