"""What one boot gives to everything in it."""

from collections.abc import Mapping
from dataclasses import dataclass

from pvbench.model import BUILTIN_GUEST, STOCK, Arm, GuestMode, Scalar, Values, canonical, digest


@dataclass(frozen=True)
class Point:
    """What one boot gives to everything in it: the guest's image and mode, what it is asked for, its drivers."""

    guest: str
    mode: GuestMode
    tunables: Values
    frontends: str = STOCK
    backends: str = STOCK

    @classmethod
    def of(cls, arm: Arm) -> "Point":
        """Return the point of an arm."""
        return cls(arm.guest, arm.mode, arm.tunables, arm.frontends, arm.backends)

    @property
    def parts(self) -> Mapping[str, Scalar]:
        """What it consists of, by the names of factors."""
        return {"guest": self.guest, "mode": self.mode.value, **self._drivers} | dict(self.tunables)

    @property
    def _drivers(self) -> Mapping[str, str]:
        return {"frontends": self.frontends, "backends": self.backends}

    @property
    def rank(self) -> tuple[object, ...]:
        """What points are sorted by; those of the kernel's own drivers come first."""
        builds = tuple((build != STOCK, build) for build in self._drivers.values())
        return canonical(dict(self.tunables)), self.guest, self.mode, builds

    @property
    def tag(self) -> str:
        """What tells its boots from those of others by name; nothing where it is as usual."""
        told: dict[str, object] = dict(self.tunables)
        if self.guest != BUILTIN_GUEST:
            told = {"tunables": told, "guest": self.guest}
        told |= {name: build for name, build in self._drivers.items() if build != STOCK}
        mode = "" if self.mode is GuestMode.HVM else f"-{self.mode}"
        return mode + (f"-{digest(told, 6)}" if told else "")
