"""Where the files that travel with pvbench lie: hostside/, guestside/ and examples/."""

from pathlib import Path

_PACKAGE = Path(__file__).parent


def folder(name: str) -> Path:
    """Return the folder `name`, from a checkout or from an installed wheel."""
    installed = _PACKAGE / "_shipped" / name
    return installed if installed.is_dir() else _PACKAGE.parent / name
