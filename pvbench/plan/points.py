"""What one boot gives to everything in it."""

from collections.abc import Mapping
from dataclasses import dataclass

from pvbench.model import BUILTIN_GUEST, Arm, GuestMode, Scalar, Values, canonical, digest


@dataclass(frozen=True)
class Point:
    """What one boot gives to everything in it: the guest's image and mode, and what the boot is asked for."""

    guest: str
    mode: GuestMode
    tunables: Values

    @classmethod
    def of(cls, arm: Arm) -> "Point":
        """Return the point of an arm."""
        return cls(arm.guest, arm.mode, arm.tunables)

    @property
    def parts(self) -> Mapping[str, Scalar]:
        """What it consists of, by the names of factors."""
        return {"guest": self.guest, "mode": self.mode.value} | dict(self.tunables)

    @property
    def rank(self) -> tuple[str, str, str]:
        """What points are sorted by."""
        return canonical(dict(self.tunables)), self.guest, self.mode

    @property
    def tag(self) -> str:
        """What tells its boots from those of others by name; nothing where it is as usual."""
        told: dict[str, object] = dict(self.tunables)
        if self.guest != BUILTIN_GUEST:
            told = {"tunables": told, "guest": self.guest}
        mode = "" if self.mode is GuestMode.HVM else f"-{self.mode}"
        return mode + (f"-{digest(told, 6)}" if told else "")
