"""What a night is made of: what is measured, where its parts lie, and what its history comes to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pvbench.campaign.campaign import Campaign
from pvbench.campaign.world import World
from pvbench.dashboard.gather import gather
from pvbench.history.analysis import Analysis
from pvbench.history.nouns import Night, Role
from pvbench.history.store import History
from pvbench.nightly import journal, verdict
from pvbench.nightly.journal import Progress
from pvbench.nightly.settings import Settings
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
