"""Holding a host: one controller at a time, and nothing left behind by one that died."""

import json
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from pvbench import shipped
from pvbench.clock import Clock, SystemClock
from pvbench.deploy import deploy, payload_of
from pvbench.errors import CommandFailed, HostBusy, TransportError, Unreachable
from pvbench.inventory import Host
from pvbench.transport import Command, Conversation, Transport

FOLDER = "/run/pvbench"  # one a host, whatever scratch folders there are; only root can make anything in /run
TTL_S = 180.0  # how long a host stays held after a controller that vanished
_RENEWALS = 6  # in a time to live
_PATIENCE = 2 / 3  # of a time to live, for one answer: a failed renewal is known before the lease has lapsed
_LOST = {
    "taken": "the lease ran out and the host is somebody else's now",
    "gone": "the lease ran out and somebody else had the host meanwhile",
    "replaced": "a newer session of this run holds the host",
}


@dataclass(frozen=True)
class Finding:
    """Something on a host: what a run left, and whether it is gone now; or what only looks so, and `why` it stays."""

    kind: str
    name: str
    removed: bool = False
    why: str | None = None


class Lease:
    """A host that is ours: renewed in the background, on a channel of its own, however long anything else takes."""

    def __init__(
        self, program: Conversation, host: Host, request: Mapping[str, Any], ttl_s: float, clock: Clock
    ) -> None:
        self._program, self._host, self._request, self._ttl_s, self._clock = program, host, request, ttl_s, clock
        self._trouble: Exception | None = None
        self._renewed = clock.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, daemon=True)

    def acquire(self, owner: str) -> None:
        """Take the host. Raises HostBusy, naming who has it and for how long yet."""
        answer = self._ask({"action": "acquire", "owner": owner, "ttl": self._ttl_s})
        if "held" in answer:
            other = answer["held"]
            raise HostBusy(
                f"{self._host.name} is held by {other['owner']} since {other['since']}, for {other['seconds']} s yet",
                hint="wait, or end that run; a dead controller's lease ends by itself",
            )
        self._renewed = self._clock.monotonic()
        self._thread.start()

    def check(self) -> None:
        """Raise what went wrong with the lease in the background, if anything; costs nothing.

        HostBusy when somebody else took the host meanwhile; a TransportError when it could not be renewed, be it that
        the connection is lost or that the host refused: connecting again with the same token takes it up again.
        """
        if self._trouble is not None:
            raise self._trouble
        silent_s = self._clock.monotonic() - self._renewed
        if silent_s > self._ttl_s:
            raise Unreachable(f"{self._host.name}: the lease ran out: the host has not answered for {silent_s:.0f} s")

    def release(self) -> None:
        """Give the host back, if it is still ours to give."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(self._ttl_s * _PATIENCE)
        if self._trouble is None and not self._thread.is_alive():  # else the end of its stdin tells the program
            with suppress(TransportError):
                self._ask({"action": "release"})

    def _keep(self) -> None:
        try:
            while not self._over.wait(self._ttl_s / _RENEWALS):
                answer = self._ask({"action": "renew", "ttl": self._ttl_s})
                if "lost" in answer:
                    raise HostBusy(
                        f"{self._host.name}: {_LOST[answer['lost']]}",
                        hint="pvbench run --resume continues when the host is free",
                    )
                self._renewed = self._clock.monotonic()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is for who asks next, not for this thread
            self._trouble = error

    def _ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        answer = self._program.ask({**self._request, **request}, self._ttl_s * _PATIENCE)
        if "error" in answer:
            raise CommandFailed(
                f"{self._host.name}: the lease on the host: {answer['error']}",
                hint=f"df {FOLDER}; ls -ld {FOLDER} on {self._host.name} show its room and owner",
            )
        return answer


@contextmanager
def held(
    transport: Transport,
    host: Host,
    owner: str,
    token: str | None = None,
    *,
    ttl_s: float = TTL_S,
    folder: str = FOLDER,
    clock: Clock | None = None,
) -> Iterator[Lease]:
    """Hold a host. Raises HostBusy, naming who has it and for how long yet.

    The same `token` takes up a lease again that a lost connection left; each call is a session of its own, and what an
    older one still does when the network comes back does not count.
    """
    programs = deploy(transport, payload_of(shipped.folder("hostside")), host.scratch, "hostside")
    request = {"folder": folder, "token": token or secrets.token_hex(16), "session": secrets.token_hex(8)}
    with transport.talk((f"{programs}/pvb-lease",)) as program:
        lease = Lease(program, host, request, ttl_s, clock or SystemClock())
        lease.acquire(owner)
        try:
            yield lease
        finally:
            lease.release()


def clean(transport: Transport, host: Host, *, remove: bool, everything: bool = False) -> tuple[Finding, ...]:
    """Find what runs left on a host, and remove it if told to. The caller holds the lease.

    `everything` is also what is kept for the next run, and the scratch folder itself.
    """
    folder = deploy(transport, payload_of(shipped.folder("hostside")), host.scratch, "hostside")
    request = {"root": host.scratch, "volume_group": host.volume_group, "remove": remove, "all": everything}
    result = transport.run(Command((f"{folder}/pvb-clean",), stdin=json.dumps(request).encode(), timeout_s=600))
    if result.exit_code != 0:
        raise CommandFailed(f"{host.name}: pvb-clean: {result.stderr.decode(errors='replace').strip()[-300:]}")
    answer = json.loads(result.stdout)
    return tuple(Finding(**found) for found in (*answer["found"], *answer["left"]))
