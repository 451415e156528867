"""A running domain watched from dom0, ours or not: asked by hostside/pvb-observe, and nothing is left there."""

import itertools
import re
from collections.abc import Mapping
from typing import Any

from pvbench.clock import Clock
from pvbench.errors import CommandFailed, ParseError, UsageError
from pvbench.model import CpuBill, Emulation, GuestMode
from pvbench.observed import Observed
from pvbench.printable import clean
from pvbench.transport import Conversation, Transport
from pvbench.xen.carried import talk
from pvbench.xen.cpu_accounting import bill
from pvbench.xen.facts import emulation
from pvbench.xen.observe.devices import devices
from pvbench.xen.observe.halves import Look
from pvbench.xen.observe.warnings import warnings
from pvbench.yaml_schema import nearest

_PATIENCE_S = 60.0
LEAST_S = 2.0
_NO_BILL = "who used the CPUs is not known: Xen's Python bindings do not answer in dom0"


def observe(transport: Transport, domain: str, seconds: float, clock: Clock) -> Observed:
    """Watch a domain, by its name or number. Raises UsageError for one that is not there, or dom0.

    The `seconds` are for all of it, for a host may be slow to answer; 2 of them at least are watched, or all.
    """
    began = clock.monotonic()
    with talk(transport, "pvb-observe", _PATIENCE_S) as program:
        domid, name = _found(domain, _ask(program, transport.name, {"action": "domains"})["domains"], transport.name)
        first = _ask(program, transport.name, {"action": "look", "domid": domid})
        clock.sleep(max(min(seconds, LEAST_S), seconds - (clock.monotonic() - began)))
        last = _ask(program, transport.name, {"action": "look", "domid": domid})
    return observed(transport.name, (domid, name), first["facts"], first["counted"], last["counted"])


def observed(host: str, domain: tuple[int, str], facts: Mapping[str, Any], before: Look, after: Look) -> Observed:
    """Return what two looks of hostside/pvb-observe come to."""
    domid, name = domain
    mode = _mode(facts)
    vcpus = sum(state == "online" for state in facts["cpus"].values()) or None
    seen = devices(domid, facts, before, after)
    paid = _bill(domid, before, after)
    silent = (after["model"] or {}).get("silent")
    unknown = [f"what the device model has and counts is not known: {silent}"] if silent else []
    return Observed(
        host=host,
        name=name,
        number=domid,
        mode=mode,
        vcpus=vcpus,
        seconds=(after["at"] - before["at"]) / 1e9,
        devices=seen,
        bill=paid,
        emulation=_emulation(**facts["host"]),
        warnings=warnings(seen, facts, mode, vcpus),
        unknown=(*unknown, *(() if paid else (_NO_BILL,))),
    )


def _found(domain: str, listed: list[dict[str, Any]], host: str) -> tuple[int, str]:
    """Return the number and the name of the domain that is meant: as for xl, a number is a number."""
    names = {int(each["domid"]): str(each["name"]) for each in listed}
    meant = [int(domain)] if re.fullmatch(r"[0-9]{1,5}", domain) and int(domain) in names else []
    meant = meant or [domid for domid, name in names.items() if name == domain]
    if len(meant) > 1:
        raise UsageError(
            f"{host} has {len(meant)} domains named '{clean(domain)}': {', '.join(map(str, meant))}",
            hint="name one by its number",
        )
    if not meant:
        others = [f"{name or '(no name)'}" for domid, name in names.items() if domid]
        near = nearest(domain, others) if others else "; only dom0 runs there"
        raise UsageError(f"no domain '{clean(domain[:100])}' on {host}{clean(near[:600])}")
    if meant[0] == 0:
        raise UsageError(
            f"{host}: dom0 is the host itself: it has the backends, and no emulated or PV half of its own",
            hint="name a guest of it; xl list shows them",
        )
    return meant[0], names[meant[0]]


def _mode(facts: Mapping[str, Any]) -> GuestMode | None:
    """Return how a domain is run: libxl notes it down; of others the device model's machine tells an HVM guest."""
    noted = facts["domain"].get("type", "")
    if noted in (mode.value for mode in GuestMode):
        return GuestMode(noted)
    argv = facts["model"]["argv"] if facts["model"] else []
    machine = " ".join(after for word, after in itertools.pairwise(argv) if word.lstrip("-") in ("machine", "M"))
    return GuestMode.HVM if re.match(r"xenfv|pc\b|q35|type=(xenfv|pc)", machine) else None


def _emulation(*, dmi: Mapping[str, Any], processor: Mapping[str, Any] | None, **_: object) -> Emulation | None:
    """Return what the host runs on; None where neither its firmware nor its processor says anything."""
    return emulation(dmi, processor) if any(dmi.values()) or processor else None


def _bill(domid: int, before: Look, after: Look) -> CpuBill | None:
    if not (before["cpu"] and after["cpu"]):
        return None
    try:
        return bill(before["cpu"], after["cpu"], domid, ios=None, moved_bytes=None)
    except ParseError:
        return None


def _ask(program: Conversation, host: str, request: Mapping[str, Any]) -> dict[str, Any]:
    answer = program.ask(request, _PATIENCE_S)
    if "error" in answer:
        raise CommandFailed(
            f"{host}: pvb-observe: {answer['error']}", hint=f"`pvbench doctor {host}` says what is missing there"
        )
    return answer
