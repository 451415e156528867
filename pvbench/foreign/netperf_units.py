"""netperf's units of throughput, as -f chooses them and each output spells them, in bits a second."""

import re

_UNIT = re.compile(r"\b(?:10\^(?P<power>[369])bits|(?P<prefix>[KMG])?(?P<bytes>Bytes))\s*/\s*s(?:ec)?\b")
_PREFIX = {None: 1, "K": 2**10, "M": 2**20, "G": 2**30}


def bits_per_second(text: str) -> float | None:
    """Return what one of a unit is: 10^6bits/s is 1e6, KBytes/sec is 8192; None where no unit is said."""
    found = _UNIT.search(text)
    if found is None:
        return None
    return 10.0 ** int(found["power"]) if found["power"] else 8.0 * _PREFIX[found["prefix"]]
