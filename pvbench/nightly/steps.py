"""What each step of a night does: from how far it has come to how far it has then."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from pvbench.campaign.campaign import Campaign
from pvbench.campaign.world import World
from pvbench.dashboard.gather import gather
from pvbench.errors import PvbenchError, ResumeRefused
from pvbench.exit_codes import ExitCode
from pvbench.history.analysis import Analysis
from pvbench.history.nouns import Night, Role
from pvbench.history.store import History
from pvbench.model import digest
from pvbench.nightly import again, deliver, journal, measuring, message, publish, retention, verdict
from pvbench.nightly.journal import Progress, Step
from pvbench.nightly.message import Message
from pvbench.nightly.parcel import Parcel
from pvbench.nightly.settings import ALWAYS, Settings
from pvbench.printable import clean
from pvbench.store import Store


@dataclass
class Tonight:
    """What a night is made of. `folder` holds its journal, `site` its pages; `tell` says what goes on,
    `say` what came of it. `environment` is where secrets of the settings may be.
    """

    campaign: Campaign
    world: World
    results: Path
    folder: Path
    history: History
    settings: Settings
    site: Path
    environment: Mapping[str, str]
    tell: Callable[[str], None]
    say: Callable[[str], None]
    known: Analysis | None = None

    def keep(self, progress: Progress) -> Progress:
        """Write down how far the night has come."""
        journal.write(self.folder, progress)
        return progress

    def found(self) -> Analysis:
        """Return what the history comes to, with all that was appended."""
        if self.known is None:
            self.known = gather(self.history)
        return self.known

    def add(self, progress: Progress, run: str, role: Role = Role.NIGHT) -> str:
        """Add a run to the history, as far as it came; return what of it cannot be trusted."""
        with Store.open(self.results, run) as store:
            store.export_parquet()
            trials = store.trials()
            again_of = progress.run_id if role is Role.AGAIN else None
            self.history.append(store.manifest, trials, role=role, again=again_of)
        self.known = None
        return verdict.contaminated(trials)

    def night(self, progress: Progress) -> Night | None:
        """Return the night as the history has it."""
        return next((each for each in self.history.nights() if each.run_id == progress.run_id), None)


def measure(tonight: Tonight, progress: Progress) -> Progress:
    """Measure all of the matrix; a run that cannot go on is closed as it is."""

    def begun(run_id: str) -> None:
        nonlocal progress
        progress = tonight.keep(replace(progress, run_id=run_id))
        tonight.tell(f"run {run_id}")

    try:
        measuring.measure(tonight.campaign, tonight.world, tonight.results, progress.run_id, begun)
    except ResumeRefused as refused:
        return closed(tonight, progress, refused.reason)
    return progress.advanced()


def closed(tonight: Tonight, progress: Progress, why: str) -> Progress:
    """Return a night in which nothing more is measured; what it has is kept as it is."""
    if progress.step in (Step.PUBLISH, Step.NOTIFY, Step.TIDY):
        return progress
    tonight.tell(f"the night that began {progress.began} is closed as it is: {why}")
    if progress.step is Step.MEASURE:
        there = measuring.exists(tonight.results, progress.run_id)
        return progress.advanced(Step.APPEND if there else Step.NOTIFY, closed=why)
    return progress.advanced(Step.PUBLISH if progress.step is Step.MEASURE_AGAIN else progress.step, closed=why)


def append(tonight: Tonight, progress: Progress) -> Progress:
    """Add the run to the history."""
    assert progress.run_id is not None  # noqa: S101  only a night with a run comes here
    return progress.advanced(contaminated=tonight.add(progress, progress.run_id))


def analyse(tonight: Tonight, progress: Progress) -> Progress:
    """Look for what changed, and decide whether that is looked at again."""
    assert progress.run_id is not None  # noqa: S101
    found = _recorded(tonight)
    suspects = again.suspects(found, progress.run_id)
    there = again.cells_of(suspects, found.series, tonight.campaign.matrix)
    if not there or progress.closed:
        return progress.advanced(Step.PUBLISH)
    tonight.tell(f"{len(suspects)} suspected; {len(there)} cells are measured again, with fresh boots")
    return progress.advanced()


def measure_again(tonight: Tonight, progress: Progress) -> Progress:
    """Measure the cells of the night's suspects again."""
    assert progress.run_id is not None  # noqa: S101
    found = tonight.found()
    cells = again.cells_of(again.suspects(found, progress.run_id), found.series, tonight.campaign.matrix)
    if not cells:
        return progress.advanced(Step.PUBLISH)

    def begun(run_id: str) -> None:
        nonlocal progress
        progress = tonight.keep(replace(progress, again_id=run_id))
        tonight.tell(f"run {run_id}, again")

    campaign = replace(tonight.campaign, only=cells)
    measuring.measure(campaign, tonight.world, tonight.results, progress.again_id, begun)
    return progress.advanced()


def append_again(tonight: Tonight, progress: Progress) -> Progress:
    """Add the second look to the history, as what it is."""
    assert progress.again_id is not None  # noqa: S101
    tonight.add(progress, progress.again_id, Role.AGAIN)
    return progress.advanced()


def analyse_again(tonight: Tonight, progress: Progress) -> Progress:
    """Conclude what the second look confirmed and cleared."""
    _recorded(tonight)
    return progress.advanced()


def publish_pages(tonight: Tonight, progress: Progress) -> Progress:
    """Write what is new of the site."""
    shown = tonight.found()
    now, problems = tonight.world.clock.now(), tonight.history.problems()
    written = publish.publish(shown, tonight.results, progress.runs, tonight.site, now, problems)
    for problem in problems:
        tonight.tell(f"left out: {problem}")
    tonight.tell(f"{len(written)} files are new in {tonight.site}")
    return progress.advanced()


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
        labels=(night.label,) if night and night.label else (),
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


def tidy(tonight: Tonight, progress: Progress) -> Progress:
    """Remove what is older than the settings keep."""
    nights = (*progress.earlier, progress.runs)
    now = tonight.world.clock.now()
    for line in retention.tidy(nights, tonight.settings, tonight.results, tonight.site, tonight.history, now):
        tonight.tell(line)
    return progress.advanced()


def _recorded(tonight: Tonight) -> Analysis:
    found = tonight.found()
    tonight.history.record(found.alarms)
    return found


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


STEPS: Mapping[Step, Callable[[Tonight, Progress], Progress]] = MappingProxyType(
    {
        Step.MEASURE: measure,
        Step.APPEND: append,
        Step.ANALYSE: analyse,
        Step.MEASURE_AGAIN: measure_again,
        Step.APPEND_AGAIN: append_again,
        Step.ANALYSE_AGAIN: analyse_again,
        Step.PUBLISH: publish_pages,
        Step.NOTIFY: notify,
        Step.TIDY: tidy,
    }
)
"""What is done at each step."""
AFTER: Mapping[Step, Step] = MappingProxyType(
    {
        Step.ANALYSE: Step.PUBLISH,
        Step.MEASURE_AGAIN: Step.PUBLISH,
        Step.APPEND_AGAIN: Step.PUBLISH,
        Step.ANALYSE_AGAIN: Step.PUBLISH,
        Step.PUBLISH: Step.NOTIFY,
        Step.NOTIFY: Step.TIDY,
        Step.TIDY: Step.DONE,
    }
)
"""Where a night goes on after a step that failed: it is in the history already, and whatever fails is told with it."""
