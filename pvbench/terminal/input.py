"""The one reader of files that a person wrote and names."""

import difflib
from pathlib import Path

from pvbench.errors import PvbenchError
from pvbench.yaml_schema import decode

MOST_BYTES = 4 << 20
"""So large may a file be that a person wrote."""


def read(path: Path, what: str, error: type[PvbenchError]) -> str:
    """Return a file's text; raises `error`, with the nearest file, where there is none."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise error(f"the {what} {path} is larger than {MOST_BYTES >> 20} MiB, and none of ours is")
        return decode(content, str(path), error)
    except FileNotFoundError:
        beside = [file.name for file in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
        near = difflib.get_close_matches(path.name, beside, 1, 0.5)
        hint = f"did you mean {path.parent / near[0]}?" if near else "`pvbench init` writes one to start with"
        raise error(f"no {what} {path}", hint=hint) from None
    except OSError as problem:
        raise error(f"the {what} {path} cannot be read: {problem.strerror}") from None
