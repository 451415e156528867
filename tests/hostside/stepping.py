"""A made-up host for the step programs: a tree of files below a folder, and programs that note how they were called."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from tests import contracts
from tests.marked import HOSTSIDE, marked

GRUB_CFG = """\
set default="0"
menuentry 'Debian GNU/Linux' --class debian $menuentry_id_option 'gnulinux-simple-1234' {
\tlinux\t/boot/vmlinuz-6.1.0-30-amd64 root=UUID=1234 ro
\tinitrd\t/boot/initrd.img-6.1.0-30-amd64
}
"""


class StepHost:
    """A host below a folder; `programs` are shell scripts by their names, found before the machine's own."""

    def __init__(self, folder: Path) -> None:
        self.root, self.bin, self.log = folder / "host", folder / "bin", folder / "log"
        self.bin.mkdir()
        self.log.touch()
        self.scratch = Path(marked(folder / "scratch").root)
        self.write("/proc/sys/kernel/osrelease", "6.1.0-30-amd64\n")

    def write(self, path: str, text: str) -> Path:
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        return place

    def text(self, path: str) -> str:
        return (self.root / path.lstrip("/")).read_text()

    def program(self, name: str, script: str) -> None:
        (self.bin / name).write_text(f'#!/bin/sh\necho "{name} $*" >>{self.log}\n{script}\n')
        (self.bin / name).chmod(0o755)

    def grub(self, config: str = GRUB_CFG) -> None:
        """Give the host a GRUB whose grub-mkconfig writes this, and the settings that it was given."""
        self.write("/boot/grub/grub.cfg", config)
        self.write("/etc/default/grub", "GRUB_DEFAULT=0\n")
        (self.root / "made").write_text(config)
        self.program("grub-mkconfig", f': /etc/default/grub.d; cp {self.root}/made "$2"')
        self.program("grub-probe", "exit 1")

    def called(self, name: str) -> list[str]:
        return [line for line in self.log.read_text().splitlines() if line.split(" ")[0] == name]

    def ask(self, program: str, action: str, **keys: Any) -> Any:
        """Return the answer of a program, held against its contract."""
        request = {"action": action, "scratch": str(self.scratch), **keys}
        done = subprocess.run(
            [HOSTSIDE / program, "--root", self.root],
            input=json.dumps(request),
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PATH": f"{self.bin}:{os.environ['PATH']}"},
        )
        assert done.stdout, done.stderr
        answer = json.loads(done.stdout)
        assert done.returncode == ("error" in answer), done.stderr
        contracts.check(program, request, answer)
        return answer

    def files(self) -> dict[str, tuple[int, bytes]]:
        """Return every file of the host by its path: mode and contents."""
        return {
            str(path.relative_to(self.root)): (path.lstat().st_mode, b"" if path.is_symlink() else path.read_bytes())
            for path in sorted(self.root.rglob("*"))
            if not path.is_dir() or path.is_symlink()
        }

    def record(self, program: str) -> Path:
        return self.scratch / "stack" / f"{program}.json"
