"""A night's message on its way: written, posted, mailed; each try within its time, and never in the night's way."""

import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pvbench.clock import Clock
from pvbench.errors import StoreError
from pvbench.nightly import mail, webhook
from pvbench.nightly.parcel import Parcel, Refused
from pvbench.nightly.secrets import Unreadable
from pvbench.nightly.settings import Settings
from pvbench.store.disk import write_whole, writing

MARKDOWN, WEBHOOK, EMAIL = "markdown", "webhook", "email"


@dataclass(frozen=True)
class Channel:
    """A way to send a parcel: its name, what sends it once, how long a try may take and how many there are."""

    name: str
    send: Callable[[Parcel], None]
    timeout_s: float
    tries: int


def channels(settings: Settings, environment: Mapping[str, str]) -> Iterator[Channel]:
    """Yield the ways that settings name, what cannot fail first."""
    if (path := settings.markdown) is not None:
        yield Channel(MARKDOWN, lambda parcel: _write(path, parcel), 60.0, 1)
    if (hook := settings.webhook) is not None:
        yield Channel(WEBHOOK, lambda parcel: webhook.post(hook, parcel, environment), hook.timeout_s, hook.tries)
    if (email := settings.email) is not None:
        yield Channel(EMAIL, lambda parcel: mail.send(email, parcel, environment), email.timeout_s, email.tries)


def deliver(
    parcel: Parcel, ways: Collection[Channel], sent: Collection[str], clock: Clock, done: Callable[[str], None]
) -> list[str]:
    """Send a parcel by each way that has not had it, tell which took it, and return what went wrong, a line each."""
    problems = []
    for channel in ways:
        if channel.name in sent:
            continue
        try:
            _tried(channel, parcel, clock)
        except (Refused, Unreadable) as refused:
            problems.append(f"{channel.name}: {refused}")
        else:
            done(channel.name)
    return problems


def _tried(channel: Channel, parcel: Parcel, clock: Clock) -> None:
    for number in range(channel.tries):
        try:
            within(channel.timeout_s, lambda: channel.send(parcel))
        except Refused as refused:
            if not refused.again or number + 1 == channel.tries:
                raise
            clock.sleep(2.0**number)
        else:
            return


def within(seconds: float, action: Callable[[], None]) -> None:
    """Do something for so long at most; a server that sends a byte now and then is left behind. Raises Refused."""
    trouble: list[BaseException] = []

    def run() -> None:
        try:
            action()
        except BaseException as error:  # noqa: BLE001  raised again below, in the thread that waits
            trouble.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise Refused(f"no answer within {seconds:g} s")
    if trouble:
        raise trouble[0]


def _write(path: Path, parcel: Parcel) -> None:
    try:
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, parcel.markdown.encode(errors="backslashreplace"))
    except StoreError as error:
        raise Refused(error.message) from error
