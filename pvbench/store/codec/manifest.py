"""What a run was started with ↔ manifest.json."""

import json
from dataclasses import asdict, fields
from typing import Any

from pvbench.model import Emulation, HostFacts, Placement, Purpose, TrialSpec
from pvbench.store.codec.cells import (
    decode_cell,
    decode_contrast,
    decode_planned,
    encode_cell,
    encode_contrast,
    encode_spec,
)
from pvbench.store.codec.keys import check_schema, keys
from pvbench.store.fields import (
    LARGEST,
    choice,
    each,
    exactly,
    file_name,
    loads,
    moment,
    pairs,
    real,
    real_or_none,
    text,
    whole,
    whole_or_none,
    words,
)
from pvbench.store.manifest import Manifest
from pvbench.store.older import modern_manifest

_MANIFEST, _HOST = keys(Manifest, "cells"), keys(HostFacts)


def encode_manifest(manifest: Manifest) -> str:
    """Return manifest.json."""
    ids = {cell: cell.id for cell in dict.fromkeys(spec.cell for spec in manifest.plan)}
    data = {field.name: getattr(manifest, field.name) for field in fields(Manifest)}
    data["hosts"] = [asdict(host) for host in manifest.hosts]
    data["contrasts"] = list(map(encode_contrast, manifest.contrasts))
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
    cells = {name: decode_cell(cell) for name, cell in data["cells"].items()}
    for name, cell in cells.items():
        if cell.id != name:
            raise ValueError(f"cell {name} was altered: its content is that of {cell.id}")
        if cell.host not in hosts:
            raise ValueError(f"cell {name} is of host {cell.host!r}, of which the manifest says nothing")
    planned = each(data, "plan", lambda item: decode_planned(item, cells))
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
        contrasts=each(data, "contrasts", decode_contrast),
        hosts=tuple(hosts.values()),
        guest=pairs(data, "guest", str, str),
        stack=pairs(data, "stack", str, str),
        plan=tuple(plan.values()),
        purpose=choice(data, "purpose", Purpose),
        disturbed_above=real_or_none(data, "disturbed_above", 0.0),
        setups=each(data, "setups", _setup),
        vcpus=whole_or_none(data, "vcpus"),
    )
    return manifest, plan


def _setup(data: Any) -> tuple[str, tuple[tuple[str, str], ...]]:
    if type(data) is not list or len(data) != 2 or type(data[0]) is not str:
        raise ValueError("setups holds something other than a host and its settings")
    return data[0], pairs({"setups": data[1]}, "setups", str, str)


def _host(data: Any) -> HostFacts:
    exactly(data, _HOST, "a host")
    return HostFacts(
        name=text(data, "name"),
        emulation=choice(data, "emulation", Emulation),
        machine=text(data, "machine"),
        hypervisor=text(data, "hypervisor"),
        kernel=text(data, "kernel"),
        cpu=text(data, "cpu"),
        cpus=whole(data, "cpus"),
        memory_bytes=whole(data, "memory_bytes"),
        speed=real(data, "speed", 0.0),
        details=pairs(data, "details", str, str),
    )
