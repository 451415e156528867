"""Another machine's /sys, /proc and /etc below a folder, which programs of hostside/ then take for this machine's."""

import builtins
import os
from pathlib import Path
from typing import Any

import pytest

ELSEWHERE = ("/sys/", "/proc/", "/etc/", "/dev/shm/", "/boot/", "/lib/modules/", "/opt/", "/run/")
ASKED = ("stat", "lstat", "listdir", "scandir", "readlink", "access", "open")


class Root:
    """A machine made of files. A program's own /proc/self is this machine's."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        for name in ASKED:
            monkeypatch.setattr(os, name, self._redirected(getattr(os, name)))
        monkeypatch.setattr(builtins, "open", self._redirected(builtins.open))

    def _redirected(self, real: Any) -> Any:
        def asked(path: Any = ".", *rest: Any, **named: Any) -> Any:
            return real(self.place(path), *rest, **named)

        return asked

    def place(self, path: Any) -> Any:
        """Return where a path of that machine lies here."""
        if isinstance(path, str) and f"{path}/".startswith(ELSEWHERE) and not path.startswith("/proc/self"):
            return f"{self.folder}{path}"
        return path

    def write(self, path: str, content: str | bytes) -> None:
        """Make a file, and the folders it is in."""
        file = Path(f"{self.folder}{path}")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())

    def link(self, path: str, target: str) -> None:
        """Make a link to another path of that machine."""
        place = Path(f"{self.folder}{path}")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(f"{self.folder}{target}")
