"""What earlier schemas did not have yet: their manifests and trials as they stand in the present one."""

from typing import Any

from pvbench.model import FlagKind

_PAYERS = {"rest of dom0": "rest of the host", "other domains": "other guests"}
_SOURCES = {"other domains": "other guests", "programs of dom0": "programs of the host"}
_PLANNED_1 = {"run": 1, "twin": False}
_PLANNED_2 = {"round": 1, "deployment": ""}
_ARM_2 = {"guest": "builtin", "mode": "hvm", "stack": ""}
_OF_ARM = ("host", "kind", "device", "placement", "tunables")
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
_LATE_IN_3: dict[str, Any] = {"in_use": [], "guest_facts": []}


def modern_manifest(data: Any) -> Any:
    """Return a decoded manifest with what schemas 1 and 2 lack filled in; one of schema 3 as it is."""
    if data["schema"] not in (1, 2):
        return data
    data = {"margin": 0.05} | data
    if type(data.get("cells")) is dict:
        data["cells"] = {name: _cell(cell) for name, cell in data["cells"].items()}
    if type(data.get("plan")) is list:
        data["plan"] = [_planned(spec) for spec in data["plan"]]
    # What it was for was told by its command line alone; how disturbed it was, nobody asked.
    data = {"purpose": _purpose(data.get("command")), "disturbed_above": None, "vcpus": None, "setups": []} | data
    return _contrasts(data)


def modern_trial(data: Any) -> Any:
    """Return a decoded line of the journal with what schemas 1 and 2 lack filled in.

    Until late in schema 3 flags were texts, and neither what was in use nor what the guest is was asked; where nothing
    is known of it, it is left out to this day.
    """
    data = _LATE_IN_3 | data
    if type(data.get("flags")) is list and str in map(type, data["flags"]):
        data = data | {"flags": [_flag(flag) if type(flag) is str else flag for flag in data["flags"]]}
    if data["schema"] not in (1, 2):
        return data
    spec, made = data.get("spec"), data.get("mechanism")
    if type(spec) is dict:
        spec = _planned(spec) | {"cell": _cell(spec.get("cell"))}
    mechanism = {"mechanism": {"recorded_bytes": None} | made} if type(made) is dict else {}
    return (_TRIAL_1 if data["schema"] == 1 else {}) | _TRIAL_2 | data | {"spec": spec} | mechanism


def _planned(spec: Any) -> Any:
    return _PLANNED_1 | _PLANNED_2 | spec if type(spec) is dict else spec


def _contrasts(data: dict[str, Any]) -> dict[str, Any]:
    """Return a manifest whose baseline, a device for each kind, is its only contrast."""
    baseline, margin = data.pop("baseline", None), data.pop("margin")
    if type(baseline) is not list or any(
        type(pair) is not list or [type(word) for word in pair] != [str, str] for pair in baseline
    ):
        raise ValueError("baseline is not an array of pairs")
    return data | {"contrasts": [{"factor": "device", "baseline": dict(baseline), "margin": margin}]}


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
    """Return a cell whose arm is an object of its own; one that is no cell as it is, to be refused."""
    if type(cell) is not dict:
        return cell
    cell = {"tunables": {}} | cell
    arm = {name: cell.pop(name) for name in _OF_ARM if name in cell}
    return {"arm": _ARM_2 | arm} | cell
