"""Any noun of a run → its texts, and the same noun with each text rewritten."""

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from functools import cache
from typing import Any

from pvbench.model import Workload
from pvbench.redaction import own_words

Rewrite = Callable[[str], str]
NUMBERS = frozenset({"latency_bins", "bins", "windows", "disturbed_above"})
"""Fields that hold numbers alone, often thousands."""


def leaves(noun: object) -> Iterator[str | tuple[str, str]]:
    """Yield every text that a noun holds, and every pair of texts, a fact's name and the fact, before its texts.

    Those of enumerations are the program's own, and left out.
    """
    kind: Any = type(noun)
    if kind is str:
        yield noun  # type: ignore[misc]
    elif kind is tuple or kind is list:
        items: Any = noun
        if len(items) == 2 and type(items[0]) is str and type(items[1]) is str:
            yield items[0], items[1]
        for each in items:
            yield from leaves(each)
    elif kind is dict:
        yield from leaves(list(noun.items()))  # type: ignore[attr-defined]
    else:
        for name in _fields(kind):
            yield from leaves(getattr(noun, name))


@cache
def _fields(kind: Any) -> tuple[str, ...]:
    """Return the fields of a dataclass that may hold text; none of any other type."""
    return tuple(each.name for each in fields(kind) if each.name not in NUMBERS) if is_dataclass(kind) else ()


class Rewriter:
    """Makes nouns anew with each text rewritten; what is shared between nouns stays shared."""

    def __init__(self, rewrite: Rewrite, own: frozenset[str] = frozenset()) -> None:
        """Take how a text is rewritten, and the names of pvbench's own tables, which stay as they are."""
        self._rewrite, self._own = rewrite, own
        self._texts: dict[str, str] = {}
        self._shared: dict[int, tuple[object, Any]] = {}

    def __call__(self, noun: Any) -> Any:
        """Return the noun rewritten."""
        if isinstance(noun, Enum) or noun is None or isinstance(noun, int | float):
            return noun
        if isinstance(noun, str):
            return noun if noun in self._own else self.text(noun)
        if isinstance(noun, tuple | list):
            return type(noun)(map(self, noun))
        if isinstance(noun, dict):
            return {self(key): self(value) for key, value in noun.items()}
        if isinstance(noun, Workload):
            return self._workload(noun)
        if id(noun) not in self._shared:
            self._shared[id(noun)] = noun, self._made(noun)
        return self._shared[id(noun)][1]

    def text(self, text: str) -> str:
        """Return a text rewritten, whatever it is the name of."""
        if text not in self._texts:
            self._texts[text] = self._rewrite(text)
        return self._texts[text]

    def _workload(self, load: Workload) -> Workload:
        """Return a workload; what it is of pvbench's own words (`randread`) stays, whatever a host is called."""
        said = [each for _, each in load.params if isinstance(each, str) and each not in own_words.words()]
        if not said:
            return load
        params = tuple((name, self(value) if value in said else value) for name, value in load.params)
        return Workload(load.tool, params)

    def _made(self, noun: Any) -> Any:
        if not is_dataclass(noun) or isinstance(noun, type):
            return noun
        made = {}
        for name in _fields(type(noun)):
            value = getattr(noun, name)
            made[name] = self.text(value) if name == "host" and isinstance(value, str) else self(value)
            if name == "tunables" and isinstance(value, tuple):
                made[name] = tuple(sorted(made[name]))
        return replace(noun, **made)
