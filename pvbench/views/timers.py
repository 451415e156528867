"""What is still to be done once the units of a night are written or removed."""

from collections.abc import Iterator

from pvbench.nightly.units import Timed


def written(made: Timed) -> Iterator[str]:
    """Yield what a person does next, a line each; the line for cron comes after."""
    control = _control(user=made.user is None)
    yield f"next: {control} daemon-reload && {control} enable --now {made.name}.timer"
    if made.user is None:
        yield "a user's units run without a login only after: loginctl enable-linger"
    yield f"the first night by hand: {control} start --no-block {made.name}.service"
    yield "the same by cron, in place of these units:"


def removed(timer: str, *, user: bool) -> str:
    """Return what a person does after the units are gone."""
    return f"next: {_control(user=user)} stop {timer}; {_control(user=user)} daemon-reload"


def _control(*, user: bool) -> str:
    return "systemctl --user" if user else "systemctl"
