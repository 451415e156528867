"""Any noun of a run with texts of one's own behind the texts that it holds."""

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from itertools import cycle
from typing import Any

from pvbench.redaction.own_words import NAMES

KEPT = frozenset({"TrialSpec", "Reading"})
"""Nouns that the rest of a run refers to, or that no reader shows."""
AS_THEY_ARE = frozenset({"started", "booted", "plan", "reason"})


def planted(noun: Any, texts: Sequence[str], every: int = 1) -> Any:
    """Return a noun with the next of the texts behind each text that it holds, or behind each third one, and so on."""
    turn = cycle([*[""] * (every - 1), "here"])
    return _planted(noun, cycle(texts), turn)


def _planted(noun: Any, texts: Iterator[str], turn: Iterator[str]) -> Any:
    if isinstance(noun, Enum) or noun is None or isinstance(noun, int | float) or noun in NAMES:
        return noun
    if isinstance(noun, str):
        return f"{noun} {next(texts)}" if next(turn) else noun
    if isinstance(noun, tuple):
        return tuple(_planted(each, texts, turn) for each in noun)
    if is_dataclass(noun) and not isinstance(noun, type) and type(noun).__name__ not in KEPT:
        made = {
            field.name: getattr(noun, field.name)
            if field.name in AS_THEY_ARE
            else _planted(getattr(noun, field.name), texts, turn)
            for field in fields(noun)
        }
        return type(noun)(**made)
    return noun
