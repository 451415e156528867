"""Text from outside → text in which everything is seen: no control characters, nothing that reorders a line."""

import unicodedata
from typing import Any


def clean(text: str, keep: str = "") -> str:
    r"""Return outside text with everything that is not seen, or that reorders what is, spelt out: \x1b, \u202e.

    Such characters can make a reason or a host's name read as something else; `keep` names those to leave alone.
    """
    if text.isprintable():
        return text
    return "".join(char if char in keep or _shown(char) else _spelt(char) for char in text)


_COMPUTED = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def guarded(value: Any) -> Any:
    """Return a cell of a CSV file that no spreadsheet takes for a formula: a text that begins as one does after a '.

    OWASP, "CSV Injection". A number stays what it is.
    """
    return f"'{value}" if isinstance(value, str) and value.lstrip(" ").startswith(_COMPUTED) else value


def _shown(char: str) -> bool:
    return char == " " or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"}


def _spelt(char: str) -> str:
    code = ord(char)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
