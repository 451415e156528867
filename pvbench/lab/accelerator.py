"""What can run the lab's processor here: found by booting, for a /dev/kvm that opens need not run a kernel."""

import os
import re
import tempfile
from pathlib import Path

from pvbench.clock import Clock
from pvbench.lab import process
from pvbench.lab.argv import Accelerator, LabSpec, environment, qemu_argv
from pvbench.lab.image import Image

_PATIENCE_S = 25
# Xen says the first when it can run HVM guests with nested paging, dom0's kernel the second.
_XEN_PROOFS = (rb"HVM: Hardware Assisted Paging", rb"Linux version")
_PLAIN_PROOFS = (rb"Linux version",)


def choose(image: Image, spec: LabSpec, wanted: str, cache: Path, clock: Clock) -> Accelerator:
    """Return the accelerator to use; "auto" boots the host under KVM for up to 25 s, once per boot of this machine."""
    if wanted != "auto":
        return Accelerator(wanted)
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return Accelerator.TCG
    boot_id = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    note = cache / f"accelerator-{boot_id}{'-plain' if spec.flavour.own_disk else ''}"
    if note.exists():
        return Accelerator(note.read_text())
    found = Accelerator.KVM if _boots(image, spec, clock) else Accelerator.TCG
    note.write_text(found)
    return found


def _boots(image: Image, spec: LabSpec, clock: Clock) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        serial = Path(folder, "serial.log")
        argv = qemu_argv(
            image.path,
            spec,
            Accelerator.KVM,
            version=image.qemu_version,
            disk=image.disk if spec.flavour.own_disk else None,
            port=None,
            qmp=None,
            serial=serial,
        )
        if spec.flavour.own_disk:
            argv.append("-snapshot")  # what it writes is thrown away
        proofs = _PLAIN_PROOFS if spec.flavour.own_disk else _XEN_PROOFS
        machine = process.spawn(argv, log=Path(folder, "log"), environment=environment(image.path / "qemu"))
        try:
            deadline = clock.monotonic() + _PATIENCE_S
            while machine.alive and clock.monotonic() < deadline:
                said = serial.read_bytes() if serial.exists() else b""
                if all(re.search(proof, said) for proof in proofs):
                    return True
                clock.sleep(0.2)
            return False
        finally:
            machine.end()
