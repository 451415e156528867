"""By which counters a cell's traffic took the device asked for, as a reader may check it. Pure."""

import re
from dataclasses import dataclass
from functools import cache

from pvbench import figures as fmt
from pvbench.printable import clean
from pvbench.samples import CellTrials


@dataclass
class _Moved:
    """What the trials of a side saw: how many they are, the smallest share, the smallest and largest amount."""

    trials: int = 0
    share: float = 1.0
    least: float = float("inf")
    most: float = 0.0


def proof(cell: CellTrials) -> tuple[str, ...]:
    """Return a line for each side and counter: "guest (vbd): 100 % of 9.4 to 9.6 MiB in 5 trials"."""
    seen: dict[tuple[str, str], _Moved] = {}
    for trial in cell.trials:
        for witness in trial.witnesses if trial.readings else ():
            share, moved = witness.share, witness.all_bytes
            if share is None or moved is None:
                continue
            own = seen.setdefault((witness.side, _counter(witness.driver)), _Moved())
            own.trials, own.share = own.trials + 1, min(own.share, share)
            own.least, own.most = min(own.least, moved), max(own.most, moved)
    return tuple(_line(*key, moved) for key, moved in seen.items())


def _line(side: str, counter: str, moved: _Moved) -> str:
    share = f"{fmt.share(moved.share)} or more" if moved.share < 1 and moved.trials > 1 else fmt.share(moved.share)
    least, most = fmt.size(moved.least), fmt.size(moved.most)
    amount = least if least == most else f"{least} to {most}"
    return f"{clean(side)} ({clean(counter)}): {share} of {amount} in {fmt.count(moved.trials, 'trial')}"


@cache
def _counter(driver: str | None) -> str:
    """Return what a counter is called in every boot: a backend's domain has another number in each (vif*.0)."""
    return re.sub(r"^(vif|vbd-|qdisk-)\d+", r"\1*", driver) if driver else "not told"
