"""doctor, clean: what a machine can do, what is missing, and what a run left on it."""

from pathlib import Path

import click

from pvbench.cli import arguments
from pvbench.cli.app import App, json_option, pass_app, verb
from pvbench.cli.matrices import hosts_option
from pvbench.errors import UsageError
from pvbench.exit_codes import ExitCode
from pvbench.terminal.streams import print_json


@verb(short_help="Say what is missing here, or on a host.")
@click.argument("host", required=False)
@hosts_option
@click.option("--dry-run", is_flag=True, help="Contact nothing: say how HOST would be reached, and where that is from.")
@click.option(
    "--guest", "image", type=click.Path(path_type=Path), help="A disk image: boot it on HOST and look into it."
)
@click.option(
    "--user", default="root", show_default=True, help="Who logs in to the guest; a cloud image's seed says so."
)
@click.option(
    "--key", type=click.Path(path_type=Path), help="The private key that the guest lets in, if no cloud image."
)
@click.option(
    "--host-key", metavar="KEY", help="The guest's own public key, or its file; left out: as its console shows it."
)
@click.option(
    "--console",
    type=click.Choice(["ttyS0", "hvc0", "none"]),
    default="ttyS0",
    show_default=True,
    help="What the guest's kernel prints on.",
)
@click.option("--on-host", is_flag=True, help="IMAGE lies on HOST, and is read there.")
@json_option
@pass_app
def doctor(
    app: App,
    *,
    host: str | None,
    hosts_file: Path | None,
    dry_run: bool,
    image: Path | None,
    user: str,
    key: Path | None,
    host_key: str | None,
    console: str,
    on_host: bool,
    as_json: bool,
) -> int:
    """Say what is missing and the exact command that mends it: here for the lab, on HOST for guests, in your IMAGE."""
    if dry_run:
        return _reached(app, host, hosts_file, as_json)
    from pvbench.cli import guests, wiring
    from pvbench.views.doctor import as_data, checkup_of, render

    if image is None and (key or host_key):
        raise UsageError(
            "--key and --host-key are a guest's", hint=f"pvbench doctor {host or 'HOST'} --guest IMAGE --key …"
        )
    if image is not None:
        own = guests.own(image, user, key, host_key, on_host=on_host, console=console)
        if host is None:
            raise UsageError("--guest needs a HOST to boot the image on", hint=f"pvbench doctor lab --guest {image}")
        checkup = guests.examined(app, host, own, arguments.inventory(hosts_file))
    elif host is None:
        checkup = wiring.checkup_here(app)
    else:
        checkup = checkup_of(host, wiring.check_of(app, host, arguments.inventory(hosts_file)))
    if as_json:
        print_json(as_data(checkup))
    else:
        print(render(checkup), end="")
    return ExitCode.DONE if checkup.fit else ExitCode.INFRASTRUCTURE


def _reached(app: App, host: str | None, hosts_file: Path | None, as_json: bool) -> int:
    if host is None:
        raise UsageError("--dry-run needs a HOST: this machine itself is not reached by SSH")
    from pvbench.cli import wiring
    from pvbench.views.contacts import as_data, render

    contacts = wiring.contacts(app, host, arguments.inventory(hosts_file))
    if as_json:
        print_json(as_data(contacts))
        return ExitCode.DONE
    print(render(contacts), end="")
    app.note("nothing was contacted")
    return ExitCode.DONE


@verb(short_help="Remove what a dead run left on a host.")
@click.argument("host")
@hosts_option
@click.option("--all", "everything", is_flag=True, help="Also what is kept for the next run: nothing of pvbench stays.")
@click.option("--dry-run", is_flag=True, help="Only list what would be removed.")
@pass_app
def clean(app: App, host: str, hosts_file: Path | None, everything: bool, dry_run: bool) -> int:
    """Remove what a dead controller left on HOST, by the marks of its scratch folder; say what is left alone."""
    from pvbench import lease
    from pvbench.cli import wiring
    from pvbench.views.clean import render

    machine, known = wiring.resolve_running(app, host, arguments.inventory(hosts_file))
    with wiring.connect(app, machine, known) as transport, lease.held(transport, machine, wiring.owner("clean")):
        findings = lease.clean(transport, machine, remove=not dry_run, everything=everything)
    print(render(findings, looked_only=dry_run), end="")
    ours = [finding for finding in findings if finding.why is None]
    if not ours:
        app.note(f"{host}: nothing is left there")
    unremoved = any(not each.removed for each in ours) and not dry_run
    return ExitCode.INFRASTRUCTURE if unremoved else ExitCode.DONE
