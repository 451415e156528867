"""What the programs of the guest answer, read. Pure."""

from pvbench.errors import ParseError
from pvbench.model import TrapCost


def parse_traps(text: str) -> tuple[TrapCost, ...]:
    """Read the lines of guestside/traps.c. Raises ParseError for a line it does not know."""
    costs = []
    for line in text.splitlines():
        name, _, bins = line.partition(";")
        try:
            pairs = (word.split(":") for word in bins.split())
            costs.append(TrapCost(name, tuple((_natural(ns), _natural(count)) for ns, count in pairs)))
        except ValueError as error:
            raise ParseError(f"pvb-traps: cannot read {line!r}") from error
    return tuple(costs)


def _natural(word: str) -> int:
    number = int(word)
    if number < 0:
        raise ValueError(f"{word} is below 0")
    return number
