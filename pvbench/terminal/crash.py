"""An error of pvbench itself: its traceback, and the log that a person is asked to send."""

import os
import traceback
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path


def log(error: BaseException, folder: Path, now: datetime, argv: Sequence[str]) -> str:
    """Write the traceback into a folder, made if need be; return where it is, in words."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"error-{now:%Y%m%dT%H%M%SZ}-{os.getpid()}.log"
        path.write_text(f"argv: {argv}\n{trace(error)}", errors="backslashreplace")
    except OSError as failed:
        return f"its log could not be written ({failed.strerror}); -vv prints it"
    return f"please report it with {path}"


def trace(error: BaseException) -> str:
    """Return an error's traceback as text."""
    return "".join(traceback.format_exception(error))
