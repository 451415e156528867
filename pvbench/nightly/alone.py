"""One night at a time: a lock that says who holds it, and that a killed holder gives back by dying."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pvbench.errors import NightBusy
from pvbench.store.disk import read_bytes, write_whole, writing

LOCK, HOLDER = ".lock", "holder"


@contextmanager
def alone(folder: Path, who: str) -> Iterator[None]:
    """Hold a night's folder. Raises NightBusy with what its holder said of itself."""
    from filelock import FileLock, Timeout

    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / LOCK, timeout=0)
        try:
            lock.acquire()
        except Timeout:
            raise NightBusy(
                f"this night is being measured already, by {_holder(folder)}",
                hint="wait until it ends; a holder that dies gives it back",
            ) from None
        except NotImplementedError:  # a disk that knows no locks: each run's own folder still has one writer
            pass
    try:
        write_whole(folder / HOLDER, who.encode(errors="backslashreplace"))
        yield
    finally:
        with suppress(OSError):
            os.unlink(folder / HOLDER)  # noqa: PTH108
        lock.release()


def _holder(folder: Path) -> str:
    try:
        return read_bytes(folder / HOLDER, 4096).decode(errors="replace") or "somebody who does not say who"
    except Exception:  # noqa: BLE001  it has just begun, or just ended
        return "somebody who has not said yet who"
