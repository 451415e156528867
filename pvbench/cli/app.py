"""What every verb is given: the world outside as parameters, and how much to say on stderr."""

import difflib
import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pvbench.clock import Clock, SystemClock
from pvbench.terminal.voice import Voice

if TYPE_CHECKING:
    from pvbench.campaign.world import HostStacks
    from pvbench.guest import GuestImage
    from pvbench.hypervisor import Hypervisor
    from pvbench.inventory import Host, Inventory
    from pvbench.lab.argv import LabSpec
    from pvbench.lab.machine import Machine
    from pvbench.transport import Transport


def until_interrupted() -> None:
    """Wait for Ctrl-C, or for what else ends a program in an orderly way."""
    import signal
    import threading

    ended = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: ended.set())
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    ended.wait()


@dataclass(frozen=True)
class Edges:
    """The world outside. None: the real one, imported by the verb that needs it."""

    clock: Clock = field(default_factory=SystemClock)
    connect: "Callable[[Host, Inventory], AbstractContextManager[Transport]] | None" = None
    hypervisor: "Callable[[Transport, Host, GuestImage, Clock], Hypervisor] | None" = None
    stacks: "Callable[[Host], HostStacks] | None" = None
    guest_image: "Callable[[Callable[[str], None]], GuestImage] | None" = None
    machine: "Callable[[LabSpec, Clock], Machine] | None" = None
    wait: Callable[[], None] = until_interrupted
    home: Path = field(default_factory=Path.home)
    state: Path | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)

    @property
    def state_folder(self) -> Path:
        """The user's folder for logs."""
        if self.state is not None:
            return self.state
        from platformdirs import user_state_path

        return user_state_path("pvbench")


@dataclass
class App:
    """One call of the program.

    `resume` is the hint for whoever interrupts it, `swapped` the negative control: every flow over the wrong device,
    `mirror` where an image that has to be built takes its packages from, None for the machine's own mirror.
    """

    edges: Edges
    argv: tuple[str, ...] = ()
    resume: str | None = None
    swapped: bool = False
    mirror: str | None = None

    def __post_init__(self) -> None:
        self.voice = Voice(self.edges.clock, self.edges.environment)

    def note(self, text: str) -> None:
        """Say on stderr, in one line, what is going on, unless -q."""
        self.voice.note(text)


def _louder(context: click.Context, _option: click.Parameter, times: int) -> None:
    context.ensure_object(App).voice.verbosity += times


def _quieter(context: click.Context, _option: click.Parameter, times: int) -> None:
    context.ensure_object(App).voice.verbosity -= times


def _volume() -> list[click.Parameter]:
    """Return -v and -q, which stand before or after the verb."""
    return [
        click.Option(["-v", "--verbose"], count=True, expose_value=False, callback=_louder, help="Say more; -vv: all."),
        click.Option(["-q", "--quiet"], count=True, expose_value=False, callback=_quieter, help="Say less."),
    ]


class Verb(click.Command):
    """A command that also takes -v and -q."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.params += _volume()


class Group(click.Group):
    """A group that names the nearest verb, and lists its verbs in the order of their use."""

    command_class = Verb

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.params += _volume()

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names in the order in which they were added."""
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb; a wrong one is an error with the nearest."""
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            near = difflib.get_close_matches(name, self.commands, 1, 0.4)
            instead = f"did you mean '{near[0]}'?" if near else f"one of {', '.join(self.commands)}"
            raise click.UsageError(f"no verb '{name}'; {instead}", ctx)
        return super().resolve_command(ctx, args)


def verb(**settings: Any) -> Callable[[Callable[..., int | None]], Verb]:
    """Make a function a verb of the command line."""
    return click.command(cls=Verb, **settings)


def _mirrored(context: click.Context, _option: click.Parameter, url: str | None) -> None:
    context.ensure_object(App).mirror = url


pass_app = click.pass_obj
mirror_option = click.option(
    "--mirror",
    metavar="URL",
    expose_value=False,
    callback=_mirrored,
    help="The Debian mirror to build from, where something has to be built; left out: the machine's own.",
)
USUAL_RESULTS = Path("results")


def results_option(*, writing: str | None = None) -> Callable[[Callable[..., int | None]], Callable[..., int | None]]:
    """Return --results: the folder the runs are under or, also as -o, the one that something is put under."""
    return click.option(
        *(("-o", "--results") if writing else ("--results",)),
        type=click.Path(path_type=Path, file_okay=False),
        default=USUAL_RESULTS,
        show_default=True,
        help=f"The folder to put {writing} under." if writing else "The folder the runs are under.",
    )


history_option = click.option(
    "--history",
    metavar="WHERE",
    default=str(USUAL_RESULTS / "history"),
    show_default=True,
    help="The history: a folder, or an address such as s3://bucket/history.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
