"""Statements → what a configuration sets; code is passed over, and whatever depends on it is unknown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from pvbench.xen.imports.values import MOST_MADE, NotEvaluated, Reader, Value
from pvbench.xen.imports.words import Kind, Place, Statement, Word, statements

_BLOCKS = ("if", "for", "while", "try", "with", "def", "class", "elif", "else", "except", "finally", "@")
_GOES_ON = ("elif", "else", "except", "finally")
_MUST_RUN = ("exec", "execfile", "assert", "raise", "return", "global", "del", "yield", "break", "continue")
_BINDING = ("import", "from", "for")
_SETS = ("=", "+=", "-=", "*=", "/=", "%=", "|=", "&=")


@dataclass(frozen=True)
class NotRun:
    """A part of the file that would have to be run; nothing of the guest depends on it."""

    place: Place
    what: str


@dataclass
class Settings:
    """The last value of each name, in the order of first mention; which were only used to make others; what repeats.

    `code` are names that imports, functions and blocks made, and nothing else; `left` is as for a Reader.
    """

    values: dict[str, Value] = field(default_factory=dict)
    keys: dict[str, Place] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    not_run: list[NotRun] = field(default_factory=list)
    repeated: list[tuple[str, Place, Place]] = field(default_factory=list)
    code: set[str] = field(default_factory=set)
    left: int = MOST_MADE


def read_settings(text: str, file: str) -> Settings:
    """Read a configuration of xm or xl. Raises ConfigError for what neither could read."""
    made, lines = Settings(), list(statements(text, file))
    at = 0
    while at < len(lines):
        first = lines[at].words[0]
        end = _end_of_block(lines, at) if first.text in _BLOCKS and first.kind in (Kind.NAME, Kind.SIGN) else at + 1
        if end > at + 1 or _opens_block(lines[at]):
            _pass_over(made, lines[at:end])
        else:
            _one(made, lines[at].words)
        at = end
    return made


def _opens_block(statement: Statement) -> bool:
    first = statement.words[0]
    return first.text in _BLOCKS and any(word.text == ":" and word.kind is Kind.SIGN for word in statement.words)


def _end_of_block(lines: Sequence[Statement], at: int) -> int:
    """Return where what belongs to an `if`, a `def` or the like ends."""
    indent, end = lines[at].indent, at + 1
    line = lines[at].words[0].place.line
    while end < len(lines):
        first = lines[end].words[0]
        same_line = lines[end].words[0].place.line == line
        if not (lines[end].indent > indent or same_line or (lines[end].indent == indent and first.text in _GOES_ON)):
            break
        line = first.place.line if first.text in _GOES_ON else line
        end += 1
    return end


def _pass_over(made: Settings, block: Sequence[Statement]) -> None:
    """Make whatever a block may set unknown, and note the block."""
    first, last = block[0].words[0], block[0].words[-1]
    if len(block) == 1 and last.text == ":" and last.kind is Kind.SIGN:
        raise first.place.problem(f"what belongs to this '{first.text}' is not indented, as Python wants it")
    what = {"def": "a function", "class": "a class"}.get(first.text, f"a block of code ('{first.text}')")
    reason = f"it depends on {what} that begins in line {first.place.line}, and code is never run"
    if first.text in ("def", "class"):
        names = [
            *block[0].words[1:2],
            *(word for each in block if each.words[0].text == "global" for word in each.words),
        ]
    else:
        names = [word for each in block for word in _may_be_set(made, each.words)]
    for word in names:
        if word.kind is Kind.NAME:
            _by_code_alone(made, word, reason)
    for each in block:
        if any(word.text in ("exec", "execfile") and word.kind is Kind.NAME for word in each.words):
            raise each.words[0].place.problem("code that is run from elsewhere could set anything")
    made.not_run.append(NotRun(first.place, what))


def _may_be_set(made: Settings, words: Sequence[Word]) -> Iterator[Word]:
    """Yield the names that a statement may set, or change by a method."""
    if words[0].text in _BINDING:
        bound = words[: next((at for at, word in enumerate(words) if word.text == "in"), len(words))]
        yield from (word for word in bound if word.kind is Kind.NAME)
    for word, behind in pairwise(words):
        if word.kind is not Kind.NAME or behind.kind is not Kind.SIGN:
            continue
        list_of_ours = word.text in made.values and isinstance(made.values[word.text].data, tuple)
        if behind.text in _SETS or (behind.text in (".", "[") and list_of_ours):
            yield word


def _one(made: Settings, words: Sequence[Word]) -> None:
    """Read one statement that is no block."""
    first, second = words[0], words[1] if len(words) > 1 else None
    if first.kind is Kind.TEXT and second is None:  # a comment, as some write it in Python
        return
    if first.kind is not Kind.NAME:
        raise first.place.problem("'name = value' is expected here")
    if first.text in ("import", "from"):
        _imported(made, words)
    elif first.text in ("print", "pass"):
        made.not_run.append(NotRun(first.place, f"'{first.text}'"))
    elif first.text in _MUST_RUN:
        raise first.place.problem(f"'{first.text}' needs running code, and a configuration is never executed")
    elif second is None:
        raise first.place.problem(f"'{first.text[:40]}' stands alone; 'name = value' is expected")
    elif second.kind is Kind.SIGN and second.text == "=":
        _assigned(made, words)
    elif second.kind is Kind.SIGN and second.text in _SETS:
        _changed(made, first, second, words[2:])
    elif second.kind is Kind.SIGN and second.text in (".", "[", "(", ","):
        _by_code(made, words)
    else:
        raise second.place.problem(f"'=' is expected behind '{first.text[:40]}'")


def _imported(made: Settings, words: Sequence[Word]) -> None:
    if words[-1].text == "*":
        raise words[0].place.problem(
            "an import of everything could set anything, and a configuration is never executed"
        )
    reason = f"it is what line {words[0].place.line} imports, and code is never run"
    for word in words[1:]:
        if word.kind is Kind.NAME and word.text not in ("import", "as"):
            _by_code_alone(made, word, reason)
    made.not_run.append(NotRun(words[0].place, "an import"))


def _assigned(made: Settings, words: Sequence[Word]) -> None:
    """Read `name = value`, or `name = other = value`."""
    targets, at = [words[0]], 2
    while len(words) > at + 1 and words[at].kind is Kind.NAME and words[at + 1].text == "=":
        if words[at + 1].kind is not Kind.SIGN:
            break
        targets.append(words[at])
        at += 2
    if len(words) == at:
        end = words[-1].place
        raise Place(end.file, end.line, end.column + 1).problem(f"a value for '{targets[-1].text}' is missing")
    value = _evaluated(made, words[at:])
    for target in targets:
        _set(made, target, value)


def _changed(made: Settings, name: Word, sign: Word, words: Sequence[Word]) -> None:
    """Read `name += value` and the like; xl takes += for a name that was not there before."""
    if not words:
        raise sign.place.problem(f"a value for '{name.text}' is missing")
    if name.text not in made.values:
        value = _evaluated(made, words)
    else:
        opening, closing = Word(Kind.SIGN, "(", name.place), Word(Kind.SIGN, ")", words[-1].place)
        plus = Word(Kind.SIGN, sign.text[:-1], sign.place)
        value = _evaluated(made, (name, plus, opening, *words, closing))
        made.used.discard(name.text)
    made.values[name.text] = value
    made.keys.setdefault(name.text, name.place)


def _by_code(made: Settings, words: Sequence[Word]) -> None:
    """Make unknown what a method, or an assignment to a part, changes; refuse what could change anything."""
    first = words[0]
    if first.text in made.values and first.text not in made.code and words[1].text in (".", "["):
        why = NotEvaluated(f"'{first.text}' is changed by code here", first.place)
        made.values[first.text] = Value(0, first.place, why)
        return
    if words[1].text == "," and any(word.text == "=" for word in words):
        why = NotEvaluated("several names are set at once here", first.place)
        for word in words[: [word.text for word in words].index("=")]:
            if word.kind is Kind.NAME:
                _set(made, word, Value(0, word.place, why))
        return
    raise first.place.problem(f"{first.text}{words[1].text}… is a call, and a configuration is never executed")


def _evaluated(made: Settings, words: Sequence[Word]) -> Value:
    reader = Reader(words, made.values, made.left)
    try:
        return reader.value()
    except NotEvaluated as why:
        return Value(0, words[0].place, why)
    finally:
        made.used |= reader.used
        made.left = reader.left


def _by_code_alone(made: Settings, name: Word, reason: str) -> None:
    if name.text not in made.values:
        made.code.add(name.text)
    _set(made, name, Value(0, name.place, NotEvaluated(reason, name.place)))


def _set(made: Settings, name: Word, value: Value) -> None:
    if name.text in made.keys and value.unknown is None:
        made.repeated.append((name.text, made.keys[name.text], name.place))
    made.values[name.text] = value
    made.keys[name.text] = name.place
