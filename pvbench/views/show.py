"""What `pvbench show` prints: a run's readings and their evidence."""

import shlex
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from pvbench import figures as fmt
from pvbench import wording
from pvbench.columns import columns
from pvbench.metrics import METRICS
from pvbench.model import Cell, Trial, TrialSpec, Witness
from pvbench.printable import clean
from pvbench.reports import shortfalls
from pvbench.store import Manifest, Store
from pvbench.store.cells import cells
from pvbench.views import trial_costs
from pvbench.views.plan import cell_data, cell_words

NEVER_REACHED = "never reached"


def render(store: Store, cell: str | None, *, evidence: bool) -> str:
    """Return a run, or one cell of it, for people."""
    manifest, trials = store.manifest, {trial.spec: trial for trial in store.trials()}
    planned = _by_cell(manifest)
    label = wording.label(manifest.hosts)
    lines = [f"run {clean(manifest.run_id)}: {clean(manifest.matrix_name)}, started {clean(manifest.started)}"]
    lines += [f"all figures under {label}"] if label else []
    for host in manifest.hosts:
        facts = (
            host.name,
            host.emulation,
            host.hypervisor,
            host.kernel,
            host.cpu,
            f"{host.cpus} CPUs",
            fmt.size(host.memory_bytes),
        )
        lines.append(f"host {clean(', '.join(map(str, facts)))}")
    for key, each in cells(manifest).items():
        if cell in (None, key):
            lines += ["", f"cell {key}: {clean(' · '.join(cell_words(each)))}"]
            for spec in planned[each]:
                lines += _trial(spec, trials.get(spec), evidence)
    return "\n".join(lines) + "\n"


def as_data(store: Store, cell: str | None) -> dict[str, Any]:
    """Return a run, or one cell of it, for programs: every reading with its unit and evidence."""
    manifest, trials = store.manifest, {trial.spec: trial for trial in store.trials()}
    planned = _by_cell(manifest)
    return {
        "schema": manifest.schema,
        "run": manifest.run_id,
        "path": str(store.path),
        "matrix": manifest.matrix_name,
        "started": manifest.started,
        "label": wording.label(manifest.hosts),
        "hosts": [asdict(host) | {"details": dict(host.details)} for host in manifest.hosts],
        "guest": dict(manifest.guest),
        "stack": dict(manifest.stack),
        "cells": [
            cell_data(each, key) | {"trials": [_trial_data(spec, trials.get(spec)) for spec in planned[each]]}
            for key, each in cells(manifest).items()
            if cell in (None, key)
        ],
    }


def _by_cell(manifest: Manifest) -> dict[Cell, list[TrialSpec]]:
    planned: dict[Cell, list[TrialSpec]] = {}
    for spec in manifest.plan:
        planned.setdefault(spec.cell, []).append(spec)
    return planned


def _trial(spec: TrialSpec, trial: Trial | None, evidence: bool) -> Iterator[str]:
    which = f"{f', run {spec.run}' if spec.run > 1 else ''}{', twin' if spec.twin else ''}"
    head = f"  block {spec.block}, boot {clean(spec.boot)}{which}: "
    if trial is None:
        yield head + NEVER_REACHED
        return
    reason = f": {clean(trial.reason)}" if trial.reason else ""
    yield head + trial.outcome.value.replace("_", " ") + reason
    shown = [(METRICS[each.metric].title, METRICS[each.metric].text(each.value)) for each in trial.readings]
    if shown:
        yield columns(shown, "    ").rstrip("\n")
    yield from (f"    flagged {clean(str(flag))}" for flag in trial.flags)
    yield from (f"    {shortfalls.granted(each)}" for each in trial.granted)
    if not evidence:
        return
    for witness in trial.witnesses:
        yield f"    {witness.side} saw {_carried(witness)}"
        yield from (f"      {clean(name)}: {clean(fact)}" for name, fact in witness.facts)
    yield from (f"    in use: {clean(part)}: {clean(value)}" for part, value in trial.in_use)
    yield from (f"    the guest's {clean(fact)}: {clean(value)}" for fact, value in trial.guest_facts)
    yield from trial_costs.lines(trial)
    if trial.cache_mode:
        yield f"    cache: {clean(trial.cache_mode)}"
    for record in trial.commands:
        ended = "" if record.exit_code is None else f"  → exit {record.exit_code}"
        took = "" if record.elapsed_s is None else f", {fmt.duration(record.elapsed_s)}"
        yield f"    {clean(record.where)}$ {clean(shlex.join(record.argv))}{ended}{took}"
    for raw in trial.raw:
        yield f"    {clean(raw.path)}  {fmt.size(raw.size_bytes)}  sha256 {raw.sha256}"
    if trial.seconds:
        yield "    " + ", ".join(f"{name} {fmt.duration(seconds)}" for name, seconds in trial.seconds)


def _carried(witness: Witness) -> str:
    driver = clean(witness.driver) if witness.driver else "nothing"
    traffic = "" if witness.asked_bytes is None else f" ({fmt.size(witness.asked_bytes)})"
    return f"{driver} carry the most; the device asked for carried {fmt.share(witness.share)}{traffic}"


def _trial_data(spec: TrialSpec, trial: Trial | None) -> dict[str, Any]:
    head = {
        "id": spec.id,
        "block": spec.block,
        "boot": spec.boot,
        "position": spec.position,
        "run": spec.run,
        "twin": spec.twin,
    }
    if trial is None:
        return head | {"outcome": None, "reason": NEVER_REACHED, "readings": []}
    kept = asdict(trial)
    del kept["spec"]
    return (
        head
        | kept
        | {
            "readings": [
                {
                    "metric": each.metric,
                    "value": each.value,
                    "unit": METRICS[each.metric].unit,
                    "better": METRICS[each.metric].better,
                }
                for each in trial.readings
            ],
            "witnesses": [asdict(each) | {"share": each.share, "facts": dict(each.facts)} for each in trial.witnesses],
            "seconds": dict(trial.seconds),
            **trial_costs.as_data(trial),
        }
    )
