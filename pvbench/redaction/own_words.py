"""The words that pvbench itself uses, so that a host called `block` does not take the page's own words with it."""

import re
from enum import StrEnum
from functools import cache
from pathlib import Path

import pvbench
from pvbench import model
from pvbench.drivers import DRIVERS
from pvbench.factors import FACTORS
from pvbench.metrics import METRICS
from pvbench.parts import PARTS
from pvbench.tunables import TUNABLES
from pvbench.workloads import WORKLOADS

_ENUMERATIONS = [kind for kind in vars(model).values() if isinstance(kind, type) and issubclass(kind, StrEnum)]
NAMES = frozenset(
    (
        *DRIVERS,
        *FACTORS,
        *METRICS,
        *PARTS,
        *TUNABLES,
        *WORKLOADS,
        *(word.value for kind in _ENUMERATIONS for word in kind),
    )
)
"""The names of pvbench's tables and enumerations; a text that is one of them means it."""


@cache
def text() -> str:
    """Return all text, in small letters, of the programs and templates that a report is made by."""
    root = Path(pvbench.__file__).parent
    files = [path for ending in ("py", "j2", "js", "css") for path in root.rglob(f"*.{ending}")]
    ours = (path for path in files if not {"testing", "redaction", "_shipped"} & set(path.relative_to(root).parts))
    return "\n".join(path.read_text() for path in ours).casefold()


@cache
def words() -> frozenset[str]:
    """Return the words of that text."""
    return frozenset(re.findall(r"[a-z][a-z0-9_]+", text()))
