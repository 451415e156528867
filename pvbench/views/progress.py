"""What `pvbench run` shows while it measures: a bar where somebody looks, lines with the time of day where not."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from pvbench import figures as fmt
from pvbench import wording
from pvbench.campaign.pace import Pace
from pvbench.campaign.progress import Progress
from pvbench.disturbance import ATTEMPTS
from pvbench.model import ImageDigests, Outcome, Trial, TrialSpec
from pvbench.pairs import Pair
from pvbench.printable import clean
from pvbench.terminal.streams import console
from pvbench.terminal.voice import Voice


@contextmanager
def watching(voice: Voice, pace: Pace, blocks: int) -> Iterator[Progress]:
    """Yield what the controller tells of its progress to."""
    if voice.verbosity >= 0 and voice.looked_at(sys.stderr):
        with _bar() as bar:
            yield _Bar(voice, pace, blocks, bar)
    else:
        yield _Lines(voice, pace, blocks)


class _Lines:
    """A line for each boot and each trial, on stderr."""

    def __init__(self, voice: Voice, pace: Pace, blocks: int) -> None:
        self.voice, self.pace, self.blocks = voice, pace, blocks
        self.reason: str | None = None

    def say(self, text: str) -> None:
        self.voice.timed(text)

    def deploying(self, host: str, stack: str, attempt: int) -> None:
        self.say(f"{host}: {rebooting(stack, attempt)}; {self.left()}")

    def booting(self, boot: str, trials: int, attempt: int) -> None:
        self.pace.booting(boot)
        again = f", attempt {attempt}" if attempt > 1 else ""
        self.say(f"{boot}: booting a guest for {fmt.count(trials, 'trial')}{again}; {self.left()}")

    def booted(self, boot: str, seconds: float) -> None:
        self.pace.booted(seconds)
        self.say(f"{boot}: the guest answers after {fmt.duration(seconds)}")

    def measuring(self, spec: TrialSpec) -> None:
        """Say nothing: the trial's end is near enough."""

    def disturbed(self, pair: Pair, cause: str, attempt: int) -> None:
        self.say(f"{pair[0].boot}: {again(pair, cause, attempt)}")

    def lost(self, host: str, reason: str, pause_s: float) -> None:
        self.say(f"{host}: {clean(reason)}; tried again in {fmt.duration(pause_s)}")

    def image(self, host: str, digests: ImageDigests) -> None:
        self.say(f"{host}: {digests.name}: {digests.words}")

    def recorded(self, trial: Trial) -> None:
        self.count(trial)
        told = self.came(trial)
        self.say(f"{trial.spec.boot}: trial {self.pace.done} of {self.pace.total}, {told}; {self.left()}")

    def came(self, trial: Trial) -> str:
        """Return what came of a trial; a guest that cannot be measured in costs many, for one reason."""
        same, self.reason = trial.reason is not None and trial.reason == self.reason, trial.reason
        return result(replace(trial, reason="as the one before") if same else trial)

    def count(self, trial: Trial) -> None:
        self.pace.recorded(trial.spec, trial.took_s)

    def left(self) -> str:
        if self.pace.done == self.pace.total:
            return "done"
        return f"about {fmt.duration(round(self.pace.remaining_s))} left"


class _Bar(_Lines):
    """A bar at the bottom of the terminal; above it what went wrong, or with -v every trial."""

    def __init__(self, voice: Voice, pace: Pace, blocks: int, bar: Any) -> None:
        super().__init__(voice, pace, blocks)
        self.bar = bar
        self.task = bar.add_task("", total=pace.total, completed=pace.done, left=self.left())

    def deploying(self, host: str, stack: str, attempt: int) -> None:
        self.show(f"{host}: {rebooting(stack, attempt)}")

    def booting(self, boot: str, trials: int, attempt: int) -> None:  # noqa: ARG002
        self.pace.booting(boot)
        self.show(f"{boot}: booting{f', attempt {attempt}' if attempt > 1 else ''}")

    def booted(self, boot: str, seconds: float) -> None:
        self.pace.booted(seconds)
        self.show(f"{boot}: booted in {fmt.duration(seconds)}")

    def measuring(self, spec: TrialSpec) -> None:
        told = f"{spec.cell.device}, {wording.cell_title(spec.cell)}"
        self.show(f"block {spec.block}/{self.blocks}, {spec.boot}: {told}")

    def recorded(self, trial: Trial) -> None:
        self.count(trial)
        if trial.outcome is not Outcome.OK or self.voice.verbosity > 0:
            self.above(f"{trial.spec.boot}: {self.came(trial)}")
        self.bar.update(self.task, completed=self.pace.done, left=self.left())

    def disturbed(self, pair: Pair, cause: str, attempt: int) -> None:
        self.above(f"{pair[0].boot}: {again(pair, cause, attempt)}")

    def lost(self, host: str, reason: str, pause_s: float) -> None:
        self.above(f"{host}: {clean(reason)}; tried again in {fmt.duration(pause_s)}")

    def image(self, host: str, digests: ImageDigests) -> None:
        if digests.changed or self.voice.verbosity > 0:
            self.above(f"{host}: {digests.name}: {digests.words}")

    def above(self, text: str) -> None:
        self.bar.console.print(text, markup=False, highlight=False)

    def show(self, text: str) -> None:
        self.bar.update(self.task, description=text, left=self.left())


def rebooting(stack: str, attempt: int) -> str:
    """Return that a host is rebooted into a stack."""
    return f"rebooting into the stack {clean(stack)}{f', attempt {attempt}' if attempt > 1 else ''}"


def result(trial: Trial) -> str:
    """Return what came of a trial in a few words."""
    cell = trial.spec.cell
    told = f"{cell.device}, {wording.cell_title(cell)}: "
    if trial.outcome is not Outcome.OK:
        return told + clean(f"{trial.outcome.value.upper().replace('_', ' ')}: {trial.reason}")
    metric = wording.primary(cell.workload)
    values = {reading.metric: reading.value for reading in trial.readings}
    return told + metric.text(values.get(metric.name))


def again(pair: Pair, cause: str, attempt: int) -> str:
    """Return that a pair is measured again, and why."""
    arms = ", ".join(dict.fromkeys(spec.cell.device for spec in pair))
    return f"{arms}, {wording.cell_title(pair[0].cell)}: {cause}; measured again, attempt {attempt} of {ATTEMPTS}"


@contextmanager
def _bar() -> Iterator[Any]:
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar
    from rich.table import Column

    columns = (
        TextColumn("{task.description}", markup=False, table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis")),
        BarColumn(bar_width=12),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}", markup=False, table_column=Column(no_wrap=True)),
    )
    with Bar(*columns, console=console(), expand=True) as bar:
        yield bar
