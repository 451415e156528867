"""What a machine is, and what it lacks for what is asked of it."""

from dataclasses import dataclass
from enum import StrEnum


class Standing(StrEnum):
    """Whether something can be done on a machine of a kind."""

    WORKS = "works"
    REFUSED = "refused"
    UNTRIED = "untried"


@dataclass(frozen=True)
class Ability:
    """Something to be done on a machine, whether it can be, and why, or by what that is known."""

    what: str
    standing: Standing
    why: str


@dataclass(frozen=True)
class Lack:
    """Something that is missing, and the command that mends it."""

    what: str
    mend: str


@dataclass(frozen=True)
class Checkup:
    """What a machine is, by (name, fact), what it lacks for its purpose, and what can be done on one of its kind."""

    purpose: str
    facts: tuple[tuple[str, str], ...]
    lacks: tuple[Lack, ...]
    abilities: tuple[Ability, ...] = ()

    @property
    def fit(self) -> bool:
        """Whether nothing is missing."""
        return not self.lacks
