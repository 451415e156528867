"""What schema 1 did not have yet: its manifests and trials as they stand in schema 2."""

from typing import Any

_PLANNED = {"run": 1, "twin": False}
_TRIAL: dict[str, Any] = {
    "flags": [],
    "windows": [],
    "granted": [],
    "bill": None,
    "mechanism": None,
    "traps": [],
    "ceiling": [],
}


def modern_manifest(data: Any) -> Any:
    """Return a decoded manifest with what schema 1 lacks filled in; one of schema 2 as it is."""
    if data["schema"] != 1 or not (type(data.get("cells")) is dict and type(data.get("plan")) is list):
        return data
    return (
        {"margin": 0.05}
        | data
        | {
            "cells": {name: _cell(cell) for name, cell in data["cells"].items()},
            "plan": [_PLANNED | spec if type(spec) is dict else spec for spec in data["plan"]],
        }
    )


def modern_trial(data: Any) -> Any:
    """Return a decoded line of the journal with what schema 1 lacks filled in; one of schema 2 as it is."""
    if data["schema"] != 1:
        return data
    spec = data.get("spec")
    if type(spec) is dict:
        spec = _PLANNED | spec | {"cell": _cell(spec.get("cell"))}
    return _TRIAL | data | {"spec": spec}


def _cell(cell: Any) -> Any:
    return {"tunables": {}} | cell if type(cell) is dict else cell
