"""Holding a host: one controller at a time, and nothing left behind by one that died."""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from pvbench import shipped
from pvbench.deploy import deploy, payload_of
from pvbench.errors import CommandFailed, HostBusy, TransportError
from pvbench.inventory import Host
from pvbench.transport import Command, Conversation, Transport

TTL_S = 900.0  # longer than a boot on the slowest host we know; renewed before every boot and trial
_PATIENCE_S = 120.0


@dataclass(frozen=True)
class Finding:
    """Something a run left on a host, and whether it is gone now."""

    kind: str
    name: str
    removed: bool


@dataclass(frozen=True)
class Lease:
    """A host that is ours until the time to live is over."""

    _program: Conversation
    _host: Host
    _token: str

    def renew(self) -> None:
        """Hold the host for another full time to live. Raises HostBusy when somebody else took it meanwhile."""
        request = {"action": "renew", "root": self._host.scratch, "token": self._token, "ttl": TTL_S}
        if "lost" in self._program.ask(request, _PATIENCE_S):
            raise HostBusy(f"{self._host.name}: the lease ran out and the host is somebody else's now",
                           hint="pvbench run --resume continues when the host is free")  # fmt: skip


@contextmanager
def held(transport: Transport, host: Host, owner: str, token: str | None = None) -> Iterator[Lease]:
    """Hold a host. Raises HostBusy, naming who has it and for how long yet.

    The same `token` takes up a lease again that a lost connection left.
    """
    folder = deploy(transport, payload_of(shipped.folder("hostside")), f"{host.scratch}/hostside")
    token = token or secrets.token_hex(16)
    with transport.talk((f"{folder}/pvb-lease",)) as program:
        request: dict[str, Any] = {"root": host.scratch, "token": token}
        answer = program.ask({**request, "action": "acquire", "owner": owner, "ttl": TTL_S}, _PATIENCE_S)
        if "error" in answer:
            raise CommandFailed(f"{host.name}: pvb-lease: {answer['error']}")
        if "held" in answer:
            other = answer["held"]
            raise HostBusy(
                f"{host.name} is held by {other['owner']} since {other['since']}, for {other['seconds']} s yet",
                hint="wait, or end that run; a dead controller's lease ends by itself",
            )
        try:
            yield Lease(program, host, token)
        finally:
            with suppress(TransportError):
                program.ask({**request, "action": "release"}, _PATIENCE_S)


def clean(transport: Transport, host: Host, *, remove: bool) -> tuple[Finding, ...]:
    """Find what runs left on a host, and remove it if told to. The caller holds the lease."""
    folder = deploy(transport, payload_of(shipped.folder("hostside")), f"{host.scratch}/hostside")
    request = {"root": host.scratch, "volume_group": host.volume_group, "remove": remove}
    result = transport.run(Command((f"{folder}/pvb-clean",), stdin=json.dumps(request).encode(), timeout_s=600))
    if result.exit_code != 0:
        raise CommandFailed(f"{host.name}: pvb-clean: {result.stderr.decode(errors='replace').strip()[-300:]}")
    return tuple(Finding(**found) for found in json.loads(result.stdout)["found"])
