"""Programs of this machine, run to their end: what builds images. Besides ssh/, the only subprocess in pvbench."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from pvbench.errors import ImageError


def search_path() -> str:
    """Return where programs are looked for: an ordinary user's PATH lacks what mke2fs and its like live in."""
    return os.pathsep.join(filter(None, (os.environ.get("PATH"), "/usr/local/sbin", "/usr/sbin", "/sbin")))


def run(argv: Sequence[str], *, log: Path, timeout_s: float, cwd: Path | None = None) -> None:
    """Run a program to its end, its output appended to `log`. Raises ImageError with the log's last lines."""
    with log.open("ab") as output:
        output.write(f"$ {' '.join(argv)}\n".encode())
        output.flush()
        try:
            done = subprocess.run(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                timeout=timeout_s,
                cwd=cwd,
                check=False,
                env=os.environ | {"PATH": search_path()},
            )
        except FileNotFoundError as error:
            raise ImageError(f"{argv[0]} is not installed", hint="pvbench doctor") from error
        except subprocess.TimeoutExpired as error:
            raise ImageError(f"{argv[0]} did not end within {timeout_s:.0f} s", hint=f"see {log}") from error
    if done.returncode != 0:
        last = log.read_text(errors="replace").strip().splitlines()[-3:]
        raise ImageError(f"{argv[0]} failed with exit code {done.returncode}: {' / '.join(last)}", hint=f"see {log}")


def output_of(argv: Sequence[str]) -> str:
    """Return what a program that only looks prints. Raises ImageError with its last line."""
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            check=False,
            text=True,
            errors="replace",
            env=os.environ | {"PATH": search_path(), "LC_ALL": "C"},
        )
    except FileNotFoundError as error:
        raise ImageError(f"{argv[0]} is not installed", hint="pvbench doctor") from error
    except subprocess.TimeoutExpired as error:
        raise ImageError(f"{argv[0]} did not end within a minute") from error
    if done.returncode != 0:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["it said nothing"]
        raise ImageError(f"{argv[0]} failed with exit code {done.returncode}: {last[0]}")
    return done.stdout
