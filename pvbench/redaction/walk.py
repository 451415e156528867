"""Any noun of a run → its texts, and the same noun with each text rewritten."""

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from pvbench.model import Workload
from pvbench.redaction import own_words

Rewrite = Callable[[str], str]


def texts(noun: object) -> Iterator[str]:
    """Yield every text that a noun holds, those of enumerations not: they are the program's own."""
    if isinstance(noun, Enum):
        return
    if isinstance(noun, str):
        yield noun
    elif isinstance(noun, dict):
        for pair in noun.items():
            yield from texts(pair)
    elif isinstance(noun, tuple | list | frozenset | set):
        for each in noun:
            yield from texts(each)
    elif is_dataclass(noun):
        for field in fields(noun):
            yield from texts(getattr(noun, field.name))


def pairs(noun: object) -> Iterator[tuple[str, str]]:
    """Yield every pair of texts that a noun holds: a fact's name and the fact."""
    if isinstance(noun, tuple | list):
        if len(noun) == 2 and all(type(each) is str for each in noun):
            yield noun[0], noun[1]
        for each in noun:
            yield from pairs(each)
    elif isinstance(noun, dict):
        yield from pairs(list(noun.items()))
    elif is_dataclass(noun) and not isinstance(noun, Enum):
        for field in fields(noun):
            yield from pairs(getattr(noun, field.name))


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
        for field in fields(noun):
            value = getattr(noun, field.name)
            made[field.name] = self.text(value) if field.name == "host" and isinstance(value, str) else self(value)
            if field.name == "tunables" and isinstance(value, tuple):
                made[field.name] = tuple(sorted(made[field.name]))
        return type(noun)(**made)
