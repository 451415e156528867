"""A clock for tests: time passes when it is looked at or slept, and never otherwise."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass
class FakeClock:
    """A clock at so many seconds, on which every look at the monotonic time takes `step_s`."""

    seconds: float = 0.0
    step_s: float = 0.001
    began: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        """Return when the clock began, and its seconds later."""
        return self.began + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        """Return the seconds after one more step."""
        self.seconds += self.step_s
        return self.seconds

    def sleep(self, seconds: float) -> None:
        """Let the seconds pass at once."""
        self.seconds += seconds
