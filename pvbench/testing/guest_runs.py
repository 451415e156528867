"""A made-up run that could be real: PV devices in the builtin guest and in two images, which said what they are."""

from collections.abc import Callable
from dataclasses import replace

from pvbench.model import BUILTIN_GUEST, Contrast, Outcome, Placement, Trial
from pvbench.testing.runs import LOADS, SampleRun, sample_manifest, sample_run

DEBIAN, ALPINE = "debian-13-generic-amd64.qcow2", "alpine-3.22.raw"
FACTS: dict[str, tuple[tuple[str, str], ...]] = {
    BUILTIN_GUEST: (
        ("distribution", "none"),
        ("kernel", "6.1.0-40-amd64"),
        ("kernel build", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.153-1 (2025-09-20)"),
        ("init", "init"),
        ("C library", "glibc"),
        ("clock source", "xen"),
        ("security module", "none"),
        ("command line", "console=hvc0 quiet mitigations=off panic=1 ipv6.disable=1 xen_emul_unplug=all"),
        ("mitigation of mds", "Not affected"),
        ("mitigation of spectre_v1", "Vulnerable: __user pointer sanitization and usercopy barriers only"),
        ("mitigation of spectre_v2", "Vulnerable"),
        ("driver xen-netfront", "build-id 1d0c2a7f5b7c4a0c9a1f6f3f5e0a9c4d2b8e7f61"),
        ("driver xen-blkfront", "build-id 7f61b8e72dc4a90e5f3f6f1f9a0c4a5b7c2a1d0c"),
        ("tool fio", "3.33 (pvbench's)"),
        ("tool netperf", "2.7.0 (pvbench's)"),
    ),
    DEBIAN: (
        ("distribution", "Debian GNU/Linux 13 (trixie)"),
        ("kernel", "6.12.48+deb13-amd64"),
        ("kernel build", "#1 SMP PREEMPT_DYNAMIC Debian 6.12.48-1 (2025-09-20)"),
        ("init", "systemd"),
        ("C library", "glibc"),
        ("clock source", "tsc"),
        ("security module", "AppArmor"),
        ("command line", "BOOT_IMAGE=/boot/vmlinuz-6.12.48+deb13-amd64 root=PARTUUID=2f1c-01 ro console=ttyS0,115200"),
        ("mitigation of ghostwrite", "Not affected"),
        ("mitigation of mds", "Not affected"),
        ("mitigation of spectre_v1", "Mitigation: usercopy/swapgs barriers and __user pointer sanitization"),
        ("mitigation of spectre_v2", "Mitigation: Retpolines; STIBP: disabled; RSB filling; BHI: Not affected"),
        ("driver xen-netfront", "build-id 0c4a5b7c2a1d0c7f61b8e72dc4a90e5f3f6f1f9a"),
        ("driver xen-blkfront", "build-id 9c4d2b8e7f611d0c2a7f5b7c4a0c9a1f6f3f5e0a"),
        ("tool fio", "3.39 (its own)"),
        ("tool netperf", "2.7.0 (pvbench's)"),
    ),
    ALPINE: (
        ("distribution", "Alpine Linux v3.22"),
        ("kernel", "6.12.31-0-virt"),
        ("kernel build", "#1-Alpine SMP PREEMPT_DYNAMIC 2025-06-01 12:08:13"),
        ("init", "init"),
        ("C library", "musl"),
        ("clock source", "tsc"),
        ("security module", "none"),
        ("command line", "BOOT_IMAGE=vmlinuz-virt root=UUID=8a3e modules=sd-mod,usb-storage,ext4 rootfstype=ext4"),
        ("mitigation of spectre_v1", "Mitigation: usercopy/swapgs barriers and __user pointer sanitization"),
        ("mitigation of spectre_v2", "Mitigation: Retpolines; STIBP: disabled; RSB filling; BHI: Not affected"),
        ("driver xen-netfront", "build-id 4a0c9a1f6f3f5e0a9c4d2b8e7f611d0c2a7f5b7c"),
        ("driver xen-blkfront", "build-id e72dc4a90e5f3f6f1f9a0c4a5b7c2a1d0c7f61b8"),
        ("tool fio", "3.33 (pvbench's)"),
        ("tool netperf", "2.7.0 (pvbench's)"),
    ),
}
IN_USE: dict[str, tuple[tuple[str, str], ...]] = {
    BUILTIN_GUEST: (("event channels", "FIFO"), ("grant frames", "write-back"), ("spurious-interrupt fix", "yes")),
    DEBIAN: (("event channels", "FIFO"), ("grant frames", "write-back"), ("spurious-interrupt fix", "yes")),
    ALPINE: (("event channels", "FIFO"), ("grant frames", "write-back"), ("spurious-interrupt fix", "no")),
}
"""What else the boots had in use; the fix is netfront's alone."""
_SPEED = {BUILTIN_GUEST: 1.0, DEBIAN: 0.9, ALPINE: 1.02}


def guests_run(blocks: int = 5, change: Callable[[Trial], Trial] = lambda trial: trial) -> SampleRun:
    """Return a run along the guest image; `change` is what becomes of each trial."""
    pv = [
        trial for trial in sample_run(blocks, (LOADS[0], LOADS[6])).trials if trial.spec.cell.device.endswith("front")
    ]
    trials = [change(_in(trial, guest, number)) for trial in pv for number, guest in enumerate(FACTS)]
    manifest = sample_manifest(
        (trial.spec for trial in trials),
        run_id="20261129-1200-guests",
        matrix_name="guests.yaml",
        blocks=blocks,
        placement=Placement.ISOLATED,
        contrasts=(Contrast("guest", BUILTIN_GUEST, 0.05),),
        guest=(
            ("name", "builtin"),
            ("digest", "9f1c22d0ab41"),
            (f"image {DEBIAN}", "a94c"),
            (f"image {ALPINE}", "77e1"),
        ),
    )
    return SampleRun(manifest, tuple(trials))


def _in(trial: Trial, guest: str, number: int) -> Trial:
    spec, speed = trial.spec, _SPEED[guest] * (1.01 if trial.spec.block % 2 else 0.99)
    arm = replace(spec.cell.arm, guest=guest, placement=Placement.ISOLATED)
    boot = f"{spec.boot}-{arm.device}-{number}"
    readings = tuple(
        replace(each, value=each.value * (1 / speed if "latency" in each.metric else speed)) for each in trial.readings
    )
    return replace(
        trial,
        spec=replace(spec, cell=replace(spec.cell, arm=arm), boot=boot, position=spec.position * len(FACTS) + number),
        readings=readings if trial.outcome is Outcome.OK else (),
        booted=f"{trial.started[:17]}00Z {boot}",
        in_use=tuple(pair for pair in IN_USE[guest] if arm.device == "netfront" or "interrupt" not in pair[0]),
        guest_facts=FACTS[guest],
    )
