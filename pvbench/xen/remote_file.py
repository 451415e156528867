"""A file that lies on a host, read there piece by piece through pvb-image, as far as `disk_image` needs it."""

import base64
from dataclasses import dataclass, field
from pathlib import Path

from pvbench.transport import Conversation
from pvbench.xen.programs import ask


@dataclass
class RemoteFile:
    """An open file of a host, for reading; `program` is pvb-image there. What cannot be read raises BootError."""

    program: Conversation
    host: str
    path: str
    timeout_s: float
    _at: int = field(default=0, init=False)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Go to a byte, from the file's end where `whence` is 2; return which one that is."""
        self._at = offset + (self._read(0, 0)[0] if whence == 2 else 0)
        return self._at

    def read(self, size: int = -1, /) -> bytes:
        """Return so many bytes, fewer at the end."""
        data = self._read(self._at, size)[1]
        self._at += len(data)
        return data

    def exists(self, path: Path) -> bool:
        """Whether there is anything at another path of the host."""
        answer = self.program.ask({"action": "state", "path": str(path)}, self.timeout_s)
        return "error" in answer or answer["state"] is not None

    def _read(self, offset: int, size: int) -> tuple[int, bytes]:
        request = {"action": "read", "path": self.path, "ranges": [[offset, size]]}
        answer = ask(self.program, request, self.timeout_s, self.host)
        return int(answer["bytes"]), base64.b64decode(answer["data"][0])
