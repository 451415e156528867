"""observe: which half of its devices a running guest uses, whoever's it is; nothing is changed."""

from pathlib import Path

import click

from pvbench.cli import arguments
from pvbench.cli.app import App, json_option, pass_app, verb
from pvbench.cli.matrices import hosts_option
from pvbench.cli.pilot import Quantity
from pvbench.errors import UsageError
from pvbench.exit_codes import ExitCode
from pvbench.terminal.streams import print_json

LONGEST_S, LEAST_S = 600.0, 2.0


@verb(short_help="Say which half of its devices a running guest uses.")
@click.argument("host")
@click.argument("domain")
@click.option(
    "--for",
    "seconds",
    type=Quantity("time"),
    default="7s",
    show_default=True,
    help="How long it takes in all, connecting too; at most 10min.",
)
@hosts_option
@json_option
@pass_app
def observe(app: App, host: str, domain: str, seconds: float, hosts_file: Path | None, as_json: bool) -> int:
    """Watch DOMAIN, a name or a number, on HOST for a few seconds: which NIC and which disk carry its traffic.

    Any running guest will do, ours or not; it is not logged in to. Nothing on the host is changed, and no run there is
    disturbed: a program is handed over the connection, asked, and gone. Watch while there is traffic: it is the proof.
    """
    from pvbench.cli import wiring
    from pvbench.model import Platform
    from pvbench.reports.host_words import HOST_WORDS, NEUTRAL
    from pvbench.views.observe import as_data, render

    if seconds > LONGEST_S:
        raise UsageError(f"--for {seconds:g}s is longer than 10min", hint="a minute tells as much")
    deadline = app.edges.clock.monotonic() + seconds
    machine, known = wiring.resolve_running(app, host, arguments.inventory(hosts_file))
    with wiring.connect(app, machine, known) as transport:
        app.note(f"{host}: watching {domain}")
        left_s = deadline - app.edges.clock.monotonic()
        seen = wiring.hypervisor(app, transport, machine).observe(domain, max(left_s, min(seconds, LEAST_S)))
    if as_json:
        print_json(as_data(seen))
    else:
        print(render(seen, HOST_WORDS.get(Platform(machine.hypervisor), NEUTRAL)), end="")
    return ExitCode.DONE
