"""What identifies a value: the digest of its one canonical JSON text."""

import hashlib
import json

Scalar = str | int | float | bool


def canonical(value: object) -> str:
    """Return the one JSON text of a value: keys sorted, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(value: object, length: int = 12) -> str:
    """Return the first `length` hex digits of the SHA-256 of the canonical JSON."""
    # A lone surrogate, which text from outside may hold, counts as the escape that JSON writes for it.
    return hashlib.sha256(canonical(value).encode(errors="backslashreplace")).hexdigest()[:length]
