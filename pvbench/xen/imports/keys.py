"""KEYS of configurations: those that xl reads, and those of xm that it does not, each with what became of it.

Sources: xl.cfg(5) and parse_config_data of tools/xl/xl_parse.c for what is read; xmdomain.cfg(5) and xm's create.py for
what was.
"""

from collections.abc import Mapping
from types import MappingProxyType


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NUMBERS = _words(
    """
    memory maxmem vcpus maxvcpus cpu_weight cap period slice latency extratime acpi apic pae hap nx hpet
    shadow_memory localtime rtc_timeoffset usb sdl vnc vncunused vncdisplay opengl stdvga nographic nestedhvm
    altp2mhvm altp2m e820_host xen_platform_pci videoram max_grant_frames max_maptrack_frames max_grant_version
    max_event_channels nomigrate pci_msitranslate pci_power_mgmt pci_permissive pci_seize acpi_s3 acpi_s4
    acpi_laptop_slate driver_domain oos vpt_align mmio_hole spice spiceport spicetls_port spicedisable_ticketing
    spiceagent_mouse spicevdagent spice_clipboard_sharing spiceusbredirection device_model_stubdomain_override
    rdm_mem_boundary vmtrace_buf_kb pvshim usbversion msr_relaxed vpmu xend_suspend_evtchn_compat stubdomain_memory
    timer_mode tsc_mode
    """
)
"""Whole numbers and booleans; timer_mode and tsc_mode may be words too."""

TEXTS = _words(
    """
    name type uuid pool cpus_soft nodes on_poweroff on_reboot on_watchdog on_crash on_soft_reset firmware
    firmware_override bios bios_path_override system_firmware hdtype boot vncpasswd vnclisten keymap soundhw vga
    kernel ramdisk bootloader cmdline root extra seclabel init_seclabel device_model_version device_model_override
    device_model_stubdomain_seclabel device_model_user passthrough rdm ms_vm_genid smbios_firmware acpi_firmware
    spicehost spicepasswd spice_image_compression spice_streaming_video xauthority display
    pvshim_path pvshim_cmdline pvshim_extra stubdomain_kernel stubdomain_cmdline stubdomain_ramdisk device_tree
    vuart gic_version tee sve
    """
)
LISTS = _words(
    """
    disk vif vfb pci usbctrl usbdev vtpm p9 vkb vsnd vdispl pvcalls channel vnuma ioports irqs iomem dtdev
    device_model_args device_model_args_pv device_model_args_hvm mca_caps smbios virtio
    """
)
ANY = _words(
    """
    cpus cpuid serial usbdevice viridian bootloader_args gfx_passthru
    """
)
READ = NUMBERS | TEXTS | LISTS | ANY
"""What xl reads."""

_CONSOLE = "a terminal of its own shows it: xl console, or xl create -c"
_IN_GUEST = "xm put it into the guest kernel's command line, xl does not: say it in the guest, or in extra"
_XEND = "it was for xend, the daemon of xm, which is no more"

GONE: Mapping[str, str] = MappingProxyType(
    {
        "device_model": "xl ignores it and starts its own QEMU; device_model_override names another",
        "vncviewer": "xl create -V opens a viewer",
        "vncconsole": "xl create -V opens a viewer",
        "vncserver": "xl create -V opens a viewer",
        "full-screen": "xl has no such switch",
        "memmap": "for the device model of 2005, which is no more",
        "device_config": "for the device model of 2005, which is no more",
        "qemubin": "for the device model of 2005, which is no more",
        "macaddr": "a NIC says its address itself: mac= in vif",
        "nics": "the NICs are those of vif",
        "ne2000": "a NIC says its model itself: model=ne2k_pci in vif",
        "fda": "xl has no key for floppy disks; device_model_args_hvm can give QEMU one",
        "fdb": "xl has no key for floppy disks; device_model_args_hvm can give QEMU one",
        "parallel": "xl gives no guest a parallel port",
        "snapshot": "xl has none: WHAT THE GUEST WRITES IS KEPT in its images now",
        "vcpu_avail": "vcpus are those online, maxvcpus those there may be",
        "cpuid_check": "xl checks no CPUID bits before a domain begins",
        "features": "flags of PV kernels of old; none is needed today",
        "ssidref": "a label of the security module is said by seclabel",
        "access_control": "a label of the security module is said by seclabel",
        "blkif": "driver_domain=1 says that a guest serves others",
        "netif": "driver_domain=1 says that a guest serves others",
        "tpmif": "driver_domain=1 says that a guest serves others",
        "usbif": "driver_domain=1 says that a guest serves others",
        "console": _CONSOLE,
        "vscsi": "xl passes no single SCSI device through; a block device is one in disk",
        "dhcp": _IN_GUEST,
        "ip": _IN_GUEST,
        "netmask": _IN_GUEST,
        "gateway": _IN_GUEST,
        "hostname": _IN_GUEST,
        "interface": _IN_GUEST,
        "intf": _IN_GUEST,
        "nfs_server": _IN_GUEST,
        "nfs_root": _IN_GUEST,
        "nfs_path": _IN_GUEST,
        "on_xend_start": _XEND,
        "on_xend_stop": _XEND,
        "xend_ssidref": _XEND,
        "autostart": _XEND,
        "loader": "for Itanium or libvirt; firmware says what boots an HVM guest",
        "guest_os_type": "for Itanium, which Xen has left",
        "vhpt": "for Itanium, which Xen has left",
        "machine_address_size": "xl has none; a PV guest sees to that itself",
        "suppress_spurious_page_faults": "Xen does that by itself where it helps",
        "superpages": "Xen uses them by itself",
        "memory_sharing": "xl has no such switch",
        "bootentry": 'bootloader_args chooses: ["--entry=…"]',
        "xen_extended_power_mgmt": "xl has no such switch",
    }
)
"""What xm read and xl does not, and what to do instead."""

RENAMED: Mapping[str, str] = MappingProxyType(
    {"bootargs": "bootloader_args", "irq": "irqs", "event_channels": "max_event_channels", "cpu_cap": "cap"}
)
DISKS_OF_OLD: Mapping[str, str] = MappingProxyType(
    {"hda": "ioemu:hda,w", "hdb": "ioemu:hdb,w", "hdc": "ioemu:hdc,w", "hdd": "ioemu:hdd,w", "cdrom": "hdc:cdrom,r"}
)
"""Keys that were disks, and as what a line of `disk` gives them (xmexample.vmx of 2005)."""

RESTART: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "always": ("restart", "restart", "restart"),
        "onreboot": ("destroy", "restart", "destroy"),
        "never": ("destroy", "destroy", "destroy"),
    }
)
"""xm's `restart` as on_poweroff, on_reboot, on_crash (xmexample.hvm)."""

EMULATED_ALONE = _words(
    """
    hdtype vga stdvga usb usbdevice soundhw boot
    """
)
"""What only a guest with emulated devices has a use for."""
