"""What a log puts before each line of an output (a container's name, a time, a quotation's mark) → the output alone."""

import re

_BEGINS = re.compile(r"^(?P<prefix>[ \t]*[^\s{}\"][^\n{}\"]{0,120}?)\{[ \t]*$", re.MULTILINE)
_LOOKED_AT = 4
"""So many lines below the first have to have the prefix too."""


def without_prefix(text: str) -> str:
    """Return a text without the prefix that stands before its first JSON document and each line below; digits vary."""
    begun = _BEGINS.search(text)
    if begun is None:
        return text
    pattern = re.compile(
        "^" + re.sub(r"(?:\\?\d)+", r"\\d+", re.escape(begun["prefix"].rstrip())) + "[ ]?", re.MULTILINE
    )
    below = [line for line in text[begun.end() : begun.end() + 4000].split("\n")[1:] if line.strip()]
    if len(below) < _LOOKED_AT or not all(pattern.match(line) for line in below[:_LOOKED_AT]):
        return text
    return text[: begun.start()] + pattern.sub("", text[begun.start() :])
