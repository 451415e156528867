"""Whether a noun that was read from JSON holds what its fields are declared to hold. Pure."""

from functools import cache
from types import UnionType
from typing import Any, TypeVar, get_args, get_type_hints

T = TypeVar("T")


def of_its_kinds(noun: T) -> T:
    """Return a frozen dataclass whose plain fields hold what they are declared to; raises ValueError for another."""
    own: Any = type(noun)
    for name, kinds in _kinds(own).items():
        value = getattr(noun, name)
        if not isinstance(value, kinds):
            raise ValueError(f"{name} holds something of another kind: {str(value)[:40]!r}")
    return noun


@cache
def _kinds(noun: type[Any]) -> dict[str, tuple[type, ...]]:
    """Return the classes of each field that is of a class or a union of them; a whole number is a float too."""
    kinds: dict[str, tuple[type, ...]] = {}
    for name, hint in get_type_hints(noun).items():
        classes = get_args(hint) if isinstance(hint, UnionType) else (hint,)
        if all(isinstance(each, type) for each in classes):
            kinds[name] = (*classes, int) if float in classes else classes
    return kinds
