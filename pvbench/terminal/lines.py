"""Lines of a file that a program wrote, or of standard input: as text, up to a limit."""

from pathlib import Path

from pvbench.errors import UsageError

MOST_BYTES = 256 << 20
"""So much is read: a thousand series of a thousand nights are 20 MB."""
STANDARD_INPUT = Path("-")


def lines(file: Path) -> tuple[str, list[str]]:
    """Return what a person calls a file, and its lines; `-` is standard input. Raises UsageError."""
    name = "standard input" if file == STANDARD_INPUT else str(file)
    try:
        with open(0 if file == STANDARD_INPUT else file, "rb", closefd=file != STANDARD_INPUT) as stream:
            content = stream.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UsageError(f"{name} cannot be read: {reason}") from None
    if len(content) > MOST_BYTES:
        raise UsageError(f"{name} is larger than {MOST_BYTES >> 20} MiB")
    return name, content.decode(errors="replace").split("\n")
