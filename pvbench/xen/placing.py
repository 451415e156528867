"""What guests boot from besides images of one's own, put on a host: builtin files, boot ROMs, a DHCP server."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pvbench.deploy import File, deploy_files
from pvbench.errors import BootError
from pvbench.guest import GuestImage, boot_rom
from pvbench.inventory import Host
from pvbench.model import GuestMode, OwnGuest
from pvbench.transport import Transport
from pvbench.xen import dhcp
from pvbench.xen import domain_config as domain


@dataclass(frozen=True)
class Placing:
    """Files that go to the scratch folder of one host; `image` is the builtin guest."""

    transport: Transport
    host: Host
    image: GuestImage

    def boot_files(self, modes: Collection[GuestMode], image: GuestImage) -> Mapping[str, str]:
        """Put what guests of these modes boot from on the host; return where it lies. Raises BootError, DeployError."""
        needed: dict[str, str] = {}
        if any(mode.has_emulated_devices for mode in modes):
            needed = {"boot.img": image.boot.disk, "boot.rom": image.boot.rom}
        if direct := [mode for mode in modes if not mode.has_emulated_devices]:
            if image.kernel is None:
                raise BootError(
                    f"the guest image {image.name} has no kernel to boot {direct[0]} guests by, only a disk"
                )
            needed |= {"vmlinuz": image.kernel.kernel, "initrd": image.kernel.initrd}
        return self._put({name: File(Path(path).read_bytes(), 0o600) for name, path in needed.items()})

    def rom(self, guest: OwnGuest) -> str:
        """Put a boot ROM for an image of one's own on the host; return its path there."""
        rom = boot_rom.for_disk(Path(self.image.boot.rom).read_bytes(), guest.signature, guest.signature_at)
        return self._put({"boot.rom": File(rom, 0o600)})["boot.rom"]

    def dhcp(self, guests: Collection[OwnGuest]) -> list[dict[str, Any]]:
        """Return the server that gives addresses to guests without a seed, its files put there; none without such."""
        if all(guest.seeded for guest in guests):
            return []
        files = {
            "busybox": File(Path(self.image.busybox).read_bytes(), 0o755),
            "udhcpd.conf": File(dhcp.configuration(self.host, domain.first_nic(self.host.name)).encode()),
        }
        return [dhcp.server(self._put(files))]

    def _put(self, files: Mapping[str, File]) -> Mapping[str, str]:
        return deploy_files(self.transport, files, self.host.scratch, "guest")
