"""Bytes of a file → text as the tool wrote it: unpacked, decoded, without a terminal's colours or carriage returns."""

import re
import zlib

from pvbench.foreign.nouns import Place

MOST_BYTES = 256 << 20
"""So large may a file be, unpacked: json+ of thousands of jobs has tens of MB."""

_GZIP = b"\x1f\x8b"
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_PACKED = ((b"\xfd7zXZ", "xz"), (b"BZh", "bzip2"), (b"PK\x03\x04", "zip"), (b"\x28\xb5\x2f\xfd", "zstd"))
_TAR = (257, b"ustar")
_LOOKED_AT = 64
_COLOURS = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")


def text_of(content: bytes, file: str) -> str:
    """Return a file's text, lines ended by newlines alone. Raises ForeignError for what is no text."""
    place = Place(file)
    if content.startswith(_GZIP):
        content = _unpacked(content, place)
    if len(content) > MOST_BYTES:
        raise place.refusal(f"larger than {MOST_BYTES >> 20} MiB")
    if not content.strip():
        raise place.refusal("the file is empty")
    if packed := next((name for mark, name in _PACKED if content.startswith(mark)), None):
        raise place.refusal(f"packed with {packed}", "unpack it first; of packed files only those of gzip are read")
    if content.startswith(_TAR[1], _TAR[0]):
        raise place.refusal("an archive of tar", "unpack it first, and import the files in it")
    encoding = _encoding(content)
    if encoding in {"utf-8", "utf-8-sig"} and b"\0" in content:
        raise place.refusal("binary, not the text that fio, iperf3 or netperf write")
    text = content.decode(encoding, errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    return _COLOURS.sub("", text) if "\x1b" in text else text


def _encoding(content: bytes) -> str:
    marked = next((name for mark, name in _BOMS if content.startswith(mark)), None)
    head = content[:_LOOKED_AT]
    wide = len(head) > 2 and not any(head[1::2]) and all(head[::2])
    return marked or ("utf-16-le" if wide else "utf-8")


def _unpacked(content: bytes, place: Place) -> bytes:
    """Return what is packed, of all members of the file; raises ForeignError where one is damaged or too large."""
    parts: list[bytes] = []
    left = MOST_BYTES + 1
    while content.startswith(_GZIP) and left > 0:
        unpacker = zlib.decompressobj(wbits=31)
        try:
            parts.append(unpacker.decompress(content, left))
        except zlib.error as error:
            raise place.refusal(f"gzip cannot be unpacked: {error}") from None
        left -= len(parts[-1])
        if left > 0 and not unpacker.eof:
            raise place.refusal(f"gzip is cut off after {len(content)} bytes")
        content = unpacker.unused_data
    return b"".join(parts)
