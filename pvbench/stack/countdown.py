"""How long a deployment takes yet: usual times, stretched by how slow the host has shown itself."""

from collections.abc import Callable, Sequence

from pvbench import figures
from pvbench.clock import Clock

_SLOWEST = 6.0
_TELLING_S = 1.0  # of a usually shorter step the connection is most


class Countdown:
    """Tells each step as it begins, with the time that is left. Of those `fixed` a slow host takes no longer: boots."""

    def __init__(
        self,
        clock: Clock,
        tell: Callable[[str], None],
        steps: Sequence[tuple[str, float]],
        fixed: frozenset[str] = frozenset(),
    ) -> None:
        self._clock, self._tell, self._left, self._fixed = clock, tell, list(steps), fixed
        self._begun: tuple[float, float] | None = None
        self._took_s = self._usual_s = 0.0

    def begin(self, title: str, more: str = "") -> None:
        """Say that a step begins; those before it in the list are over."""
        self._end()
        names = [name for name, _ in self._left]
        if title in names:
            self._left = self._left[names.index(title) :]
            usual = self._left[0][1]
            if title not in self._fixed and usual >= _TELLING_S:
                self._begun = (self._clock.monotonic(), usual)
            more = ", ".join(filter(None, (more, f"about {figures.duration(round(self._remaining()))} left")))
        self._tell(f"{title}: {more}" if more else title)

    def _end(self) -> None:
        if self._begun is not None:
            began, usual = self._begun
            self._took_s += self._clock.monotonic() - began
            self._usual_s += usual
            self._begun = None

    def _remaining(self) -> float:
        slowness = min(_SLOWEST, max(1.0, self._took_s / self._usual_s)) if self._usual_s else 1.0
        return sum(usual * (1.0 if name in self._fixed else slowness) for name, usual in self._left)
