"""lab: the embedded Xen host: build it, bring it up, look at it, log in, end it, free its cache."""

from dataclasses import asdict

import click

from pvbench.cli.app import App, Group, json_option, mirror_option, pass_app
from pvbench.errors import UsageError
from pvbench.terminal.streams import print_json

disk_option = click.option("--disk", default="8GiB", show_default=True, help="The size of its disk.")


@click.group(cls=Group, short_help="The embedded Xen host: build, up, down, status, ssh, rm.")
def lab() -> None:
    """The embedded lab: a real Xen host inside QEMU, reached by SSH like any other."""


@lab.command()
@disk_option
@mirror_option
@pass_app
def build(app: App, disk: str) -> None:
    """Build the lab's image and the guest; minutes, once. Prints where the image is."""
    from pvbench.cli import wiring
    from pvbench.lab import build as build_image
    from pvbench.terminal.steps import steps

    gib = _whole(disk, "--disk", 1 << 30)
    with steps(app.voice, "building the lab's image and the guest") as report:
        image = build_image(wiring.cache_folder(), report, gib, app.mirror)
    print(image.path)
    app.note("next: pvbench lab up")


@lab.command()
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
@mirror_option
@json_option
@pass_app
def up(app: App, memory: str, vcpus: int, disk: str, accelerator: str, as_json: bool) -> None:
    """Bring the lab up, building it if need be; print how it is reached."""
    from pvbench.cli import wiring
    from pvbench.lab import LabSpec
    from pvbench.terminal.steps import steps
    from pvbench.views import lab as views

    spec = LabSpec(
        memory_mib=_whole(memory, "--memory", 1 << 20), vcpus=vcpus, disk_gib=_whole(disk, "--disk", 1 << 30)
    )
    machine = wiring.machine(app, spec)
    was_up = machine.status().running
    with steps(app.voice, "bringing the lab up") as report:
        host = machine.up(report, accelerator)
    status = machine.status()
    if was_up:
        app.note(f"the lab is up since {status.since}; size and accelerator are what it was started with")
    if as_json:
        print_json(asdict(host))
    else:
        print(views.up(host, status), end="")
    app.note("next: pvbench run MATRIX   (a matrix with `hosts: [lab]` needs no hosts file)")


@lab.command()
@pass_app
def down(app: App) -> None:
    """End what `lab up` started, and nothing else."""
    from pvbench.cli import wiring

    app.note("the lab is down" if wiring.machine(app).down() else "the lab was not up")


@lab.command()
@json_option
@pass_app
def status(app: App, as_json: bool) -> None:
    """Say what runs, since when, and how much memory and disk it holds."""
    from pvbench.cli import wiring
    from pvbench.views import lab as views

    there = wiring.machine(app).status()
    if as_json:
        print_json(asdict(there))
    else:
        print(views.state(there), end="")


@lab.command()
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@pass_app
def ssh(app: App, command: tuple[str, ...]) -> int:
    """Log in to dom0 of the lab, or run COMMAND there; put -- before a command with options."""
    from pvbench.cli import wiring
    from pvbench.inventory import Inventory
    from pvbench.terminal.handover import hand_over, need_terminal

    if not command:
        need_terminal()
    host = wiring.machine(app).host()
    with wiring.connect(app, host, Inventory()) as transport:
        return hand_over(transport, command, app.edges.environment)


@lab.command()
@click.option("--keep-images", is_flag=True, help="Keep the images and the guest.")
@pass_app
def rm(app: App, keep_images: bool) -> None:
    """End the lab and free its cache; images and guests that other labs of yours stand on are kept."""
    from pvbench import figures as fmt
    from pvbench.cli import wiring

    freed = wiring.machine(app).remove(images=not keep_images)
    app.note(f"freed {fmt.size(freed)}")


def _whole(text: str, option: str, unit: int) -> int:
    """Return a size with its unit as a whole number of `unit` bytes. Raises UsageError."""
    from pvbench.yaml_schema import SIZE, parse

    root = parse(text, name=option, error=UsageError)
    size = SIZE.between("1GiB", "1TiB", "1GiB" if unit == 1 << 30 else "1MiB").read(root)
    return int(size) // unit
