"""Which cells are compared with which: along the factor of each contrast, everything else equal. Pure."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from pvbench import wording
from pvbench.drivers import DRIVERS
from pvbench.factors import FACTORS, Factor, Switch
from pvbench.model import Contrast, DeviceKind, IoPath, Scalar
from pvbench.printable import clean
from pvbench.samples import CellTrials
from pvbench.store import Manifest

OF_DEVICES = Contrast("device", ())
"""What a run compares whose matrix says nothing of it."""


@dataclass(frozen=True)
class Pairing:
    """Cells that differ in a contrast's factor alone: the baseline, None if it is not in the plan, and candidates."""

    contrast: Contrast
    baseline: CellTrials | None
    candidates: tuple[CellTrials, ...]

    @property
    def factor(self) -> Factor:
        """What the cells differ in."""
        return FACTORS[self.contrast.factor]

    @property
    def cells(self) -> tuple[CellTrials, ...]:
        """All of them, the baseline first."""
        return (*([self.baseline] if self.baseline else []), *self.candidates)

    @property
    def switch(self) -> Switch:
        """What going from one of them to another takes."""
        return max(self.factor.switched_by(each.cell.arm) for each in self.cells)

    def name(self, cell: CellTrials) -> str:
        """Return what a cell is called beside those it is compared with: "blkfront", "queues 4"."""
        value = self.factor.value(cell.cell.arm)
        said = "not asked for" if value is None else self.factor.say(value)
        return clean(said if self.factor.name == "device" else f"{self.factor.title} {said}")

    def title(self, cell: CellTrials) -> str:
        """Return what all of them ran: the workload, and what their boots were asked for alike."""
        return wording.cell_title(cell.cell, but=self.factor.name)


@dataclass(frozen=True)
class CellPair:
    """A candidate and its baseline."""

    pairing: Pairing
    baseline: CellTrials
    candidate: CellTrials


def contrasts_of(manifest: Manifest) -> tuple[Contrast, ...]:
    """Return what a run compares."""
    return manifest.contrasts or (OF_DEVICES,)


def pairings(contrasts: Iterable[Contrast], gathered: Sequence[CellTrials]) -> tuple[Pairing, ...]:
    """Return the cells along each contrast, in the cells' order; cells that its factor does not act on have no part."""
    return tuple(found for contrast in contrasts for found in _along(contrast, gathered))


def cell_pairs(matched: Iterable[Pairing]) -> tuple[CellPair, ...]:
    """Return each candidate that has a baseline, with it."""
    return tuple(CellPair(one, one.baseline, each) for one in matched if one.baseline for each in one.candidates)


def beside_each_other(
    contrasts: Iterable[Contrast], gathered: Sequence[CellTrials]
) -> tuple[tuple[CellTrials, ...], ...]:
    """Return the cells of each workload by device, whatever is compared: the baseline first, where one is known."""
    devices = next((each for each in contrasts if each.factor == "device"), OF_DEVICES)
    return tuple(found.cells for found in _along(devices, gathered))


def _along(contrast: Contrast, gathered: Sequence[CellTrials]) -> Iterator[Pairing]:
    factor = FACTORS[contrast.factor]
    families: dict[Hashable, list[CellTrials]] = {}
    for each in gathered:
        if factor.acts_on(each.cell.arm):
            families.setdefault((factor.without(each.cell.arm), each.cell.workload), []).append(each)
    for family in families.values():
        wanted = _baseline(contrast, family[0].cell.kind, gathered)
        baseline = next((each for each in family if factor.value(each.cell.arm) == wanted), None)
        candidates = tuple(each for each in family if each is not baseline)
        # Devices stand beside each other in figures even where none of them is a baseline.
        if contrast.factor == "device" or (baseline and candidates):
            yield Pairing(contrast, baseline, candidates)


def _baseline(contrast: Contrast, kind: DeviceKind, gathered: Sequence[CellTrials]) -> Scalar | None:
    """Return the contrast's value; of devices, where it has none, the plan's first emulated one, else its first."""
    chosen = contrast.against(kind)
    if chosen is not None or contrast.factor != "device":
        return chosen
    devices = [each.cell.device for each in gathered if each.cell.kind is kind]
    emulated = [name for name in devices if name in DRIVERS and DRIVERS[name].io_path is IoPath.EMULATED]
    return (emulated or devices)[0]
