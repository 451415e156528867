"""A message ready to be sent, and what may come of sending it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


class Refused(Exception):
    """What was sent was not taken; `again` says whether another try may help. Its words hold no secret."""

    def __init__(self, why: str, *, again: bool = True) -> None:
        self.again = again
        super().__init__(why)


@dataclass(frozen=True)
class Parcel:
    """A message, as Markdown, as plain text and as data.

    `key` is the same for the same night, so that a receiver knows one that comes twice.
    """

    key: str
    subject: str
    markdown: str
    plain: str
    data: Mapping[str, Any]
    at: datetime
