"""A file that lies on a host, read there in blocks through pvb-image, as far as `disk_image` needs it."""

import base64
from dataclasses import dataclass, field
from pathlib import Path

from pvbench.transport import Conversation
from pvbench.xen.programs import ask

BLOCK = 1 << 18
"""Bytes that are read at once: an image's tables are small, many, and near one another."""
_KEPT = 64


@dataclass
class RemoteFile:
    """An open file of a host, for reading; `program` is pvb-image there. What cannot be read raises BootError."""

    program: Conversation
    host: str
    path: str
    timeout_s: float
    _at: int = field(default=0, init=False)
    _blocks: dict[int, bytes] = field(default_factory=dict, init=False)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Go to a byte, from the file's end where `whence` is 2; return which one that is."""
        self._at = offset + (self._asked(0, 0)[0] if whence == 2 else 0)
        return self._at

    def read(self, size: int = -1, /) -> bytes:
        """Return so many bytes, fewer at the end; a size is always given."""
        data = bytearray()
        while len(data) < size:
            number, within = divmod(self._at + len(data), BLOCK)
            part = self._block(number)[within : within + size - len(data)]
            if not part:
                break
            data += part
        self._at += len(data)
        return bytes(data)

    def exists(self, path: Path) -> bool:
        """Whether there is anything at another path of the host."""
        answer = self.program.ask({"action": "state", "path": str(path)}, self.timeout_s)
        return "error" in answer or answer["state"] is not None

    def _block(self, number: int) -> bytes:
        if number not in self._blocks:
            if len(self._blocks) >= _KEPT:
                del self._blocks[next(iter(self._blocks))]
            self._blocks[number] = self._asked(number * BLOCK, BLOCK)[1]
        return self._blocks[number]

    def _asked(self, offset: int, size: int) -> tuple[int, bytes]:
        request = {"action": "read", "path": self.path, "ranges": [[offset, size]]}
        answer = ask(self.program, request, self.timeout_s, self.host)
        return int(answer["bytes"]), base64.b64decode(answer["data"][0])
