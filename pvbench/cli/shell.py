"""shell: the guest of a trial, for a person: how a figure is checked by hand."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pvbench.cli import arguments
from pvbench.cli.app import App, mirror_option, pass_app, verb
from pvbench.cli.matrices import hosts_option
from pvbench.errors import UsageError

if TYPE_CHECKING:
    from pvbench.hypervisor import GuestSpec

USUAL_DEVICES = "e1000,netfront,ide,blkfront"
MEMORY_BYTES, VCPUS, SCRATCH_BYTES = 256 << 20, 1, 256 << 20  # as a matrix that says nothing of them


@verb(short_help="Boot a trial's guest and log in, or run a command.")
@click.argument("host")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@click.option("--devices", default=USUAL_DEVICES, show_default=True, help="The guest's devices.")
@click.option(
    "--placement",
    type=click.Choice(["coexist", "isolated"]),
    default="coexist",
    show_default=True,
    help="Where they are, as in a matrix.",
)
@hosts_option
@mirror_option
@pass_app
def shell(app: App, host: str, command: tuple[str, ...], devices: str, placement: str, hosts_file: Path | None) -> int:
    """Boot the guest on HOST exactly as a trial would, run COMMAND in it or give a shell, and tear it down.

    Put -- before a COMMAND with options: pvbench shell lab -- fio --version. Its exit code is ours.
    """
    from pvbench import wording
    from pvbench.cli import wiring
    from pvbench.terminal.handover import hand_over, need_terminal
    from pvbench.terminal.interrupts import orderly
    from pvbench.views.shell import aims

    spec = _spec(devices, placement)
    if not command:
        need_terminal()
    known = arguments.inventory(hosts_file)
    guest_image = wiring.guest_image(app)
    hosts, known = wiring.resolve(app, (host,), known)
    with orderly(app.voice), wiring.leased(app, hosts[host], known, "shell") as (transport, lease):
        hypervisor = wiring.hypervisor(app, transport, hosts[host], guest_image)
        app.note(f"{host}: booting a guest with {', '.join(spec.devices)}")
        with hypervisor.setup(spec.scratch_bytes, spec.devices), hypervisor.boot(spec) as guest:
            under = wording.under(wording.label((hypervisor.facts(),)))
            app.note(f"{host}: it answers after {guest.boot_seconds:.0f} s{under}")
            for line in aims(guest, spec, host):
                app.note(f"  {line}")
            code = hand_over(guest.transport, command, app.edges.environment)
        lease.check()  # a host that was lost to somebody else meanwhile is said to be
    return code


def _spec(devices: str, placement: str) -> "GuestSpec":
    from pvbench.drivers import DRIVERS
    from pvbench.hypervisor import GuestSpec
    from pvbench.model import Placement
    from pvbench.yaml_schema import nearest

    names = tuple(dict.fromkeys(name.strip() for name in devices.split(",") if name.strip()))
    for name in names:
        if name not in DRIVERS:
            raise UsageError(f"no device '{name}'{nearest(name, DRIVERS)}")
    if not names:
        raise UsageError("--devices names none", hint=f"--devices {USUAL_DEVICES}")
    if placement == Placement.ISOLATED and len(names) > 1:
        raise UsageError(
            f"an isolated guest has one device under test, not {len(names)}",
            hint=f"--placement isolated --devices {names[0]}",
        )
    ordered = tuple(sorted(names, key=list(DRIVERS).index))
    return GuestSpec(f"shell-{os.getpid()}", ordered, Placement(placement), MEMORY_BYTES, VCPUS, SCRATCH_BYTES)
