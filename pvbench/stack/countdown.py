"""How long a deployment takes yet: usual times, stretched by how slow the host has shown itself."""

from collections.abc import Callable, Sequence

from pvbench import figures
from pvbench.clock import Clock

_MOST = 6.0


class Countdown:
    """Tells each step as it begins, with the time that is left."""

    def __init__(self, clock: Clock, tell: Callable[[str], None], steps: Sequence[tuple[str, float]]) -> None:
        self._clock, self._tell, self._left = clock, tell, list(steps)
        self._begun: tuple[float, float] | None = None
        self._slowness = 1.0

    def begin(self, title: str, more: str = "") -> None:
        """Say that a step begins; those before it in the list are over."""
        now = self._clock.monotonic()
        if self._begun is not None:
            began, usual = self._begun
            if usual >= 1:  # of a shorter one the connection is most
                self._slowness = min(_MOST, max(self._slowness, (now - began) / usual))
            self._begun = None
        names = [name for name, _ in self._left]
        if title in names:
            self._left = self._left[names.index(title) :]
            left = sum(usual for _, usual in self._left) * self._slowness
            self._begun = (now, self._left[0][1])
            more = ", ".join(filter(None, (more, f"about {figures.duration(round(left))} left")))
        self._tell(f"{title}: {more}" if more else title)
