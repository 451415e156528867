"""What a run tells whoever watches it."""

from typing import Protocol

from pvbench.model import ImageDigests, Trial, TrialSpec
from pvbench.pairs import Pair


class Progress(Protocol):
    """Who watches. Every method may do nothing."""

    def deploying(self, host: str, stack: str, attempt: int) -> None:
        """Tell that a host is being rebooted into a stack."""
        ...

    def booting(self, boot: str, trials: int, attempt: int) -> None:
        """Tell that a guest is being booted for so many trials."""
        ...

    def booted(self, boot: str, seconds: float) -> None:
        """Tell that it answers."""
        ...

    def measuring(self, spec: TrialSpec) -> None:
        """Tell that a trial begins."""
        ...

    def recorded(self, trial: Trial) -> None:
        """Tell that a trial is on disk."""
        ...

    def disturbed(self, pair: Pair, cause: str, attempt: int) -> None:
        """Tell that a pair is measured again, for which time, and because of what."""
        ...

    def image(self, host: str, digests: ImageDigests) -> None:
        """Tell what an image on a host is after the last boot from it."""
        ...

    def lost(self, host: str, reason: str, pause_s: float) -> None:
        """Tell that a host cannot be used now and is visited again after a pause."""
        ...
