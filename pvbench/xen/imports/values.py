"""Words of an expression → a value: literals, names assigned before, + - * / and % on them. Nothing is executed."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from pvbench.xen.imports.words import Kind, Place, Word

MOST_MADE = 1 << 22
"""So many characters and list entries may a whole file make of others: doubling a text forty times must not fill us."""

MOST_NUMBER = 1 << 63

Data: TypeAlias = "str | int | tuple[Value, ...]"


class NotEvaluated(Exception):
    """A value that only running code would give; `reason` says why, `place` where."""

    def __init__(self, reason: str, place: Place) -> None:
        super().__init__(reason)
        self.reason, self.place = reason, place


@dataclass(frozen=True)
class Value:
    """What stands at a place: a text, a number or a list; or, as `unknown`, why that is not known."""

    data: Data
    place: Place
    unknown: NotEvaluated | None = None

    def known(self) -> "Value":
        """Return the value. Raises NotEvaluated for one that is not known."""
        if self.unknown is not None:
            raise self.unknown
        return self


_NUMBERS: Mapping[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "//": lambda a, b: a // b,
    "/": lambda a, b: a // b,  # as Python 2, which xm ran on
    "%": lambda a, b: a % b,
}
_BINDS = {"+": 1, "-": 1, "*": 2, "/": 2, "//": 2, "%": 2}
_CONSTANTS = {"True": 1, "False": 0}
_FORMAT = re.compile(r"%(?:\((\w+)\))?([-+ #0]*)(\d{0,3})(?:\.(\d{1,3}))?[hlL]?(.?)", re.DOTALL)


@dataclass
class Reader:
    """Reads one expression from the beginning of some words.

    `names` are what was assigned before, `left` how much may still be made of other values.
    """

    words: Sequence[Word]
    names: Mapping[str, Value]
    left: int = MOST_MADE
    at: int = 0
    used: set[str] = field(default_factory=set)

    def value(self) -> Value:
        """Return the value of all words; a comma at depth 0 makes a list, as it makes a tuple in Python."""
        first = self._sum(0)
        if self._sign(","):
            items = [first]
            while self._sign(","):
                self.at += 1
                if self.at < len(self.words):
                    items.append(self._sum(0))
            first = Value(tuple(items), first.place)
        if self.at < len(self.words):
            raise self._leftover(self.words[self.at])
        return first

    def _leftover(self, word: Word) -> Exception:
        if word.kind is Kind.NAME and word.text in ("if", "and", "or", "not", "in", "is", "for", "else", "lambda"):
            return NotEvaluated(f"'{word.text}' is a decision that only running the file would take", word.place)
        if word.kind is Kind.SIGN and word.text not in ")]},:=":
            return NotEvaluated(f"{word.text} is not reckoned; + - * / and % are", word.place)
        return word.place.problem(f"{_shown(word)} is one too many behind a value")

    def _sign(self, *texts: str) -> bool:
        return (
            self.at < len(self.words)
            and self.words[self.at].kind is Kind.SIGN
            and (self.words[self.at].text in texts if texts else True)
        )

    def _sum(self, least: int) -> Value:
        left = self._factor()
        while self._sign(*_BINDS) and _BINDS[self.words[self.at].text] > least:
            sign = self.words[self.at]
            self.at += 1
            left = _reckoned(left, sign, self._sum(_BINDS[sign.text]))
            self.left -= 1 if isinstance(left.data, int) else len(left.data)
            if self.left < 0:
                raise sign.place.problem(f"what this file joins is more than {MOST_MADE} characters in all")
        return left

    def _factor(self) -> Value:
        signs = list[Word]()
        while self._sign("-", "+"):
            signs.append(self.words[self.at])
            self.at += 1
        found = self._atom()
        if self._sign("(", ".", "["):
            sign = self.words[self.at]
            what = {"(": "a call", ".": "a method or an attribute", "[": "an element of a list"}[sign.text]
            raise NotEvaluated(f"{what} needs running code", sign.place)
        if not signs:
            return found
        if not isinstance(found.data, int):
            raise signs[-1].place.problem(f"{signs[-1].text} stands before what is no number")
        minus = sum(sign.text == "-" for sign in signs) % 2
        return Value(-found.data if minus else found.data, signs[0].place)

    def _atom(self) -> Value:
        if self.at >= len(self.words):
            end = self.words[-1].place
            raise Place(end.file, end.line, end.column + len(self.words[-1].text)).problem("a value is missing here")
        word = self.words[self.at]
        self.at += 1
        match word.kind:
            case Kind.NUMBER:
                return Value(word.number, word.place)
            case Kind.TEXT:
                text = word.text
                while self.at < len(self.words) and self.words[self.at].kind is Kind.TEXT:
                    text += self.words[self.at].text
                    self.at += 1
                return Value(text, word.place)
            case Kind.NAME:
                return self._named(word)
            case Kind.ODD:
                raise NotEvaluated(word.text, word.place)
        if word.text in "([":
            return self._list(word)
        if word.text == "{":
            raise NotEvaluated("a dictionary is not evaluated", word.place)
        raise word.place.problem(f"{_shown(word)} stands where a value is expected")

    def _named(self, word: Word) -> Value:
        if word.text in _CONSTANTS:
            return Value(_CONSTANTS[word.text], word.place)
        if word.text in ("not", "lambda", "None", "await", "yield"):
            raise NotEvaluated(f"'{word.text}' gives no text, number or list", word.place)
        if word.text not in self.names:
            if self._sign("(", "."):
                raise NotEvaluated(f"{word.text}{self.words[self.at].text}… needs running code", word.place)
            raise NotEvaluated(
                f"'{word.text}' is neither in quotes nor assigned above; xm took such names from its command line",
                word.place,
            )
        self.used.add(word.text)
        value = self.names[word.text]
        if (why := value.unknown) is not None:
            nested = why.reason.startswith("'")
            raise NotEvaluated(why.reason if nested else f"'{word.text}' is not: {why.reason}", word.place)
        return Value(value.data, word.place)

    def _list(self, opening: Word) -> Value:
        closing, items, commas = {"(": ")", "[": "]"}[opening.text], list[Value](), 0
        while not self._sign(closing):
            if items and commas < len(items):
                raise self._leftover(self.words[self.at])
            items.append(self._sum(0))
            if self._sign(","):
                commas += 1
                self.at += 1
        self.at += 1
        if opening.text == "(" and len(items) == 1 and not commas:
            return items[0]
        return Value(tuple(items), opening.place)


def _reckoned(left: Value, sign: Word, right: Value) -> Value:
    """Return what an operator makes of two values."""
    one, other = left.data, right.data
    if sign.text == "%" and isinstance(one, str):
        return Value(_formatted(one, other, sign.place), left.place)
    if isinstance(one, int) and isinstance(other, int):
        if other == 0 and sign.text in ("/", "//", "%"):
            raise sign.place.problem("a division by 0")
        number = _NUMBERS[sign.text](one, other)
        if abs(number) >= MOST_NUMBER:
            raise sign.place.problem("this number is larger than any that xl knows")
        return Value(number, left.place)
    if sign.text == "+" and isinstance(one, str) and isinstance(other, str):
        return Value(one + other, left.place)
    if sign.text == "+" and isinstance(one, tuple) and isinstance(other, tuple):
        return Value(one + other, left.place)
    if sign.text == "+":
        raise sign.place.problem(f"{_kind(one)} and {_kind(other)} cannot be joined by +")
    raise NotEvaluated(f"{_kind(one)} {sign.text} {_kind(other)} is not reckoned", sign.place)


def _formatted(template: str, given: Data, place: Place) -> str:
    """Return Python's `template % given`, for texts and whole numbers."""
    rest = [item.data for item in given] if isinstance(given, tuple) else [given]

    def one(match: re.Match[str]) -> str:
        name, flags, width, precision, letter = match.groups()
        if letter == "%":
            return "%"
        if name or letter not in tuple("sdiuxXor"):
            raise NotEvaluated(f"{match[0]!r} in a text before % is not filled in here", place)
        if not rest:
            raise place.problem("there are fewer values behind % than the text has places")
        value = rest.pop(0)
        if letter in "sr":
            if isinstance(value, tuple) or letter == "r":
                raise NotEvaluated(f"{match[0]!r} in a text before % is not filled in here", place)
            text = str(value)[: int(precision) if precision else None]
            return text.ljust(int(width or 0)) if "-" in flags else text.rjust(int(width or 0))
        if not isinstance(value, int):
            raise place.problem(f"{match[0]!r} is filled with {_kind(value)}, not with a number")
        form = f"%{flags}{width}{'.' + precision if precision else ''}{letter}"
        return form % value

    text = _FORMAT.sub(one, template)
    if rest:
        raise place.problem("there are more values behind % than the text has places")
    return text


def _kind(data: Data) -> str:
    return {str: "a text", int: "a number", tuple: "a list"}[type(data)]


def _shown(word: Word) -> str:
    return word.text[:40] if word.kind is Kind.SIGN else f"'{word.text[:40]}'"
