"""Words that stand in no settings, no command line and no log: taken from a variable or a file when they are needed."""

from collections.abc import Mapping

from pvbench.errors import StoreError
from pvbench.nightly.settings import Secret
from pvbench.store.disk import read_bytes

_MOST_BYTES = 4096


class Unreadable(Exception):
    """A secret is not where it should be; what it is does not stand in the message."""


def reveal(secret: Secret, environment: Mapping[str, str]) -> str | None:
    """Return a secret without the end of its line; None where none is named. Raises Unreadable."""
    if secret.variable is not None:
        if not (value := environment.get(secret.variable)):
            raise Unreadable(f"the environment variable {secret.variable} is not set")
    elif secret.file is not None:
        try:
            value = read_bytes(secret.file, _MOST_BYTES).decode()
        except (StoreError, ValueError) as error:
            raise Unreadable(f"{secret.file} cannot be read") from error
    else:
        return None
    word = value.rstrip("\r\n")
    if not word or not word.isprintable():
        raise Unreadable(f"{secret.variable or secret.file} holds no single line of text")
    return word
