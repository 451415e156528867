"""lab: the embedded hosts: build one, bring it up, look at it, log in, end it, free its cache."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from pvbench.cli.app import App, Group, json_option, mirror_option, pass_app
from pvbench.errors import UsageError
from pvbench.lab.flavours import FLAVOURS, USUAL
from pvbench.terminal.streams import print_json

if TYPE_CHECKING:
    from pvbench.lab.machine import Machine

disk_option = click.option("--disk", default="8GiB", show_default=True, help="The size of its disk.")
_KINDS = "; ".join(f"{flavour.name}: {flavour.release}" for flavour in FLAVOURS.values())
flavour_option = click.option(
    "--flavour", type=click.Choice(list(FLAVOURS)), default=USUAL.name, show_default=True, help=f"Which lab. {_KINDS}."
)


@click.group(cls=Group, short_help="The embedded hosts, with Xen or to put Xen onto: build, up, down, status, ssh, rm.")
def lab() -> None:
    """The embedded labs: real hosts inside QEMU, with Xen or to put Xen onto, reached by SSH like any other."""


@lab.command()
@flavour_option
@disk_option
@mirror_option
@pass_app
def build(app: App, flavour: str, disk: str) -> None:
    """Build a lab's image and the guest; minutes, once. Prints where the image is."""
    from pvbench.cli import wiring
    from pvbench.lab.image import build as build_image
    from pvbench.terminal.steps import steps

    gib = _whole(disk, "--disk", 1 << 30)
    with steps(app.voice, "building the lab's image and the guest") as report:
        image = build_image(wiring.cache_folder(), report, FLAVOURS[flavour], gib, app.mirror)
    print(image.path)
    app.note(f"next: {FLAVOURS[flavour].command('up')}")


@lab.command()
@flavour_option
@click.option("--memory", default="4GiB", show_default=True, help="The memory it holds.")
@click.option("--vcpus", type=click.IntRange(1, 64), default=2, show_default=True, help="Its virtual CPUs.")
@disk_option
@click.option(
    "--accelerator",
    type=click.Choice(["auto", "kvm", "tcg"]),
    default="auto",
    show_default=True,
    help="What runs it; auto tries KVM by booting something.",
)
@click.option("--fresh", is_flag=True, help="Throw away what was written to its disk, and begin from the image.")
@mirror_option
@json_option
@pass_app
def up(
    app: App, *, flavour: str, memory: str, vcpus: int, disk: str, accelerator: str, fresh: bool, as_json: bool
) -> None:
    """Bring a lab up, building it if need be; print how it is reached."""
    from pvbench.cli import wiring
    from pvbench.lab.argv import LabSpec
    from pvbench.terminal.steps import steps
    from pvbench.views import lab as views

    spec = LabSpec(
        memory_mib=_whole(memory, "--memory", 1 << 20),
        vcpus=vcpus,
        disk_gib=_whole(disk, "--disk", 1 << 30),
        flavour=FLAVOURS[flavour],
    )
    machine = wiring.machine(app, spec.flavour, spec)
    before = machine.status().pid
    with steps(app.voice, "bringing the lab up") as report:
        host = machine.up(report, accelerator, fresh=fresh)
    status = machine.status()
    if before is not None and before == status.pid:
        app.note(f"the lab is up since {status.since}; size and accelerator are what it was started with")
    if as_json:
        print_json(asdict(host))
    else:
        print(views.up(host, status), end="")
    if spec.flavour.own_disk:
        app.note(
            f"next: {spec.flavour.command('ssh')}   (it is {host.name} wherever a host is named, without a hosts file)"
        )
    else:
        app.note(f"next: pvbench run MATRIX   (a matrix with `hosts: [{host.name}]` needs no hosts file)")


@lab.command()
@flavour_option
@click.option("--all", "everything", is_flag=True, help="Every lab of this checkout.")
@pass_app
def down(app: App, flavour: str, everything: bool) -> None:
    """End what `lab up` started, and nothing else."""
    for name, machine in _machines(app).items():
        if machine.exists and everything:
            app.note(f"{name}: down" if machine.down() else f"{name}: was not up")
        elif name == flavour and not everything:
            app.note("the lab is down" if machine.down() else "the lab was not up")


@lab.command()
@click.option("--flavour", type=click.Choice(list(FLAVOURS)), help="Which lab; without it all that there are.")
@json_option
@pass_app
def status(app: App, flavour: str | None, as_json: bool) -> None:
    """Say what runs, since when, and how much memory and disk it holds.

    As JSON the lab named, or the usual one; without --flavour the others that there are follow under "others".
    """
    from pvbench.views import lab as views

    machines = _machines(app)
    first = machines.pop(flavour or USUAL.name)
    others = [] if flavour else [machine.status() for machine in machines.values() if machine.exists]
    if as_json:
        print_json(asdict(first.status()) | ({} if flavour else {"others": [asdict(other) for other in others]}))
        return
    shown = [first.status()] if flavour or first.exists or not others else []
    print("\n".join(views.state(status) for status in (*shown, *others)), end="")


@lab.command()
@flavour_option
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@pass_app
def ssh(app: App, flavour: str, command: tuple[str, ...]) -> int:
    """Log in to the lab (its dom0), or run COMMAND there; put -- before a command with options."""
    from pvbench.cli import wiring
    from pvbench.inventory import Inventory
    from pvbench.terminal.handover import hand_over, need_terminal

    if not command:
        need_terminal()
    host = wiring.machine(app, FLAVOURS[flavour]).host()
    with wiring.connect(app, host, Inventory()) as transport:
        return hand_over(transport, command, app.edges.environment)


@lab.command()
@flavour_option
@click.option("--keep-images", is_flag=True, help="Keep the images and the guest.")
@pass_app
def rm(app: App, flavour: str, keep_images: bool) -> None:
    """End the lab and free its cache; what other labs of yours stand on, and other flavours' images, are kept."""
    from pvbench import figures as fmt
    from pvbench.cli import wiring

    freed = wiring.machine(app, FLAVOURS[flavour]).remove(images=not keep_images)
    app.note(f"freed {fmt.size(freed)}")


def _machines(app: App) -> "dict[str, Machine]":
    """Return this checkout's labs by their flavour, there or not."""
    from pvbench.cli import wiring

    return {name: wiring.machine(app, flavour) for name, flavour in FLAVOURS.items()}


def _whole(text: str, option: str, unit: int) -> int:
    """Return a size with its unit as a whole number of `unit` bytes. Raises UsageError."""
    from pvbench.yaml_schema import SIZE, parse

    root = parse(text, name=option, error=UsageError)
    size = SIZE.between("1GiB", "1TiB", "1GiB" if unit == 1 << 30 else "1MiB").read(root)
    return int(size) // unit
