"""The SHA-256 of a Parquet file within it, so that no byte of it changes, or goes missing, unnoticed. Pure.

It stands between the last page and the footer. Readers of Parquet find pages and footer by their offsets and never look
there (https://parquet.apache.org/docs/file-format/: the footer's length is in the last eight bytes, before `PAR1`).
"""

import hashlib

END = 8
"""So many bytes are behind the footer: its length, and `PAR1`."""
SIZE = hashlib.sha256().digest_size


def sealed(data: bytes) -> bytes:
    """Return a Parquet file with the digest of all of it."""
    footer = _footer(data)
    return data[:footer] + hashlib.sha256(data).digest() + data[footer:]


def whole(data: bytes) -> bool:
    """Whether a file is, byte by byte, what was sealed."""
    if len(data) < END + SIZE:
        return False
    view, footer = memoryview(data), _footer(data)
    if footer < SIZE:
        return False
    digest = hashlib.sha256(view[: footer - SIZE])
    digest.update(view[footer:])
    return digest.digest() == view[footer - SIZE : footer]


def _footer(data: bytes) -> int:
    """Return where the footer begins; below 0 in what is no Parquet file."""
    return len(data) - END - int.from_bytes(data[-END : -END // 2], "little")
