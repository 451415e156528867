"""A scratch folder as pvb-claim makes it, for tests of the programs that work in one."""

import subprocess
import sys
from pathlib import Path
from typing import Any

HOSTSIDE = Path(__file__).parents[1] / "hostside"


def marked(folder: Path) -> Any:
    """Have a folder made and marked, or taken again, and return what pvb_scratch says of it."""
    subprocess.run([HOSTSIDE / "pvb-claim", folder, "hostside"], input=b"", check=True)
    if str(HOSTSIDE) not in sys.path:
        sys.path.append(str(HOSTSIDE))
    import pvb_scratch

    return pvb_scratch.Scratch(str(folder))
