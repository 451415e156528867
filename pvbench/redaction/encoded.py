"""Text that hides another: percent signs, HTML entities, escapes, base64, hexadecimal → what it hides.

RFC 3986 2.1, RFC 4648, HTML's character references, the escapes of JSON and of `printable.clean`.
"""

import base64
import binascii
import html
import re
from collections.abc import Iterator
from urllib.parse import unquote

BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}")
HEXADECIMAL = re.compile(r"(?<![0-9A-Za-z])(?:[0-9a-fA-F]{2}){4,}(?![0-9A-Za-z])|(?:\\?%?\\x[0-9a-fA-F]{2}){3,}")
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u\{?([0-9a-fA-F]{4})\}?|U([0-9a-fA-F]{8}))")


def plain(text: str) -> str:
    """Return a text with percent signs, entities and escapes resolved."""
    if "%" in text:
        text = unquote(text, errors="replace")
    if "&" in text:
        text = html.unescape(text)
    if "\\" in text:
        text = _ESCAPE.sub(_unescaped, text)
    return text


def hidden(text: str) -> Iterator[tuple[str, str]]:
    """Yield each piece of a text that is base64 or hexadecimal of readable text, and what that is."""
    for match in HEXADECIMAL.finditer(text):
        try:
            yield from _readable(match[0], bytes.fromhex(re.sub(r"[^0-9a-fA-F]", "", match[0].replace("\\x", ""))))
        except ValueError:
            continue
    for match in BASE64.finditer(text):
        piece = match[0].rstrip("=").replace("-", "+").replace("_", "/")
        try:
            yield from _readable(match[0], base64.b64decode(piece + "=" * (-len(piece) % 4)))
        except (binascii.Error, ValueError):
            continue


def _readable(piece: str, data: bytes) -> Iterator[tuple[str, str]]:
    """Yield what bytes say if it is text, in UTF-8 or in UTF-16 as some programs write it."""
    for coding in ("utf-8", "utf-16-le") if data[1::2].count(0) * 2 >= len(data) - 1 else ("utf-8",):
        try:
            said = data.decode(coding)
        except UnicodeDecodeError:
            continue
        if sum(char.isprintable() or char.isspace() for char in said) >= len(said) * 0.9:
            yield piece, said


def _unescaped(match: re.Match[str]) -> str:
    code = int(match[1] or match[2] or match[3], 16)
    return chr(code) if code <= 0x10FFFF else match[0]
