"""stack verify: every part of the PV stack in use, proved from a guest that is booted for it and from its host."""

import os
from pathlib import Path

import click

from pvbench.cli import arguments
from pvbench.cli.app import App, json_option, mirror_option, pass_app, verb
from pvbench.cli.matrices import hosts_option
from pvbench.exit_codes import ExitCode
from pvbench.terminal.streams import print_json

DEVICES = ("netfront", "blkfront")
MEMORY_BYTES, SCRATCH_BYTES = 256 << 20, 64 << 20


@verb(short_help="Prove, from guest and host, every part of the PV stack in use.")
@click.argument("host")
@click.option(
    "--mode",
    type=click.Choice(["hvm", "pvh", "pv"]),
    default="hvm",
    show_default=True,
    help="How the guest is run.",
)
@hosts_option
@mirror_option
@json_option
@pass_app
def verify(app: App, host: str, mode: str, hosts_file: Path | None, as_json: bool) -> int:
    """Boot a guest with a PV NIC and a PV disk on HOST and print what it, and its host, have in use.

    Says what is missing, or dear, and what mends it. Exit code 4 where something keeps PV devices from being used.
    """
    from pvbench.cli import wiring
    from pvbench.hypervisor import GuestSpec
    from pvbench.model import GuestMode, Placement
    from pvbench.terminal.interrupts import orderly
    from pvbench.views.verify import Verified, merged
    from pvbench.wording import label

    name = f"verify-{os.getpid()}"
    spec = GuestSpec(name, DEVICES, Placement.ISOLATED, MEMORY_BYTES, 1, SCRATCH_BYTES, mode=GuestMode(mode))
    known = arguments.inventory(hosts_file)
    guest_image = wiring.guest_image(app)
    hosts, known = wiring.resolve(app, (host,), known)
    with orderly(app.voice), wiring.leased(app, hosts[host], known, "stack verify") as (transport, lease):
        hypervisor = wiring.hypervisor(app, transport, hosts[host], guest_image)
        app.note(f"{host}: booting a guest ({mode}) with {', '.join(DEVICES)}")
        with hypervisor.setup(spec.scratch_bytes, spec.devices, (spec.mode,)), hypervisor.boot(spec) as guest:
            found = merged([guest.in_use(device) for device in spec.devices])
            verified = Verified(host, spec.devices, found, guest.boot_seconds, label((hypervisor.facts(),)))
        lease.check()
    if as_json:
        print_json(verified.as_data())
    else:
        print(verified.render(), end="")
    return ExitCode.DONE if verified.in_use else ExitCode.INFRASTRUCTURE
