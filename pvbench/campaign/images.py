"""Images of one's own after the last boot on a host: what they are now is kept, and a changed one is told."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pvbench.campaign.progress import Progress
from pvbench.errors import PvbenchError
from pvbench.hypervisor import Hypervisor
from pvbench.model import Flag, FlagKind, ImageDigests, Outcome
from pvbench.store import Store

KEPT = "images"
"""The folder among the raw outputs with a file a host."""


def look_again(hypervisor: Hypervisor, host: str, store: Store, progress: Progress) -> tuple[str, ...]:
    """Keep the digests of a host's images from before and after, and flag what was measured in a changed one.

    Returns a sentence for each that changed, and one where that cannot be told.
    """
    try:
        digests = hypervisor.image_digests()
    except PvbenchError as error:
        return (f"{host}: whether images are what they were is not known: {error}",)
    if digests:
        store.keep(KEPT, f"{host}.json", json.dumps(_as_data(digests), indent=1).encode())
    for each in digests:
        progress.image(host, each)
        if each.changed:
            _flag(store, host, each)
    return tuple(f"{each.name} on {host}: {each.words}" for each in digests if each.changed)


def _as_data(digests: Sequence[ImageDigests]) -> Mapping[str, Mapping[str, str | None]]:
    return {each.name: {"sha256 before": each.before, "sha256 after": each.after} for each in digests}


def _flag(store: Store, host: str, digests: ImageDigests) -> None:
    """Record once more, with a flag, what was measured in a guest of a changed image."""
    flag = Flag(FlagKind.IMAGE, digests.words)
    for trial in store.trials():
        arm = trial.spec.cell.arm
        if (arm.host, arm.guest) == (host, digests.name) and trial.outcome is Outcome.OK and flag not in trial.flags:
            store.append(replace(trial, flags=(*trial.flags, flag)))
