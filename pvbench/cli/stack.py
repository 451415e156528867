"""stack: what a host is made of: build, deploy, show, diff, roll back, over stacks.yaml."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pvbench.cli import arguments
from pvbench.cli.app import App, Group, json_option, mirror_option, pass_app
from pvbench.cli.matrices import hosts_option
from pvbench.cli.verify import verify
from pvbench.errors import UsageError
from pvbench.exit_codes import ExitCode
from pvbench.terminal.streams import print_json

if TYPE_CHECKING:
    from pvbench.stack.grammar import Stacks
    from pvbench.stack.manifest import StackManifest
    from pvbench.stack.reach import Reach

stacks_option = click.option(
    "--stacks",
    "stacks_file",
    type=click.Path(path_type=Path),
    help="The stacks file; otherwise stacks.yaml here.",
)
return_within_option = click.option(
    "--return-within",
    default="5m",
    show_default=True,
    help="After so long in the new stack without us, the host goes back to its old kernel by itself.",
)


@click.group(cls=Group, short_help="What a host is made of: build, deploy, show, diff, rollback.")
def stack() -> None:
    """Hypervisor, kernels, backends, device model and tools of a Xen host, as stacks.yaml says them."""


stack.add_command(verify)


@stack.command(short_help="Resolve a stack for a host, and fetch it.")
@click.argument("name")
@click.argument("host")
@stacks_option
@hosts_option
@mirror_option
@json_option
@pass_app
def build(app: App, name: str, host: str, stacks_file: Path | None, hosts_file: Path | None, as_json: bool) -> None:
    """Resolve the stack NAME to exact packages for HOST and fetch them here; nothing is changed on HOST."""
    from pvbench.stack import base
    from pvbench.stack.build import build as resolve
    from pvbench.views import stack as views

    wanted = arguments.stacks(stacks_file).stack(name)
    with _reaching(app, host, hosts_file, f"resolving {name} for {host}") as reach, reach.connect() as transport:
        built = resolve(wanted, base.look(transport), reach.cache, reach.tell, reach.mirror, transport)
    if as_json:
        print_json(built.manifest.as_data())
    else:
        print(views.manifest(built.manifest), end="")
    app.note(f"{len(built.manifest.packages)} packages to install are in {built.folder}")


@stack.command(short_help="Make a host run a stack.")
@click.argument("name")
@click.argument("host")
@stacks_option
@hosts_option
@mirror_option
@click.option("--dry-run", is_flag=True, help="Only list what would be changed.")
@return_within_option
@click.option(
    "--hang-needs-a-hand", is_flag=True, help="Go on where no watchdog of HOST outlives a reboot; a hang then stays."
)
@json_option
@pass_app
def deploy(
    app: App,
    *,
    name: str,
    host: str,
    stacks_file: Path | None,
    hosts_file: Path | None,
    dry_run: bool,
    return_within: str,
    hang_needs_a_hand: bool,
    as_json: bool,
) -> None:
    """Make HOST run the stack NAME: packages, settings, one boot that is kept if it proves to run, modules, bridge."""
    from pvbench.stack import deploy as deployment
    from pvbench.stack.booting import Patience
    from pvbench.views import stack as views
    from pvbench.yaml_schema import DURATION, parse

    within = parse(return_within, name="--return-within", error=UsageError)
    patience = Patience(DURATION.between("1m", "2h").read(within), hang_needs_a_hand)
    wanted = arguments.stacks(stacks_file).stack(name)
    with _reaching(app, host, hosts_file, f"deploying {name} onto {host}") as reach:
        made = deployment.look(wanted, reach) if dry_run else deployment.deploy(wanted, reach, patience)
    if as_json:
        print_json(views.changes_data(made, looked_only=dry_run))
    else:
        print(views.changes(made, looked_only=dry_run), end="")
    if not made:
        app.note(f"{host} runs {name} ({made.manifest.digest}) already: nothing to change")
    elif not dry_run:
        app.note(f"{host} runs {name} ({made.manifest.digest}); next: pvbench doctor {host}")


@stack.command(short_help="Say what a stack is, or what a host was made.")
@click.argument("name", required=False)
@stacks_option
@hosts_option
@click.option("--schema", is_flag=True, help="Print the JSON Schema of a stacks file instead.")
@json_option
@pass_app
def show(
    app: App, name: str | None, stacks_file: Path | None, hosts_file: Path | None, schema: bool, as_json: bool
) -> None:
    """Say what the stack NAME is made of, or the host NAME was made; without one, every stack there is."""
    from pvbench.stack import grammar
    from pvbench.views import stack as views

    if schema:
        print_json(grammar.schema())
        return
    known = _stacks(stacks_file, needed=name is None)
    if known is None or (name is not None and name not in known.stacks):
        there = _deployed(app, str(name), hosts_file, known)
        if as_json:
            print_json(there.as_data())
        else:
            print(views.manifest(there), end="")
        return
    stacks = [known.stack(name)] if name else list(known.stacks.values())
    if as_json:
        print_json([views.as_data(each) for each in stacks])
    else:
        print("\n".join(map(views.asked, stacks)), end="")


@stack.command(short_help="Say in what two stacks differ, or a stack and a host.")
@click.argument("first")
@click.argument("second")
@stacks_option
@hosts_option
@json_option
@pass_app
def diff(app: App, first: str, second: str, stacks_file: Path | None, hosts_file: Path | None, as_json: bool) -> None:
    """Say in what FIRST and SECOND differ: each a stack of stacks.yaml, or a host and what was deployed onto it."""
    from pvbench.views import stack as views

    known = _stacks(stacks_file, needed=False)
    names = (first, second)
    asked = [known.stacks[each].asked for each in names if known and each in known.stacks]
    there = [_deployed(app, each, hosts_file, known) for each in names if not known or each not in known.stacks]
    if len(there) == len(names):
        sides = list(map(views.resolved, there))
    else:  # what a stack of the file comes to is known only once it is resolved for a host
        asked += [dict(each.asked) for each in there]
        sides = list(map(views.described, asked if known and first in known.stacks else asked[::-1]))
    differing = views.differing(sides)
    if as_json:
        print_json([{"part": part, first: left, second: right} for part, left, right in differing])
    else:
        print(views.difference(names, differing), end="")
    if not differing:
        app.note(f"{first} and {second} are the same")


@stack.command(short_help="Undo what was deployed onto a host.")
@click.argument("host")
@hosts_option
@json_option
@pass_app
def rollback(app: App, host: str, hosts_file: Path | None, as_json: bool) -> int:
    """Undo all that was deployed onto HOST, boot its old kernel, and hold it against what it was before."""
    from pvbench.stack.rollback import rollback as roll_back
    from pvbench.views import stack as views

    with _reaching(app, host, hosts_file, f"rolling {host} back") as reach:
        reach.begin()
        back = roll_back(reach)
    if as_json:
        print_json(asdict(back))
    else:
        print(views.rolled_back(back), end="")
    if back.differences is None and not back.undone and not back.failures:
        app.note(f"{host}: no stack was deployed there")
    elif back.clean:
        app.note(f"{host} is as it was before the first stack")
    return ExitCode.DONE if back.clean else ExitCode.INFRASTRUCTURE


def _stacks(chosen: Path | None, *, needed: bool) -> "Stacks | None":
    """Return the stacks of the file; None where there is no file and what is named may be a host."""
    if needed or chosen is not None or Path(arguments.STACKS_FILE).exists():
        return arguments.stacks(chosen)
    return None


def _deployed(app: App, name: str, hosts_file: Path | None, known: "Stacks | None") -> "StackManifest":
    """Return what was deployed onto a host. Raises UsageError where neither a stack nor a host has that name."""
    from pvbench.errors import InventoryError, StackError
    from pvbench.stack import records
    from pvbench.yaml_schema import nearest, shown

    try:
        with _reaching(app, name, hosts_file, f"looking at {name}") as reach, reach.connect() as transport:
            there = records.deployed(transport, reach.host.scratch)
    except InventoryError as error:
        near = nearest(name, known.stacks) if known else f" (there is no {arguments.STACKS_FILE} here)"
        raise UsageError(f"'{shown(name)}' is no stack{near}, nor a host: {error.reason}", hint=error.hint) from error
    if there is None:
        raise StackError(f"{name}: no stack was deployed there", hint=f"pvbench stack deploy NAME {name}")
    return there


@contextmanager
def _reaching(app: App, name: str, hosts_file: Path | None, title: str) -> "Iterator[Reach]":
    """Reach a host as a deployment does. What it begins is ended in order on Ctrl-C."""
    from pvbench.cli import wiring
    from pvbench.terminal.interrupts import orderly
    from pvbench.terminal.steps import steps

    with steps(app.voice, title) as tell, orderly(app.voice):
        yield wiring.reaching(app, name, arguments.inventory(hosts_file), title, tell)
