"""Identifiers → their stand-ins, and texts with the one put in the other's place."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from pvbench.redaction import encoded
from pvbench.redaction.kinds import Kind, address

SHORT = 4
"""An identifier of fewer characters is replaced only where it is a word."""
_DIGITS = re.compile(r"[0-9a-fA-F]{1,11}|\d+")
"""What may also be part of a figure or of a digest."""


@dataclass(frozen=True)
class Identifier:
    """What is taken out, its kind and what stands for it. A `common` one is replaced only where it is a word."""

    text: str
    kind: Kind
    stand_in: str
    common: bool = False

    @cached_property
    def probe(self) -> str:
        """A part of it in small letters, without which a text does not hold it."""
        parts = re.findall(r"[^\W_]+", self.text.casefold())
        whole = max(parts, key=len, default=self.text.casefold())
        return whole[:2] if self.kind in {Kind.MAC, Kind.SERIAL} else whole

    @cached_property
    def pattern(self) -> str:
        """How it may be written: with other separators too, or none where it is a MAC address or a UUID."""
        if self.kind in {Kind.MAC, Kind.FINGERPRINT} and re.fullmatch(r"[0-9a-fA-F:.-]+", self.text):
            digits = re.sub(r"[^0-9a-f]", "", self.text.casefold())
            body = "[-:. ]?".join(digits[at : at + 2] for at in range(0, len(digits), 2))
            return rf"(?<![0-9a-f]){body}(?![0-9a-f])"
        pieces = re.split(r"([^A-Za-z0-9]+)", self.text)
        body = "".join(re.escape(piece) if piece.isalnum() else _separator(piece, self.kind) for piece in pieces)
        before, after = _edge(self.text[0], self.common), _edge(self.text[-1], self.common)
        return (rf"(?<![{before}])" if before else "") + body + (rf"(?![{after}])" if after else "")


class Names:
    """The identifiers of a report, each with one stand-in."""

    def __init__(self, is_common: Callable[[str], bool], taken: Callable[[str], bool] = lambda _: False) -> None:
        """Take which texts are ordinary words, and which stand-ins the run itself already says."""
        self._is_common, self._taken = is_common, taken
        self._by_key: dict[str, Identifier] = {}
        self._numbers: Counter[Kind] = Counter()

    def add(self, kind: Kind, text: str, stand_in: str = "") -> None:
        """Give an identifier a stand-in, unless it has one; left out, the next of its kind."""
        key = _key(kind, text)
        if text.casefold() in self._by_key:
            return
        known = self._by_key.get(key)
        common = len(text) < SHORT or bool(_DIGITS.fullmatch(text)) or self._is_common(text)
        stand_in = stand_in or (known.stand_in if known else self._next(kind))
        made = Identifier(text, known.kind if known else kind, stand_in, common)
        self._by_key.setdefault(key, made)
        self._by_key[text.casefold()] = made
        self.__dict__.pop("_all", None)

    def __iter__(self) -> Iterator[Identifier]:
        return iter(dict.fromkeys(self._by_key.values()))

    def counts(self) -> dict[Kind, int]:
        """Return how many of each kind there are, in the order of the kinds."""
        found = Counter(kind for _, kind in {(each.stand_in, each.kind) for each in self})
        return {kind: found[kind] for kind in Kind if found[kind]}

    def replaced(self, text: str) -> str:
        """Return a text with stand-ins for all identifiers, those that percent signs, base64 and the like hide too."""
        text = self._plainly(text)
        if ("%" in text or "&" in text or "\\" in text) and (open_ := encoded.plain(text)) != text:
            again = self._plainly(open_)
            text = again if again != open_ else text
        for piece, said in list(encoded.hidden(text)):
            if any(len(each.text) >= SHORT for each in self.in_view(said, everything=True)):
                self.add(Kind.ENCODED, piece)
                text = text.replace(piece, self._by_key[piece.casefold()].stand_in)
        return text

    def in_view(self, text: str, *, everything: bool = False) -> list[Identifier]:
        """Return the identifiers that a text still holds; common ones only where `everything` is asked for."""
        folded = text.casefold()
        return [
            each
            for each in self._all
            if everything or not each.common
            if each.probe in folded and re.search(each.pattern, text, re.IGNORECASE)
        ]

    def _plainly(self, text: str) -> str:
        folded = text.casefold()
        there = [each for each in self._all if each.probe in folded]
        if not there:
            return text
        pattern = "|".join(f"(?P<n{number}>{each.pattern})" for number, each in enumerate(there))
        return re.sub(pattern, lambda match: there[int(str(match.lastgroup)[1:])].stand_in, text, flags=re.IGNORECASE)

    @cached_property
    def _all(self) -> list[Identifier]:
        """All, the longest first: what holds another is replaced as a whole."""
        return sorted(self, key=lambda each: -len(each.text))

    def _next(self, kind: Kind) -> str:
        while True:
            self._numbers[kind] += 1
            name = f"{kind.value}-{self._numbers[kind]}"
            if not self._taken(name):
                return name


def _key(kind: Kind, text: str) -> str:
    """Return what two ways to write one identifier have in common."""
    if kind is Kind.MAC:
        return re.sub(r"[^0-9a-f]", "", text.casefold())
    return str(address(text) or text) if kind is Kind.ADDRESS else text.casefold()


def _separator(piece: str, kind: Kind) -> str:
    if not piece:
        return ""
    if piece == "-" and kind is Kind.SERIAL:
        return "[-_. ]?"
    return f"(?:{re.escape(piece)}|[-_.])" if piece in "-._:" else re.escape(piece)


def _edge(char: str, common: bool) -> str:
    """Return what may not stand beside an identifier that begins or ends so."""
    if not char.isalnum():
        return ""
    if common:
        return "A-Za-z0-9"
    return "0-9" if char.isdigit() else ""
