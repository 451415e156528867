"""JSON ↔ nouns, field by field: what results/README.md documents as schema 3. Reading is strict."""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from pvbench.drivers import DRIVERS
from pvbench.metrics import METRICS
from pvbench.model import (
    Arm,
    Cell,
    CommandRecord,
    CpuBill,
    DeviceKind,
    Emulation,
    Flag,
    FlagKind,
    Granted,
    HostFacts,
    Mechanism,
    Outcome,
    Payer,
    Placement,
    Purpose,
    RawFile,
    Reading,
    TrapCost,
    Trial,
    TrialSpec,
    Witness,
    Workload,
)
from pvbench.store.fields import (
    LARGEST,
    Json,
    boolean,
    choice,
    columns,
    each,
    exactly,
    file_name,
    loads,
    moment,
    numbers,
    optional,
    pairs,
    real,
    real_or_none,
    scalars,
    text,
    text_or_none,
    whole,
    whole_or_none,
    words,
)
from pvbench.store.manifest import SCHEMA_VERSION, Manifest
from pvbench.store.older import modern_manifest, modern_trial, payer, source

Plan = Mapping[str, TrialSpec]
AMOUNTS = frozenset({"runtime", "warmup", "rate_iops"})
"""Parameters that are reckoned with, whatever the tool; every other is only told."""

SHORTEST_S = 1e-6
"""A bill of less time than that divides by nothing."""


def _keys(noun: type, *more: str) -> frozenset[str]:
    return frozenset(field.name for field in fields(noun)) | set(more)


_CELL = frozenset({"host", "kind", "device", "placement", "workload", "tunables"})
_WORKLOAD, _SPEC, _HOST = _keys(Workload), _keys(TrialSpec), _keys(HostFacts)
_PLANNED = _keys(TrialSpec, "id")
_MANIFEST = _keys(Manifest, "cells")
_TRIAL = _keys(Trial, "schema", "id")
_READING, _WITNESS, _COMMAND, _RAW = _keys(Reading), _keys(Witness), _keys(CommandRecord), _keys(RawFile)
_BILL, _MECHANISM, _TRAP, _GRANTED = _keys(CpuBill), _keys(Mechanism), _keys(TrapCost), _keys(Granted)
_FLAG = _keys(Flag)


def check_schema(data: Any) -> None:
    """Raise ValueError, naming both versions, unless the object is of a schema that this program reads."""
    found = data.get("schema") if type(data) is dict else None
    if type(found) is not int or not 1 <= found <= SCHEMA_VERSION:
        raise ValueError(f"schema {found!r}, and this pvbench reads schemas 1 to {SCHEMA_VERSION}")


def encode_cell(cell: Cell) -> dict[str, Any]:
    """Return a cell as JSON values."""
    workload = {"tool": cell.workload.tool, "params": dict(cell.workload.params)}
    arm = {name: getattr(cell, name) for name in ("host", "kind", "device", "placement")}
    return arm | {"workload": workload, "tunables": dict(cell.tunables)}


def encode_spec(spec: TrialSpec, cell: Any) -> dict[str, Any]:
    """Return a trial's place in the plan as JSON values; `cell` is the encoded cell, or its id."""
    return {
        "cell": cell,
        "block": spec.block,
        "boot": spec.boot,
        "position": spec.position,
        "run": spec.run,
        "twin": spec.twin,
    }


def encode_manifest(manifest: Manifest) -> str:
    """Return manifest.json."""
    ids = {cell: cell.id for cell in dict.fromkeys(spec.cell for spec in manifest.plan)}
    data = {field.name: getattr(manifest, field.name) for field in fields(Manifest)}
    data["hosts"] = [asdict(host) for host in manifest.hosts]
    data["cells"] = {name: encode_cell(cell) for cell, name in ids.items()}
    data["plan"] = [{"id": spec.id} | encode_spec(spec, ids[spec.cell]) for spec in manifest.plan]
    return json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def decode_manifest(content: str) -> tuple[Manifest, dict[str, TrialSpec]]:
    """Return what manifest.json says, and its plan by trial id. Raises ValueError."""
    data = loads(content)
    check_schema(data)
    data = modern_manifest(data)
    exactly(data, _MANIFEST, "the manifest")
    if type(data["cells"]) is not dict:
        raise ValueError("cells is not an object")
    hosts = {host.name: host for host in each(data, "hosts", _host)}
    cells = {name: _cell(cell) for name, cell in data["cells"].items()}
    for name, cell in cells.items():
        if cell.id != name:
            raise ValueError(f"cell {name} was altered: its content is that of {cell.id}")
        if cell.host not in hosts:
            raise ValueError(f"cell {name} is of host {cell.host!r}, of which the manifest says nothing")
    planned = each(data, "plan", lambda item: _planned(item, cells))
    plan = dict(planned)
    if len(plan) != len(planned) or not plan:
        raise ValueError("the plan holds a trial twice" if plan else "the plan holds no trial")
    if len(hosts) != len(data["hosts"]):
        raise ValueError("hosts holds one twice")
    moment(data, "started")
    manifest = Manifest(
        schema=whole(data, "schema"),
        run_id=file_name(data, "run_id"),
        tool_version=text(data, "tool_version"),
        started=text(data, "started"),
        command=words(data, "command"),
        matrix_name=text(data, "matrix_name"),
        matrix_text=text(data, "matrix_text"),
        matrix_digest=text(data, "matrix_digest"),
        placement=choice(data, "placement", Placement),
        blocks=whole(data, "blocks", 1),
        seed=whole(data, "seed", -LARGEST),
        baseline=pairs(data, "baseline", str, str),
        hosts=tuple(hosts.values()),
        guest=pairs(data, "guest", str, str),
        stack=pairs(data, "stack", str, str),
        plan=tuple(plan.values()),
        margin=real(data, "margin", 0.0),
        purpose=choice(data, "purpose", Purpose),
        disturbed_above=real_or_none(data, "disturbed_above", 0.0),
        setups=each(data, "setups", _setup),
        vcpus=whole_or_none(data, "vcpus"),
    )
    return manifest, plan


def encode_trial(trial: Trial) -> str:
    """Return a line of the journal, without its end."""
    data = {
        "schema": SCHEMA_VERSION,
        "id": trial.spec.id,
        "spec": encode_spec(trial.spec, encode_cell(trial.spec.cell)),
        "outcome": trial.outcome,
        "reason": trial.reason,
        "started": trial.started,
        "readings": [vars(reading) for reading in trial.readings],
        "latency_bins": {"ns": [ns for ns, _ in trial.latency_bins], "count": [n for _, n in trial.latency_bins]},
        "witnesses": [vars(witness) for witness in trial.witnesses],
        "cache_mode": trial.cache_mode,
        "commands": [vars(command) for command in trial.commands],
        "raw": [vars(raw) for raw in trial.raw],
        "seconds": trial.seconds,
        "flags": [vars(flag) for flag in trial.flags],
        "windows": trial.windows,
        "granted": [vars(granted) for granted in trial.granted],
        "bill": vars(trial.bill) if trial.bill else None,
        "mechanism": vars(trial.mechanism) if trial.mechanism else None,
        "traps": [vars(trap) for trap in trial.traps],
        "ceiling": [vars(reading) for reading in trial.ceiling],
        "booted": trial.booted,
        "attempt": trial.attempt,
        "disturbance": trial.disturbance,
    }
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def decode_trial(line: str, plan: Plan, encoded: Mapping[str, Json]) -> tuple[str, Trial]:
    """Return a line's trial and its id. `encoded` is each planned trial's `spec` as it must stand in the line.

    The plan's own nouns are handed out again, so ten thousand trials share a few cells. Raises ValueError.
    """
    data = loads(line)
    check_schema(data)
    data = modern_trial(data)
    exactly(data, _TRIAL, "the trial")
    name = text(data, "id")
    if name not in plan:
        raise ValueError(f"trial {name} is not in the run's plan")
    if data["spec"] != encoded[name]:
        raise ValueError(f"the spec of trial {name} is not the plan's")
    return name, Trial(
        plan[name],
        choice(data, "outcome", Outcome),
        text_or_none(data, "reason"),
        text(data, "started"),
        each(data, "readings", _reading),
        columns(data, "latency_bins", "ns", "count"),
        each(data, "witnesses", _witness),
        text_or_none(data, "cache_mode"),
        each(data, "commands", _command),
        each(data, "raw", _raw),
        pairs(data, "seconds", str, float, int),
        each(data, "flags", _flag),
        numbers(data, "windows"),
        each(data, "granted", _granted),
        optional(data, "bill", _bill),
        optional(data, "mechanism", _mechanism),
        each(data, "traps", _trap),
        each(data, "ceiling", _reading),
        text_or_none(data, "booted"),
        whole(data, "attempt", 1),
        tuple((source(name), share) for name, share in pairs(data, "disturbance", str, float, int)),
    )


def _cell(data: Any) -> Cell:
    exactly(data, _CELL, "a cell")
    workload = exactly(data["workload"], _WORKLOAD, "a workload")
    device, kind = text(data, "device"), choice(data, "kind", DeviceKind)
    if device not in DRIVERS or DRIVERS[device].kind is not kind:
        raise ValueError(f"this pvbench knows no {kind} device {device!r}")
    params = scalars(workload, "params")
    for name in AMOUNTS & dict(params).keys():
        real(dict(params), name, 0.0)
    placement = choice(data, "placement", Placement)
    arm = Arm(text(data, "host"), kind, device, placement, scalars(data, "tunables"))
    return Cell(arm, Workload(text(workload, "tool"), params))


def _setup(data: Any) -> tuple[str, tuple[tuple[str, str], ...]]:
    if type(data) is not list or len(data) != 2 or type(data[0]) is not str:
        raise ValueError("setups holds something other than a host and its settings")
    return data[0], pairs({"setups": data[1]}, "setups", str, str)


def _host(data: Any) -> HostFacts:
    exactly(data, _HOST, "a host")
    return HostFacts(
        text(data, "name"),
        choice(data, "emulation", Emulation),
        text(data, "machine"),
        text(data, "hypervisor"),
        text(data, "kernel"),
        text(data, "cpu"),
        whole(data, "cpus"),
        whole(data, "memory_bytes"),
        real(data, "speed", 0.0),
        pairs(data, "details", str, str),
    )


def _planned(data: Any, cells: Mapping[str, Cell]) -> tuple[str, TrialSpec]:
    exactly(data, _PLANNED, "a planned trial")
    name, cell = text(data, "id"), text(data, "cell")
    if cell not in cells or not name.endswith(cell):
        raise ValueError(f"planned trial {name} is of a cell {cell} that the manifest does not hold")
    return name, TrialSpec(
        cells[cell],
        whole(data, "block"),
        text(data, "boot"),
        whole(data, "position"),
        whole(data, "run", 1),
        boolean(data, "twin"),
    )


def _reading(data: Any) -> Reading:
    exactly(data, _READING, "a reading")
    metric = text(data, "metric")
    if metric not in METRICS:
        raise ValueError(f"unknown metric {metric!r}")
    return Reading(metric, real(data, "value", 0.0))


def _witness(data: Any) -> Witness:
    exactly(data, _WITNESS, "a witness")
    return Witness(
        text(data, "side"),
        text_or_none(data, "driver"),
        whole_or_none(data, "asked_bytes", -LARGEST),  # a counter that went back, as a trial's reason then says
        whole_or_none(data, "all_bytes", -LARGEST),
        whole_or_none(data, "asked_ios", -LARGEST),
        pairs(data, "facts", str, str),
    )


def _command(data: Any) -> CommandRecord:
    exactly(data, _COMMAND, "a command")
    return CommandRecord(
        text(data, "where"),
        words(data, "argv"),
        whole_or_none(data, "exit_code", -LARGEST),
        real_or_none(data, "elapsed_s"),
    )


def _raw(data: Any) -> RawFile:
    exactly(data, _RAW, "a raw file")
    return RawFile(text(data, "path"), text(data, "sha256"), whole(data, "size_bytes"))


def _flag(data: Any) -> Flag:
    exactly(data, _FLAG, "a flag")
    return Flag(choice(data, "kind", FlagKind), text(data, "detail"))


def _granted(data: Any) -> Granted:
    exactly(data, _GRANTED, "a tunable")
    return Granted(text(data, "name"), text(data, "asked"), text_or_none(data, "got"))


def _bill(data: Any) -> CpuBill:
    exactly(data, _BILL, "a CPU bill")
    paid = tuple((Payer(payer(name)), seconds) for name, seconds in pairs(data, "paid", str, float, int))
    return CpuBill(
        real(data, "wall_s", SHORTEST_S),
        whole(data, "cpus", 1),
        paid,
        whole_or_none(data, "ios", -LARGEST),
        whole_or_none(data, "moved_bytes", -LARGEST),
    )


def _mechanism(data: Any) -> Mechanism:
    exactly(data, _MECHANISM, "a mechanism")
    return Mechanism(
        real(data, "traced_s", 0.0),
        real(data, "ios", 0.0),
        pairs(data, "counts", str, int),
        pairs(data, "away", str, float, int),
        whole(data, "lost"),
        real_or_none(data, "slowdown", 0.0),
        whole_or_none(data, "recorded_bytes"),
    )


def _trap(data: Any) -> TrapCost:
    exactly(data, _TRAP, "a trap cost")
    return TrapCost(text(data, "name"), pairs(data, "bins", int, int))
