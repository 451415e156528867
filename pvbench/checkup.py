"""What a machine is, and what it lacks for what is asked of it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Lack:
    """Something that is missing, and the command that mends it."""

    what: str
    mend: str


@dataclass(frozen=True)
class Checkup:
    """What a machine is, by (name, fact), and what it lacks for its purpose."""

    purpose: str
    facts: tuple[tuple[str, str], ...]
    lacks: tuple[Lack, ...]

    @property
    def fit(self) -> bool:
        """Whether nothing is missing."""
        return not self.lacks
