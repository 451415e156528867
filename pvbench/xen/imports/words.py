"""Text of a configuration → statements of words, each with its place. Nothing is evaluated.

The spelling is Python's, which xm executed (xmdomain.cfg(5)), and of which xl reads a part (xl.cfg(5); the words are
those of tools/libs/util/libxlu_cfg_l.l): strings in either quotes, numbers, lists over lines, `;` and line ends.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from pvbench.errors import ConfigError

MOST_DEPTH = 40
"""So deep may brackets stand in brackets; xl's own lists are two deep."""


@dataclass(frozen=True)
class Place:
    """Where in which file, counted from 1."""

    file: str
    line: int
    column: int

    def problem(self, reason: str, hint: str | None = None) -> ConfigError:
        """Return an error at this place."""
        return ConfigError(reason, place=f"{self.file}:{self.line}:{self.column}", hint=hint)


class Kind(StrEnum):
    """What a word is."""

    NAME = "name"
    TEXT = "text"
    NUMBER = "number"
    SIGN = "sign"
    ODD = "odd"
    """What Python may know and a configuration has no use for; `text` says what is wrong with it."""


@dataclass(frozen=True)
class Word:
    """One word; `text` is what a string says, quotes and escapes resolved. `raw` strings know no escapes."""

    kind: Kind
    text: str
    place: Place
    number: int = 0


@dataclass(frozen=True)
class Statement:
    """The words up to a line end or `;`, and the column its line begins in, from 0."""

    words: tuple[Word, ...]
    indent: int


_WORD = re.compile(
    r"""
    (?P<blank>[ \t\f\r]+ | \\\r?\n | \#[^\n]*)
  | (?P<end>\n | ;)
  | (?P<string>[rRuUbBfF]{0,2}(?:'''|\"\"\"|'|"))
  | (?P<name>[^\W\d]\w*)
  | (?P<number>\d[\w.]*)
  | (?P<sign>\*\* | // | <<=? | >>=? | [-+*/%&|^=!<>]= | [-+*/%&|^~=<>()\[\]{},:.@])
    """,
    re.VERBOSE,
)
_NUMBER = re.compile(r"(0[xX][0-9a-fA-F]{1,16}|0[oO]?[0-7]{1,21}|0|[1-9]\d{0,18})[lL]?")
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|([0-7]{1,3})|\n|(.))", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_CLOSED_BY = {"(": ")", "[": "]", "{": "}"}


def statements(text: str, file: str) -> tuple[Statement, ...]:
    """Return the statements of a configuration. Raises ConfigError for what is no word, or is not closed."""
    found, words, opened = list[Statement](), list[Word](), list[Word]()
    at, line, start, indent = 0, 1, 0, 0
    while at < len(text):
        place = Place(file, line, at - start + 1)
        match = _WORD.match(text, at)
        if match is None:
            raise place.problem(f"{text[at]!r} means nothing here")
        kind, end = match.lastgroup or "", match.end()
        if kind == "string":
            word, end = _string(text, match, place)
            words.append(word)
        elif kind == "end" and not (opened and match[0] == "\n"):
            if opened:
                raise opened[-1].place.problem(f"this {opened[-1].text} is not closed before the ';'")
            found += [Statement(tuple(words), indent)] if words else []
            words = []
        elif kind not in ("blank", "end"):
            indent = at - start if not words and not text[start:at].strip() else indent
            words.append(_word(kind, match[0], place))
            _nest(opened, words[-1])
        for _ in range(text.count("\n", at, end)):
            line, start = line + 1, text.index("\n", start) + 1
        at = end
    if opened:
        raise opened[-1].place.problem(f"this {opened[-1].text} is never closed")
    return (*found, *([Statement(tuple(words), indent)] if words else []))


def _word(kind: str, text: str, place: Place) -> Word:
    if kind != "number":
        return Word(Kind(kind), text, place)
    if (match := _NUMBER.fullmatch(text)) is None:
        return Word(Kind.ODD, f"{text[:40]} is no whole number that xl knows", place)
    digits = match[1]
    base = 10 if digits.isdecimal() and (digits[0] != "0" or digits == "0") else 8
    value = int(digits, 16) if digits[:2] in ("0x", "0X") else int(digits.lower().replace("o", ""), base)
    return Word(Kind.NUMBER, text, place, value)


def _nest(opened: list[Word], word: Word) -> None:
    """Keep account of brackets. Raises ConfigError for one that closes none, or another."""
    if word.kind is not Kind.SIGN:
        return
    if word.text in _CLOSED_BY:
        opened.append(word)
        if len(opened) > MOST_DEPTH:
            raise word.place.problem(f"more than {MOST_DEPTH} brackets stand in one another")
    elif word.text in _CLOSED_BY.values():
        if not opened or _CLOSED_BY[opened[-1].text] != word.text:
            opening = f", but {opened[-1].text} of line {opened[-1].place.line} is open" if opened else ""
            raise word.place.problem(f"this {word.text} closes nothing{opening}")
        opened.pop()


def _string(text: str, opening: re.Match[str], place: Place) -> tuple[Word, int]:
    """Return the string that begins here, and where it ends."""
    prefix = opening[0].rstrip("'\"").lower()
    quotes = opening[0][len(prefix) :]
    body = r"(?:[^\\]|\\.)*?" if len(quotes) == 3 else rf"(?:[^\\\n{quotes}]|\\.)*"
    match = re.compile(f"({body}){quotes}", re.DOTALL).match(text, opening.end())
    if match is None:
        raise place.problem(f"this string has no {quotes} at its end")
    odd = next((char for char in match[1] if not (char.isprintable() or char in "\t\n")), None)
    if odd is not None:
        raise place.problem(f"this string holds {odd!r}, which is not seen")
    if "f" in prefix:
        return Word(Kind.ODD, "an f-string is code", place), match.end()
    said = match[1] if "r" in prefix else _ESCAPE.sub(_unescaped, match[1])
    unwritten = next((char for char in said if not (char.isprintable() or char in _ESCAPED.values())), None)
    if unwritten is not None:
        raise place.problem(f"this string makes {unwritten!r}, and xl has no way to write that (libxlu_cfg.c)")
    return Word(Kind.TEXT, said, place), match.end()


def _unescaped(escape: re.Match[str]) -> str:
    hexadecimal, octal, char = escape.groups()
    if hexadecimal or octal:
        return chr(int(hexadecimal or octal, 16 if hexadecimal else 8) & 0xFF)
    if char is None:  # a line that goes on
        return ""
    return _ESCAPED.get(char, char if char in "\\'\"" else f"\\{char}")
