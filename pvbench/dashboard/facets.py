"""What series are filtered by, and which of them belong together. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pvbench.history.nouns import Series, SeriesKey, Side

AS_FOUND = "as found"
_STACK = ", stack "


@dataclass(frozen=True)
class Facets:
    """A series' names, each a thing to filter by. The two of a ratio stand as "blkfront ÷ ide" where they differ."""

    host: str
    device: str
    stack: str
    workload: str
    metric: str


def facets(key: SeriesKey) -> Facets:
    """Return what a series may be found by; device and stack are parts of an arm's words (`history.judged`)."""
    arms = [arm.partition(_STACK) for arm in (key.arm, key.against) if arm]
    devices = dict.fromkeys(words for words, _, _ in arms)
    stacks = dict.fromkeys(stack or AS_FOUND for _, _, stack in arms)
    return Facets(key.host, " ÷ ".join(devices), " ÷ ".join(stacks), key.workload, key.of.title)


def related(every: Iterable[Series]) -> Mapping[str, tuple[tuple[str, Series], ...]]:
    """Return by a series' id those of the same pair, with what each is to it: ratio, candidate, baseline."""
    every = tuple(every)
    values = {(each.key.host, each.key.cell, each.key.metric): each for each in every if each.key.side is Side.VALUE}
    found: dict[str, list[tuple[str, Series]]] = {}
    for ratio in every:
        key = ratio.key
        if key.side is not Side.RATIO:
            continue
        candidate, baseline = (values.get((key.host, cell, key.metric)) for cell in (key.cell, key.against_cell))
        family = (("ratio", ratio), ("candidate", candidate), ("baseline", baseline))
        for _, own in family:
            for word, other in family:
                if own and other and own is not other:
                    found.setdefault(own.key.id, []).append((word, other))
    return {name: tuple(others) for name, others in found.items()}
