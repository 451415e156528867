"""What came of a trial ↔ a line of the journal."""

import json
from collections.abc import Mapping

from pvbench.model import Outcome, Trial, TrialSpec
from pvbench.store.codec.cells import encode_cell, encode_spec
from pvbench.store.codec.evidence import (
    decode_bill,
    decode_command,
    decode_flag,
    decode_granted,
    decode_mechanism,
    decode_raw,
    decode_reading,
    decode_trap,
    decode_witness,
)
from pvbench.store.codec.keys import check_schema, keys
from pvbench.store.fields import (
    Json,
    choice,
    columns,
    each,
    exactly,
    loads,
    numbers,
    optional,
    pairs,
    text,
    text_or_none,
    whole,
)
from pvbench.store.manifest import SCHEMA_VERSION
from pvbench.store.older import modern_trial, source

Plan = Mapping[str, TrialSpec]
_TRIAL = keys(Trial, "schema", "id")


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
    late = {"in_use": trial.in_use, "guest_facts": trial.guest_facts}
    data |= {name: pairs for name, pairs in late.items() if pairs}  # readers of before know neither
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
        spec=plan[name],
        outcome=choice(data, "outcome", Outcome),
        reason=text_or_none(data, "reason"),
        started=text(data, "started"),
        readings=each(data, "readings", decode_reading),
        latency_bins=columns(data, "latency_bins", "ns", "count"),
        witnesses=each(data, "witnesses", decode_witness),
        cache_mode=text_or_none(data, "cache_mode"),
        commands=each(data, "commands", decode_command),
        raw=each(data, "raw", decode_raw),
        seconds=pairs(data, "seconds", str, float, int),
        flags=each(data, "flags", decode_flag),
        windows=numbers(data, "windows"),
        granted=each(data, "granted", decode_granted),
        bill=optional(data, "bill", decode_bill),
        mechanism=optional(data, "mechanism", decode_mechanism),
        traps=each(data, "traps", decode_trap),
        ceiling=each(data, "ceiling", decode_reading),
        booted=text_or_none(data, "booted"),
        attempt=whole(data, "attempt", 1),
        disturbance=tuple((source(name), share) for name, share in pairs(data, "disturbance", str, float, int)),
        in_use=pairs(data, "in_use", str, str),
        guest_facts=pairs(data, "guest_facts", str, str),
    )
