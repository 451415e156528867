"""The base of enumerations whose words are stored and printed, each with a sentence that says what it means."""

from enum import StrEnum
from typing import Self


class Described(StrEnum):
    """A word, what it means in a sentence, and what to do about it; "" where nothing is to be done."""

    meaning: str
    remedy: str

    def __new__(cls, word: str, meaning: str = "", remedy: str = "") -> Self:
        """Return the member for a row of (word, meaning, remedy)."""
        member = str.__new__(cls, word)
        member._value_ = word
        member.meaning, member.remedy = meaning, remedy
        return member
