"""A run of a night: begun under an id that is known beforehand, or gone on with, as `pvbench run --resume` does."""

import secrets
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from pvbench.campaign import manifests, resume
from pvbench.campaign import run as runs
from pvbench.campaign.campaign import Campaign
from pvbench.campaign.world import World
from pvbench.store import Store
from pvbench.store.fields import FILE_NAME
from pvbench.store.find import MANIFEST, runs_folder


def exists(results: Path, run_id: str | None) -> bool:
    """Whether there is a run of that id."""
    return run_id is not None and (runs_folder(results) / run_id / MANIFEST).is_file()


def measure(campaign: Campaign, world: World, results: Path, run_id: str | None, begun: Callable[[str], None]) -> None:
    """Measure what the run lacks; where there is none of that id, begin one, and tell its id before it is there.

    Raises ResumeRefused where the run cannot go on, and what `pvbench run` raises.
    """
    with ExitStack() as leaving:
        store = None
        if run_id is not None and exists(results, run_id):
            store = leaving.enter_context(Store.open(results, run_id, write=True))
            if whole(store):
                return
        site = runs.survey(campaign, world)
        campaign = campaign.on(site)
        if store is None:
            _sweep(results, run_id)
            manifest = manifests.begin(campaign, site, world.clock.now(), secrets.token_hex(8))
            begun(manifest.run_id)
            store = leaving.enter_context(Store.create(results, manifest))
        else:
            resume.check(store.manifest, campaign, site)
        runs.measure(campaign, site, store, world)


def whole(store: Store) -> bool:
    """Whether every planned trial has its figure, or is known to have none."""
    return {spec.id for spec in store.manifest.plan} <= store.finished_ids()


def _sweep(results: Path, run_id: str | None) -> None:
    """Remove what a kill left of a folder that was being made: of this night's own run alone."""
    for half_made in runs_folder(results).glob(f".{run_id}.*.new") if run_id and FILE_NAME.fullmatch(run_id) else ():
        shutil.rmtree(half_made, ignore_errors=True)
