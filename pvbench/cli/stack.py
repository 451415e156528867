"""stack: what a host is made of: show, and further verbs over stacks.yaml."""

from pathlib import Path

import click

from pvbench.cli import arguments
from pvbench.cli.app import App, Group, json_option, pass_app
from pvbench.terminal.streams import print_json

stacks_option = click.option(
    "--stacks",
    "stacks_file",
    type=click.Path(path_type=Path),
    help="The stacks file; otherwise stacks.yaml here.",
)


@click.group(cls=Group, short_help="What a host is made of: deployed, shown, rolled back.")
def stack() -> None:
    """Hypervisor, kernels, backends, device model and tools of a Xen host, as stacks.yaml says them."""


@stack.command(short_help="Say what a stack is.")
@click.argument("name", required=False)
@stacks_option
@click.option("--schema", is_flag=True, help="Print the JSON Schema of a stacks file instead.")
@json_option
@pass_app
def show(app: App, name: str | None, stacks_file: Path | None, schema: bool, as_json: bool) -> None:  # noqa: ARG001
    """Say what the stack NAME is made of; without a NAME, every one of the file."""
    from pvbench.stack import grammar
    from pvbench.views import stack as views

    if schema:
        print_json(grammar.schema())
        return
    known = arguments.stacks(stacks_file)
    stacks = [known.stack(name)] if name else list(known.stacks.values())
    if as_json:
        print_json([views.as_data(each) for each in stacks])
    else:
        print("\n".join(map(views.asked, stacks)), end="")
