"""What a configuration sets, looked up by key: as a text, a number or the entries of a list, whichever xl reads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pvbench.xen.imports.nouns import Note
from pvbench.xen.imports.values import NotEvaluated, Value
from pvbench.xen.imports.words import Place

MOST_ENTRIES = 256
_BOOLEANS: Mapping[str, int] = {"yes": 1, "true": 1, "on": 1, "no": 0, "false": 0, "off": 0}
"""What xm took for 1 and 0."""


@dataclass(frozen=True)
class Lookup:
    """The values of a configuration's keys and where each is set; `tell` is told what becomes of one."""

    values: Mapping[str, Value]
    keys: Mapping[str, Place]
    file: str
    tell: Callable[[Note], None]

    def known(self, name: str) -> Value | None:
        """Return a key's value, None where it is not there. Raises ConfigError for one that would have to be run."""
        value = self.values.get(name)
        try:
            return None if value is None else value.known()
        except NotEvaluated as why:
            raise why.place.problem(f"{name} cannot be known: {why.reason}", "write the value itself there") from None

    def text(self, name: str) -> str | None:
        """Return a key's text; a number is one too, for xl."""
        value = self.known(name)
        if value is None:
            return None
        if isinstance(value.data, tuple):
            raise value.place.problem(f"{name} is a text, not a list")
        return str(value.data).strip() or None

    def number(self, name: str) -> int | None:
        """Return a key's number, which may stand in quotes."""
        text = self.text(name)
        if text is None:
            return None
        if text.lower() in _BOOLEANS:
            return _BOOLEANS[text.lower()]
        try:
            return int(text, 0)
        except ValueError:
            pass
        if text.isdecimal() and len(text) < 19:
            return int(text)
        raise self.values[name].place.problem(f"{name} is a whole number, not '{text[:40]}'")

    def lines(self, name: str) -> tuple[Value, ...]:
        """Return the entries of a list; one text is a list of one."""
        value = self.known(name)
        if value is None:
            return ()
        if isinstance(value.data, tuple):
            if len(value.data) > MOST_ENTRIES:
                raise value.place.problem(
                    f"{name} has {len(value.data)} entries, and no guest more than {MOST_ENTRIES}"
                )
            return value.data
        if value.data in ("", 0):
            return ()
        self.tell(Note(value.place, f"{name} became a list", "xl reads it as a list alone"))
        return (value,)

    def quietly(self, name: str) -> str:
        """Return a key's text, "" where it has none or it would have to be run."""
        value = self.values.get(name)
        return value.data if value is not None and value.unknown is None and isinstance(value.data, str) else ""

    def place(self, *names: str) -> Place:
        """Return where the first of some keys that is there is set, else where the file begins."""
        return next((self.keys[name] for name in names if name in self.keys), Place(self.file, 1, 1))
