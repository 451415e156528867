"""What earlier schemas did not have yet: their manifests and trials as they stand in the present one."""

from typing import Any

from pvbench.model import FlagKind

_PAYERS = {"rest of dom0": "rest of the host", "other domains": "other guests"}
_SOURCES = {"other domains": "other guests", "programs of dom0": "programs of the host"}
_PLANNED_1 = {"run": 1, "twin": False}
_TRIAL_1: dict[str, Any] = {
    "flags": [],
    "windows": [],
    "granted": [],
    "bill": None,
    "mechanism": None,
    "traps": [],
    "ceiling": [],
}
_TRIAL_2: dict[str, Any] = {"booted": None, "attempt": 1, "disturbance": []}


def modern_manifest(data: Any) -> Any:
    """Return a decoded manifest with what schemas 1 and 2 lack filled in; one of schema 3 as it is."""
    if data["schema"] == 1 and type(data.get("cells")) is dict and type(data.get("plan")) is list:
        data = (
            {"margin": 0.05}
            | data
            | {
                "cells": {name: _cell(cell) for name, cell in data["cells"].items()},
                "plan": [_PLANNED_1 | spec if type(spec) is dict else spec for spec in data["plan"]],
            }
        )
    if data["schema"] in (1, 2):
        # What it was for was told by its command line alone; how disturbed it was, nobody asked.
        data = {"purpose": _purpose(data.get("command")), "disturbed_above": None, "vcpus": None, "setups": []} | data
    return data


def modern_trial(data: Any) -> Any:
    """Return a decoded line of the journal with what schemas 1 and 2 lack filled in; one of schema 3 as it is.

    Flags were texts until late in schema 3.
    """
    if data["schema"] == 1:
        spec = data.get("spec")
        if type(spec) is dict:
            spec = _PLANNED_1 | spec | {"cell": _cell(spec.get("cell"))}
        data = _TRIAL_1 | data | {"spec": spec}
    if data["schema"] in (1, 2):
        made = data.get("mechanism")
        data = _TRIAL_2 | data | ({"mechanism": {"recorded_bytes": None} | made} if type(made) is dict else {})
    if type(data.get("flags")) is list and str in map(type, data["flags"]):
        data = data | {"flags": [_flag(flag) if type(flag) is str else flag for flag in data["flags"]]}
    return data


def payer(name: str) -> str:
    """Return what a payer of a bill is called now, which was named in Xen's terms until late in schema 3."""
    return _PAYERS.get(name, name)


def source(name: str) -> str:
    """Return what a source of disturbance is called now, which was named in Xen's terms until late in schema 3."""
    return _SOURCES.get(name, name)


def _flag(text: str) -> dict[str, str]:
    """Return a flag that was one text: "unsteady: their trend moves 12 %"."""
    word, _, detail = text.partition(": ")
    known = word in set(FlagKind) - {FlagKind.OTHER} and detail
    return {"kind": word, "detail": detail} if known else {"kind": FlagKind.OTHER.value, "detail": text}


def _purpose(command: Any) -> str:
    words = command if type(command) is list else []
    return "pilot" if words[1:2] == ["pilot"] else "control" if "--negative-control" in words else "run"


def _cell(cell: Any) -> Any:
    return {"tunables": {}} | cell if type(cell) is dict else cell
