"""What QEMU is called with. Pure. Every odd flag has its reason in the lab's chapter of docs/lab.md."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from pvbench.lab.flavours import USUAL, Flavour
from pvbench.model import Emulation, digest

DISK_GIB = 8


class Accelerator(StrEnum):
    """What runs the lab's processor."""

    KVM = "kvm"
    TCG = "tcg"


@dataclass(frozen=True)
class LabSpec:
    """What a lab is and its size; the defaults are the measured recipe's."""

    memory_mib: int = 4096
    vcpus: int = 2
    disk_gib: int = DISK_GIB
    dom0_memory_mib: int = 1536
    flavour: Flavour = USUAL

    @property
    def id(self) -> str:
        """Identity: machines of another size or processor cannot resume one another's saved states."""
        size = {name: value for name, value in asdict(self).items() if name != "flavour"}
        hardware = () if self.flavour is USUAL else (_MAC,)
        return digest([size, _TCG_CPU, *(_OWN_HARDWARE if self.flavour.own_disk else (_XEN, _DOM0)), *hardware])


# TCG's SVM has faults that kill dom0 or its guests unless these features are hidden: SMAP (IRET at CPL 3),
# AVX and XSAVE (XSETBV is not intercepted), MONITOR (MWAIT with ECX), RDTSCP (reported as RDTSC). INVTSC is told
# though TCG does not know it, for under TCG it is true: without it each CPU of Xen keeps a clock of its own, they
# drift apart by milliseconds, and what a domain used goes unaccounted whenever another CPU wakes it. The features
# after it are those of the model that TCG lacks, which nothing hides once one is forced.
_TCG_CPU = (
    "EPYC,+svm,+npt,-x2apic,-smap,-monitor,-avx,-avx2,-f16c,-fma,-xsave,-xsaveopt,-rdtscp,x-force-features=on,+invtsc,"
    "-rdseed,-sha-ni,-xsavec,-3dnowprefetch,-misalignsse,-osvw,-topoext,-fxsr-opt,-nrip-save"
)
_XEN = "dom0_max_vcpus=1 dom0_vcpus_pin console=com1 com1=115200 noreboot cpuidle=0 watchdog=0 clocksource=tsc"
# A screen, though nobody sees it: GRUB's menu stands still on a serial line that goes to a file. And a watchdog that
# counts on over a reboot, for it is in the board's management controller, so that an operating system which does not
# come up is reset too.
_OWN_HARDWARE = ("-vga", "std", "-device", "ipmi-bmc-sim,id=bmc", "-device", "isa-ipmi-kcs,bmc=bmc")
_XENS_HARDWARE = ("-vga", "none")
# Not the address that any QEMU gives its first network card: dom0's own QEMU 10 on Debian 13 makes a card in dom0, and
# who looks for a card by its address would find two. The usual lab has none but QEMU's, as have its saved states.
_MAC = "52:54:00:70:76:62"
# Backends offer as many queues as dom0 has CPUs, and the lab's has one: more are asked for to be compared with one.
_DOM0 = "root=/dev/vda rw console=hvc0 net.ifnames=0 mitigations=off xen_netback.max_queues=8 xen_blkback.max_queues=8"
_CPU = {Accelerator.TCG: _TCG_CPU, Accelerator.KVM: "host"}
# QEMU looks translated blocks up in a table that grows until their buffer is full. With its own 1 GiB that takes six
# guests, and the more blocks, the slower each look-up: a lab aged. A small buffer is emptied before that is felt.
_ACCEL = {Accelerator.TCG: "tcg,thread=multi,tb-size=256", Accelerator.KVM: "kvm"}


def words(accelerator: Accelerator, version: str) -> str:
    """Return what the firmware's tables shall say of what the host runs on."""
    if accelerator is Accelerator.TCG:
        return f"{Emulation.SOFTWARE} (QEMU {version} TCG)"
    return f"{Emulation.NESTED} (QEMU {version} KVM)"


def loader(tree: Path) -> list[str]:
    """Return how a program of the carried tree is started: by the tree's own dynamic loader and libraries."""
    libraries = f"{tree}/lib/x86_64-linux-gnu:{tree}/usr/lib/x86_64-linux-gnu"
    return [f"{tree}/lib64/ld-linux-x86-64.so.2", "--library-path", libraries]


def environment(tree: Path) -> dict[str, str]:
    """Return the environment QEMU needs to find the tree's modules."""
    return {"QEMU_MODULE_DIR": f"{tree}/usr/lib/x86_64-linux-gnu/qemu"}


def qemu_argv(
    image: Path,
    spec: LabSpec,
    accelerator: Accelerator,
    *,
    version: str,
    disk: Path | None,
    port: int | None,
    qmp: Path | None,
    serial: Path,
    resume: str | None = None,
) -> list[str]:
    """Return the command line of the lab's machine; without a disk or a port it is a machine to probe with."""
    tree = image / "qemu"
    return [
        *loader(tree),
        f"{tree}/usr/bin/qemu-system-x86_64",
        "-L",
        f"{tree}/usr/share/qemu",
        "-L",
        f"{tree}/usr/share/seabios",
        "-name",
        "pvbench-lab",
        "-M",
        "q35",
        "-accel",
        _ACCEL[accelerator],
        "-cpu",
        _CPU[accelerator],
        "-m",
        str(spec.memory_mib),
        "-smp",
        str(spec.vcpus),
        *_boot(image, spec),
        "-smbios",
        f"type=1,manufacturer=pvbench,product=pvbench-lab,version={words(accelerator, version)}",
        *(["-drive", f"file={_option(disk)},if=virtio,cache=unsafe"] if disk else []),
        *_network(port, spec.flavour),
        *(["-qmp", f"unix:{_option(qmp)},server=on,wait=off"] if qmp else []),
        "-serial",
        f"file:{serial}",
        "-display",
        "none",
        "-monitor",
        "none",
        *(_OWN_HARDWARE if spec.flavour.own_disk else _XENS_HARDWARE),
        *(["-loadvm", resume] if resume else []),
    ]


def _boot(image: Path, spec: LabSpec) -> list[str]:
    """Return what is booted: the boot loader, which finds the rest on the disk, or Xen with dom0's kernel."""
    if spec.flavour.own_disk:
        return ["-kernel", str(image / "grub.img")]
    dom0_memory_mib = spec.dom0_memory_mib
    return [
        "-kernel",
        str(image / "xen.elf"),
        "-append",
        f"dom0_mem={dom0_memory_mib}M,max:{dom0_memory_mib}M {_XEN}",
        "-initrd",
        f"{_module(image / 'vmlinuz')} {_DOM0},{_module(image / 'initrd.img')}",
    ]


def _network(port: int | None, flavour: Flavour) -> list[str]:
    """Return a network whose port on loopback leads to the machine's SSH, or none."""
    if not port:
        return ["-nic", "none"]
    card = "virtio-net-pci,netdev=n0,romfile=" + ("" if flavour is USUAL else f",mac={_MAC}")
    return ["-netdev", f"user,id=n0,hostfwd=tcp:127.0.0.1:{port}-:22", "-device", card]


def _option(path: Path | None) -> str:
    """Write a path inside a comma-separated option, where a comma is doubled."""
    return str(path).replace(",", ",,")


def _module(path: Path) -> str:
    """Write a path in the -initrd list, where a space begins the module's own arguments."""
    if " " in str(path):
        raise ValueError(f"QEMU cannot load a kernel from a path with a space: {path}")
    return _option(path)
