"""A GuestSpec as xl understands it: names, addresses, kernel command line and domain configuration. Pure.

Sources: xl.cfg(5), xl-network-configuration(5), xl-disk-configuration(5); xen-vbd-interface(7) for device
names; docs/misc/hvm-emulated-unplug.pandoc for what the guest does with emulated devices.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pvbench.drivers import DRIVERS, Backing
from pvbench.hypervisor import GuestSpec
from pvbench.model import DeviceKind, IoPath, Placement
from pvbench.xen import tunables

PREFIX = "pvb-"
_PEER_INDEX, _SHADOW = 0x7F, 0x80
REACHED_BY: Mapping[IoPath, str] = {IoPath.EMULATED: "e1000", IoPath.PV: "netfront"}
"""The NIC of a guest without one under test, by the class of its devices; and the control NIC."""
Setting = str | int | list[str]
"""The value of a line of xl.cfg(5)."""


@dataclass(frozen=True)
class Nic:
    """A NIC of the guest, alone in its subnet of 198.18.0.0/15 (RFC 2544, section C.2.2: for benchmarks).

    A `control` NIC carries the controller's SSH and nothing else, so that it is never mistaken for measured traffic.
    `also` are further addresses of it.
    """

    device: str
    devid: int
    mac: str
    host_address: str
    guest_address: str
    control: bool = False
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Disk:
    """A disk of the guest: its name for xl and what backs it on the host."""

    device: str
    vdev: str
    backing: str


def nic_devices(spec: GuestSpec) -> tuple[str, ...]:
    """Return the NICs the guest gets: those under test, or one of the same class to be reached by."""
    asked = tuple(name for name in spec.devices if DRIVERS[name].kind is DeviceKind.NET)
    if asked:
        return asked
    return (REACHED_BY[IoPath.EMULATED if is_emulated(spec) else IoPath.PV],)


def nics(spec: GuestSpec, host: str) -> tuple[Nic, ...]:
    """Return the guest's NICs. Where PV and emulated NICs stand side by side a PV one is added for control.

    A guest whose NICs are all of the class under test is controlled over the NIC under test: a further emulated one
    would cost 20 s of boot under emulation, and a PV one would spoil a guest that shall have none.
    """
    found = [_nic(host, name, index, control=False) for index, name in enumerate(nic_devices(spec))]
    if spec.placement is Placement.COEXIST and len(found) > 1:
        found.append(_nic(host, REACHED_BY[IoPath.PV], len(found), control=True))
    return tuple(found)


def first_nic(host: str) -> Nic:
    """Return the NIC of a guest that has one, as far as addresses go: they are the same whatever device it is."""
    return _nic(host, REACHED_BY[IoPath.PV], 0, control=False)


def any_nics(host: str) -> tuple[Nic, ...]:
    """Return the NICs that a guest may have, as far as addresses go: one of each driver, and the control NIC."""
    most = sum(row.kind is DeviceKind.NET for row in DRIVERS.values()) + 1
    return tuple(_nic(host, REACHED_BY[IoPath.PV], index, control=False) for index in range(most))


def _nic(host: str, device: str, index: int, *, control: bool) -> Nic:
    """Return a NIC whose MAC differs from host to host, for the bridge may be a shared one."""
    tag = hashlib.sha256(host.encode()).digest()
    return Nic(
        device=device,
        devid=index,
        mac=f"00:16:3e:{tag[0] & 0x7F:02x}:{tag[1]:02x}:{index:02x}",
        host_address=f"198.18.{10 + index}.1",
        guest_address=f"198.18.{10 + index}.2",
        control=control,
    )


def shadows(spec: GuestSpec, guest_nics: Sequence[Nic]) -> dict[str, str]:
    """Return other MACs for the PV halves of emulated NICs, by their numbers.

    The toolstack exports each emulated NIC as a PV one too. A guest that keeps both sees two NICs of one MAC then, and
    cloud-init gives up on that.
    """
    if is_emulated(spec):
        return {}
    emulated = [nic for nic in guest_nics if DRIVERS[nic.device].io_path is IoPath.EMULATED]
    return {str(nic.devid): f"{nic.mac[:-2]}{int(nic.mac[-2:], 16) | _SHADOW:02x}" for nic in emulated}


def peer(spec: GuestSpec) -> GuestSpec:
    """Return the guest that answers beside another: one PV NIC, and of the tunables what both ends must agree on."""
    agreed = tuple((name, value) for name, value in spec.tunables if name == "mtu")
    return GuestSpec(
        name=f"{spec.name}-peer",
        devices=(REACHED_BY[IoPath.PV],),
        placement=Placement.ISOLATED,
        memory_bytes=spec.memory_bytes,
        vcpus=1,
        scratch_bytes=0,
        tunables=agreed,
    )


def peer_nic(guest_nics: tuple[Nic, ...], host: str) -> Nic:
    """Return the peer's NIC, with an address in the subnet of every NIC under test."""
    first, *more = (peer_address(nic) for nic in guest_nics if not nic.control)
    return replace(
        _nic(host, REACHED_BY[IoPath.PV], _PEER_INDEX, control=False), devid=0, guest_address=first, also=tuple(more)
    )


def peer_address(nic: Nic) -> str:
    """Return the peer's address in the subnet of a NIC under test."""
    return nic.guest_address.rpartition(".")[0] + ".3"


def disks(spec: GuestSpec, backings: Mapping[str, str]) -> tuple[Disk, ...]:
    """Return the guest's disks under test; `backings` gives each device's path on the host."""
    placed = ((name, DRIVERS[name].disk) for name in spec.devices)
    return tuple(Disk(name, disk.name, backings[name]) for name, disk in placed if disk is not None)


def is_emulated(spec: GuestSpec) -> bool:
    """Whether the guest shall have no PV device at all."""
    return spec.placement is Placement.ISOLATED and DRIVERS[spec.devices[0]].io_path is IoPath.EMULATED


def addresses_of(guest_nics: Sequence[Nic], *, swapped: bool) -> dict[int, str]:
    """Return the address of each NIC by its number; `swapped` gives each under test that of the next."""
    addresses = {nic.devid: nic.guest_address for nic in guest_nics}
    if swapped:
        tested = [nic.devid for nic in guest_nics if not nic.control]
        addresses |= {
            devid: guest_nics[other].guest_address for devid, other in zip(tested, tested[1:] + tested[:1], strict=True)
        }
    return addresses


def command_line(spec: GuestSpec, guest_nics: tuple[Nic, ...], key: str, *, swapped: bool) -> str:
    """Return the guest's kernel command line; `key` is the base64 of an ed25519 public key.

    Only an HVM guest has emulated devices to be unplugged.

    `swapped` gives each address to the next NIC, so that every flow takes another path than the one asked for.
    """
    modules: list[str] = []
    devices = (*spec.devices, *(nic.device for nic in guest_nics))
    for name in devices:
        modules += [module for module in DRIVERS[name].modules if module not in modules]
    unplug = {True: "never", False: "unnecessary" if spec.placement is Placement.COEXIST else "all"}[is_emulated(spec)]
    addresses = addresses_of(guest_nics, swapped=swapped)
    return " ".join(
        (
            "console=hvc0 quiet mitigations=off panic=1 ipv6.disable=1",
            *([f"xen_emul_unplug={unplug}"] if spec.mode.has_emulated_devices else []),
            f"pvb.load={','.join(modules)}",
            *(
                f"pvb.nic={DRIVERS[nic.device].bound[0]},{nic.mac},{address}/24"
                for nic in guest_nics
                for address in (addresses[nic.devid], *nic.also)
            ),
            *tunables.words(spec.tunables, devices, guest_nics),
            f"pvb.key={key}",
        )
    )


def domain_config(
    spec: GuestSpec,
    guest_nics: tuple[Nic, ...],
    guest_disks: tuple[Disk, ...],
    *,
    bridge: str,
    script: str,
    boots: Mapping[str, Setting],
    native_tsc: bool,
) -> str:
    """Return the domain's configuration for `xl create`; `boots` is what makes it boot (pvbench.xen.booting)."""
    added = tunables.vif_settings(spec.tunables)  # the control NIC's too: a bridge has the smallest MTU of its ports
    vifs = [_vif(nic, bridge, script) + added for nic in guest_nics]
    targets = [_disk(disk, script) for disk in guest_disks]
    lines: dict[str, Setting] = {
        "name": PREFIX + spec.name,
        "type": spec.mode.value,
        "memory": spec.memory_bytes >> 20,
        "vcpus": spec.vcpus,
        "vif": vifs,
        "disk": targets,
        # Reading the TSC must not trap where the host's is unreliable: QEMU's emulated SVM gets RDTSCP wrong.
        **({"tsc_mode": "native"} if native_tsc else {}),
        "on_poweroff": "destroy",
        "on_reboot": "destroy",
        "on_crash": "destroy",
        **boots,
    }
    return "".join(f"{key}={_literal(value)}\n" for key, value in lines.items())


def _vif(nic: Nic, bridge: str, script: str) -> str:
    model = DRIVERS[nic.device].model
    kind = f"type=ioemu,model={model}" if model else "type=vif"
    return f"mac={nic.mac},bridge={bridge},script={script},devid={nic.devid},{kind}"


def _disk(disk: Disk, script: str) -> str:
    how = {Backing.FILE: "backendtype=qdisk", Backing.BLOCK_DEVICE: f"backendtype=phy,script={script}"}
    return f"format=raw,vdev={disk.vdev},access=rw,{how[backing_of(disk.device)]},target={disk.backing}"


def backing_of(device: str) -> Backing:
    """Return what the backend of a disk of DRIVERS opens."""
    disk = DRIVERS[device].disk
    if disk is None:
        raise ValueError(f"{device} is no disk")
    return disk.backing


def _literal(value: Setting) -> str:
    """Write a value as xl's parser reads it. Its strings know no escapes, so what would need one is refused."""
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return "[" + ",".join(_literal(item) for item in value) + "]"
    if '"' in value or "\n" in value:
        raise ValueError(f"xl has no way to write {value!r}")
    return f'"{value}"'
