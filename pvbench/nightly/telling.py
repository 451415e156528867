"""How a night is told: what came of it, and, once for each reason, that it cannot be measured."""

from collections.abc import Callable
from dataclasses import replace

from pvbench.errors import PvbenchError
from pvbench.exit_codes import ExitCode
from pvbench.history.analysis import Analysis
from pvbench.history.nouns import Night
from pvbench.model import digest
from pvbench.nightly import deliver, message, verdict
from pvbench.nightly.journal import Progress
from pvbench.nightly.message import Message
from pvbench.nightly.parcel import Parcel
from pvbench.nightly.settings import ALWAYS
from pvbench.nightly.tonight import Tonight
from pvbench.printable import clean


def notify(tonight: Tonight, progress: Progress) -> Progress:
    """Tell of the night by each way that has not been told yet; what is told is settled before."""
    found = tonight.found() if progress.run_id else Analysis((), ())
    night = tonight.night(progress)
    alarms = message.tonights(found, progress.runs)
    code = verdict.code_of(night, alarms, found.alarms, progress.contaminated)
    if code is ExitCode.DONE and progress.problems:
        code = ExitCode.INFRASTRUCTURE
    news = Message(
        matrix=tonight.campaign.matrix_name,
        began=progress.began,
        code=code,
        night=night,
        alarms=alarms,
        series=found.series,
        labels=_labels(night, found),
        closed=progress.closed,
        contaminated=progress.contaminated,
        problems=progress.problems,
        site=str(tonight.site),
    )
    progress = tonight.keep(replace(progress, exit_code=int(code)))
    tonight.say(clean(news.headline))
    if news.has_news or tonight.settings.when == ALWAYS:
        progress = _sent(tonight, progress, news)
    return progress.advanced()


def _labels(night: Night | None, analysis: Analysis) -> tuple[str, ...]:
    """Return what figures of a night are labelled with, and what those that they are compared with are."""
    labels = (night.label,) if night and night.label else ()
    beside = analysis.simulated and not (night and night.simulated)
    return (*labels, "beside simulated nights, which were never measured") if beside else labels


def _sent(tonight: Tonight, progress: Progress, news: Message) -> Progress:
    """Send a night's message by every way that has not had it, each noted at once; what failed is a problem of it."""

    def done(channel: str) -> None:
        nonlocal progress
        progress = tonight.keep(replace(progress, sent=(*progress.sent, channel)))
        tonight.tell(f"told by {channel}")

    failed = _delivered(tonight, progress, news, done)
    code = progress.exit_code or (int(ExitCode.INFRASTRUCTURE) if failed else 0)
    return replace(progress, problems=(*progress.problems, *failed), exit_code=code)


def trouble_told(tonight: Tonight, progress: Progress, error: PvbenchError) -> Progress:
    """Tell that a night cannot be measured or kept, once for each reason; it may still go on."""
    if progress.told != error.message:
        news = Message(
            matrix=tonight.campaign.matrix_name,
            began=progress.began,
            code=error.exit_code,
            night=None,
            problems=(error.message,),
        )
        _delivered(tonight, replace(progress, sent=()), news, lambda _channel: None)
    return replace(progress, told=error.message)


def _delivered(tonight: Tonight, progress: Progress, news: Message, done: Callable[[str], None]) -> list[str]:
    parcel = Parcel(
        key=digest([tonight.folder.name, progress.began, progress.run_id, list(news.problems)], 32),
        subject=f"pvbench: {news.headline}",
        markdown=message.markdown(news),
        plain=message.plain(news),
        data=message.as_data(news),
        at=tonight.world.clock.now(),
    )
    ways = tuple(deliver.channels(tonight.settings, tonight.environment))
    failed = deliver.deliver(parcel, ways, progress.sent, tonight.world.clock, done)
    for problem in failed:
        tonight.tell(f"not told by {problem}")
    return failed
