"""A night's steps in their order, each kept in the journal once done; a call goes on with the first that is not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from pvbench.campaign.campaign import Campaign
from pvbench.campaign.world import World
from pvbench.errors import ResumeRefused
from pvbench.exit_codes import ExitCode
from pvbench.history.store import History
from pvbench.model import Outcome
from pvbench.nightly import journal, measuring
from pvbench.nightly.journal import Progress, Step
from pvbench.store import Store

TONIGHT_S, GOES_ON_S = 12 * 3600.0, 20 * 3600.0
"""A night that is done is tonight's for so long, so that a second call does not measure it twice; one that was cut off
goes on for so long, and is closed as incomplete after."""


@dataclass
class Nightly:
    """What a night is made of; `folder` holds its journal, `tell` says on the terminal what is going on."""

    campaign: Campaign
    world: World
    results: Path
    folder: Path
    history: History
    tell: Callable[[str], None]

    def go_on(self, *, anew: bool = False) -> int:
        """Bring the night to its end, an earlier one first that was cut off; return the exit code of the last."""
        last = journal.read(self.folder)
        if last is not None and last.step is not Step.DONE:
            self.tell(f"the night that began {last.began} was cut off at {str(last.step)!r}; going on")
            over = self._over(last)
            ended = self._finish(self._closed(last, over) if over else last)
            if not over and not ended.closed:
                return ended.exit_code or 0
        elif last is not None and not anew and self._tonights(last):
            self.tell(f"tonight's is done: run {last.run_id}; --anew measures another")
            return last.exit_code or 0
        began = self.world.clock.now().isoformat(timespec="seconds")
        return self._finish(self._kept(Progress(began, self.campaign.matrix.digest))).exit_code or 0

    def _tonights(self, last: Progress) -> bool:
        same = last.matrix_digest == self.campaign.matrix.digest
        return same and not last.closed and last.age_s(self.world.clock.now()) < TONIGHT_S

    def _over(self, last: Progress) -> str:
        """Return why a night that was cut off is another than tonight's; "" where it is tonight's."""
        if last.matrix_digest != self.campaign.matrix.digest:
            return "the matrix is another since"
        return "it was cut off and not called again in time" if last.age_s(self.world.clock.now()) > GOES_ON_S else ""

    def _closed(self, progress: Progress, why: str) -> Progress:
        """End a night's measuring; what it has is kept as it is."""
        if progress.step is not Step.MEASURE:
            return progress
        self.tell(f"the night that began {progress.began} is closed as it is: {why}")
        there = measuring.exists(self.results, progress.run_id)
        return self._kept(replace(progress, step=Step.APPEND if there else Step.DONE, closed=why))

    def _finish(self, progress: Progress) -> Progress:
        while progress.step is not Step.DONE:
            progress = self._kept(STEPS[progress.step](self, progress))
        return progress

    def _kept(self, progress: Progress) -> Progress:
        journal.write(self.folder, progress)
        return progress

    def measure(self, progress: Progress) -> Progress:
        """Measure all of the matrix."""

        def begun(run_id: str) -> None:
            nonlocal progress
            progress = self._kept(replace(progress, run_id=run_id))
            self.tell(f"run {run_id}")

        try:
            measuring.measure(self.campaign, self.world, self.results, progress.run_id, begun)
        except ResumeRefused as refused:
            return self._closed(progress, refused.reason)
        return progress.advanced()

    def append(self, progress: Progress) -> Progress:
        """Add the run to the history, as far as it came."""
        assert progress.run_id is not None  # noqa: S101  only a night with a run comes here
        with Store.open(self.results, progress.run_id) as store:
            store.export_parquet()
            trials = store.trials()
            self.history.append(store.manifest, trials)
            ok = sum(trial.outcome is Outcome.OK for trial in trials)
            code = ExitCode.DONE if ok == len(store.manifest.plan) else ExitCode.NOT_MEASURED
        return progress.advanced(exit_code=int(code))


STEPS: Mapping[Step, Callable[[Nightly, Progress], Progress]] = MappingProxyType(
    {Step.MEASURE: Nightly.measure, Step.APPEND: Nightly.append}
)
