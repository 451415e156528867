"""Made-up runs that could be real: four devices side by side in one boot, three blocks, some trials flawed."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from pvbench.model import (
    Arm,
    Cell,
    CommandRecord,
    Contrast,
    DeviceKind,
    Emulation,
    HostFacts,
    Outcome,
    Placement,
    RawFile,
    Reading,
    Trial,
    TrialSpec,
    Witness,
    Workload,
)
from pvbench.store import SCHEMA_VERSION, Manifest, Store

MATRIX = """\
schema: 1
hosts: [lab]
devices: {net: [e1000, netfront], block: [ide, blkfront]}
placement: coexist
workloads:
  - fio: {rw: [randread, randwrite], bs: 4KiB, iodepth: 1, runtime: 5s, warmup: 2s}
  - fio: {rw: read, bs: 256KiB, runtime: 5s}
  - iperf3: {direction: [up, down], runtime: 5s}
  - netperf: {test: TCP_RR, runtime: 5s}
run: {blocks: 3, order: random, seed: 1}
compare: {baseline: {net: e1000, block: ide}}
"""


def workload(tool: str, **params: str | float | bool) -> Workload:
    """Return a workload of 5 s after a warm-up of 2 s."""
    return Workload(tool, tuple(sorted({**params, "runtime": 5, "warmup": 2}.items())))


def fio(rw: str, bs: int, iodepth: int = 1) -> Workload:
    """Return a workload of fio on blocks of so many bytes."""
    return workload(
        "fio", rw=rw, bs=bs, iodepth=iodepth, ioengine="libaio" if iodepth > 1 else "psync", direct=True, numjobs=1
    )


@dataclass(frozen=True)
class Load:
    """A workload, the metric it is measured by, what the emulated device gives, and how many times that the PV one."""

    kind: DeviceKind
    workload: Workload
    metric: str
    emulated: float
    ratio: float


BLOCK, NET = DeviceKind.BLOCK, DeviceKind.NET
LOADS = (
    Load(BLOCK, fio("randread", 4096), "iops", 214, 9.6),
    Load(BLOCK, fio("randwrite", 4096), "iops", 187, 10.9),
    Load(BLOCK, fio("read", 262144), "throughput", 11.4e6, 24),
    Load(BLOCK, fio("randrw", 4096, 16), "iops", 231, 17),
    Load(NET, workload("iperf3", direction="up", parallel=1, protocol="tcp"), "goodput", 6.1e6, 41),
    Load(NET, workload("iperf3", direction="down", parallel=1, protocol="tcp"), "goodput", 21.7e6, 13),
    Load(NET, workload("netperf", test="TCP_RR", request=1, response=1), "transactions", 122, 1.9),
    Load(NET, workload("iperf3", direction="up", parallel=1, protocol="udp", rate=20000000), "goodput", 5.2e6, 3.83),
)
DEVICES = {BLOCK: ("ide", "blkfront"), NET: ("e1000", "netfront")}
BOUND = {"ide": "ata_piix", "blkfront": "vbd", "e1000": "e1000", "netfront": "vif"}
FACTS = {
    "ide": (
        ("/sys/block/sda/device", "../../../0:0:0:0"),
        ("device-model argv", "-drive file=/dev/loop0,if=ide,index=0,media=disk,format=raw,cache=writeback"),
    ),
    "blkfront": (
        ("backend/vbd/7/51776/state", "4"),
        ("backend/vbd/7/51776/feature-persistent", "1"),
        ("backend/vbd/7/51776/max-ring-page-order", "4"),
        ("feature-max-indirect-segments", "256"),
    ),
    "e1000": (
        ("vif7.0-emu rx_bytes", "31404032"),
        ("device-model argv", "-device e1000,mac=00:16:3e:5a:01:02"),
    ),
    "netfront": (
        ("backend/vif/7/1/state", "4"),
        ("request-rx-copy", "1"),
        ("multi-queue-num-queues", "2"),
        ("feature-gso-tcpv4", "1"),
    ),
}

CACHE = {"blkfront": "phy, direct", "ide": "writeback, dropped before"}
LAB = HostFacts(
    name="lab",
    emulation=Emulation.SOFTWARE,
    machine="QEMU Standard PC (Q35 + ICH9, 2009)",
    hypervisor="Xen 4.17.6",
    kernel="Linux 6.1.0-40-amd64",
    cpu="QEMU TCG CPU version 2.5+",
    cpus=2,
    memory_bytes=3 << 30,
    speed=0.0712,
    details=(("dom0 memory", "1024 MiB"), ("scheduler", "credit2"), ("xl", "4.17.6")),
)


@dataclass(frozen=True)
class SampleRun:
    """What a run left: its manifest and the last record of each of its trials."""

    manifest: Manifest
    trials: tuple[Trial, ...]

    def on(self, *hosts: HostFacts) -> "SampleRun":
        """Return the run as if these had been its hosts."""
        return SampleRun(replace(self.manifest, hosts=hosts), self.trials)

    def changed(self, change: Callable[[Trial], Trial | None]) -> "SampleRun":
        """Return the run with each trial as `change` makes it; without those of which it makes None."""
        return SampleRun(self.manifest, tuple(trial for trial in map(change, self.trials) if trial is not None))

    def stored(self, results: Path) -> Path:
        """Write the run under a results folder, without the tools' outputs, and return its own folder."""
        with Store.create(results, self.manifest) as store:
            for trial in self.trials:
                store.append(trial)
        return store.path


def failed(trial: Trial, outcome: Outcome, reason: str) -> Trial:
    """Return a trial as one that gave no figure."""
    return replace(trial, outcome=outcome, reason=reason, readings=(), latency_bins=())


def sample_manifest(plan: Iterable[TrialSpec], **changes: Any) -> Manifest:
    """Return the manifest of a run with this plan; `changes` are fields that are not as in the sample run."""
    manifest = Manifest(
        schema=SCHEMA_VERSION,
        run_id="20261122-2345-quickstart",
        tool_version="0.1.0",
        started="2026-11-22T23:45:10Z",
        command=("pvbench", "run", "examples/quickstart.yaml"),
        matrix_name="quickstart.yaml",
        matrix_text=MATRIX,
        matrix_digest="5d0c3f1b9a77",
        placement=Placement.COEXIST,
        blocks=3,
        seed=1,
        contrasts=(Contrast("device", ((DeviceKind.BLOCK, "ide"), (DeviceKind.NET, "e1000"))),),
        hosts=(LAB,),
        guest=(("name", "builtin"), ("digest", "9f1c22d0ab41"), ("kernel", "6.12.48+deb13-amd64")),
        stack=(("hostside", "c0ffee123456"), ("guestside", "0badcafe9876")),
        plan=tuple(plan),
    )
    return replace(manifest, **changes)


def sample_run(blocks: int = 3, workloads: Sequence[Load] = LOADS, seed: int = 1) -> SampleRun:
    """Return a run in which every trial gave its figures, with the drift and noise that the seed makes."""
    rng = np.random.default_rng(seed)
    trials: list[Trial] = []
    for block in range(blocks):
        drift = rng.normal(0, 0.06)
        order = [(load, place) for load in workloads for place in (0, 1)]
        for position, index in enumerate(rng.permutation(len(order))):
            load, place = order[index]
            cell = Cell(Arm("lab", load.kind, DEVICES[load.kind][place], Placement.COEXIST), load.workload)
            spec = TrialSpec(cell, block, f"b{block:02d}-lab", position)
            value = load.emulated * (load.ratio if place else 1) * math.exp(drift + rng.normal(0, 0.05))
            if load.metric == "goodput" and dict(load.workload.params).get("rate"):
                value = min(value, 19.9e6)
            trials.append(_trial(spec, load.metric, value, rng))
    return SampleRun(sample_manifest((trial.spec for trial in trials), blocks=blocks), tuple(trials))


def flawed_run() -> SampleRun:
    """Return a run in which one blkfront randwrite is invalid in one block and netperf over netfront gave no figure."""

    def flaw(trial: Trial) -> Trial:
        cell = trial.spec.cell
        if cell.device == "blkfront" and dict(cell.workload.params).get("rw") == "randwrite" and trial.spec.block == 1:
            return failed(trial, Outcome.INVALID, "ide carried 100 % of the traffic, blkfront was asked for")
        if cell.device == "netfront" and cell.workload.tool == "netperf":
            if trial.spec.block == 0:
                return failed(trial, Outcome.INVALID, "e1000 carried 97.1 % of the traffic, netfront was asked for")
            return failed(trial, Outcome.NOT_MEASURED, "netserver did not answer on 192.168.77.1:12865 within 20 s")
        return trial

    return sample_run().changed(flaw)


def _trial(spec: TrialSpec, metric: str, value: float, rng: np.random.Generator) -> Trial:
    cell = spec.cell
    traffic = int(value * 5 * (4096 if metric == "iops" else 1))
    readings: tuple[Reading, ...] = (Reading(metric, value),)
    bins: tuple[tuple[int, int], ...] = ()
    if cell.kind is BLOCK:
        other = "throughput" if metric == "iops" else "iops"
        size = int(cell.workload["bs"])
        readings += (Reading(other, value * size if metric == "iops" else value / size),)
        iops = value if metric == "iops" else value / size
        readings += (Reading("latency_mean", 1 / iops),)
        spread = np.exp(rng.normal(math.log(1e9 / iops), 0.3, 40)).astype(int)
        bins = tuple((int(ns), max(int(iops * 5 / 40), 1)) for ns in sorted(set(spread.tolist())))
    tool = cell.workload.tool
    return Trial(
        spec=spec,
        outcome=Outcome.OK,
        reason=None,
        started=f"2026-11-22T23:{46 + spec.block:02d}:{spec.position % 60:02d}Z",
        readings=readings,
        latency_bins=bins,
        witnesses=(
            Witness("guest", BOUND[cell.device], traffic, traffic + 2048, int(value) if metric == "iops" else None),
            Witness("host", BOUND[cell.device], traffic, traffic, None, FACTS[cell.device]),
        ),
        cache_mode=CACHE.get(cell.device),
        commands=(
            CommandRecord("lab", ("pvb-observe", "--before"), 0, 0.21),
            CommandRecord("guest", (tool, *(f"--{name}={number}" for name, number in cell.workload.params)), 0, 7.34),
        ),
        raw=(RawFile(f"raw/{spec.id}/{tool}.json", f"{spec.position:02x}" * 32, 18_432),),
        seconds=(("boot", 6.1), ("warmup", 2.0), ("tool", 5.02), ("trial", 8.12), ("overhead", 1.1)),
    )
