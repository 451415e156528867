"""What serial consoles print where a guest stops, what each means, and how it is mended. Pure.

Words of GRUB and SYSLINUX, of Linux, of the initramfs of initramfs-tools, dracut, mkinitcpio and mkinitfs, of systemd,
OpenRC, cloud-init and OpenSSH, as their sources and the threads of those who met them have them.
"""

import re
from dataclasses import dataclass

_LOADER_MEND = (
    "reinstall the image's boot loader and write its configuration anew: grub-install and update-grub, or extlinux"
)
_EXTLINUX_MEND = "name a kernel and an initramfs that are there in LINUX and INITRD of the image's extlinux.conf"
_ROOT_MEND = (
    "mend root= on the kernel's command line in the image, and have virtio_blk and virtio_pci in its initramfs: "
    "the disk it boots from is a virtio one"
)
_SPACE_MEND = "free some 200 MB in the image, or make its disk and its root file system larger"
_TIMEOUT_MEND = "give the menu a time-out: GRUB_TIMEOUT=1 of /etc/default/grub, or TIMEOUT 10 of extlinux.conf"


@dataclass(frozen=True)
class Row:
    """Words of a console: what they mean, {0} being what the pattern caught, and what mends it.

    `last` says that nothing comes after them, whatever is waited; `beside` are words that are there too.
    """

    pattern: re.Pattern[str]
    meaning: str
    mend: str
    last: bool = True
    beside: re.Pattern[str] | None = None

    def seen_in(self, text: str) -> re.Match[str] | None:
        """Return where the words are in a console's text, None where they are not."""
        return self.pattern.search(text) if self.beside is None or self.beside.search(text) else None


def _row(pattern: str, meaning: str, mend: str, *, last: bool = True, beside: str | None = None) -> Row:
    return Row(re.compile(pattern), meaning, mend, last, re.compile(beside) if beside else None)


_SOON = r"[^\n]*\n(?:[^\n]*\n){0,4}[^\n]*"
LOADERS = (
    _row(
        rf"(?m:^) *error: (?:[\w/.]+:\d+: ?)?(file [^\n]{{1,80}}? not found){_SOON}load the kernel first",
        "its boot loader does not find its kernel: {0}",
        "have its configuration name a kernel that is there: update-grub in the image",
    ),
    _row(
        rf"(?m:^) *(error: [^\n]{{1,80}}){_SOON}(?:load the kernel first|grub rescue|Entering rescue mode)",
        "its boot loader stopped: {0}",
        _LOADER_MEND,
    ),
    _row(
        rf"(?m:^) *(error: [^\n]{{1,80}}){_SOON}Press any key to continue",
        "its boot loader stopped: {0}",
        _LOADER_MEND,
        last=False,
    ),
    _row(r"grub rescue> *$", "its boot loader stopped at its rescue prompt", _LOADER_MEND),
    _row(r"grub> *$", "its boot loader waits at its prompt: it found no configuration", _LOADER_MEND),
    _row(
        r"Could not find (?:kernel|ramdisk) image: *([^\s]{1,80})",
        "its boot loader does not find {0}",
        _EXTLINUX_MEND,
    ),
    _row(r"Loading ([^\s]{1,80}?)\.{3} ?failed", "its boot loader does not find {0}", _EXTLINUX_MEND),
    _row(
        r"(Failed to load (?:ldlinux|lib\w+|COM32)[\w.]*"
        r"|No (?:DEFAULT or UI )?configuration (?:directive|file) found|Invalid (?:or corrupt )?kernel image)",
        "its boot loader stopped: {0}",
        "reinstall it in the image: extlinux --install, with the modules and the extlinux.conf of one version",
    ),
    _row(
        r"([^\n]{1,80})\n+ *-- System halted",
        "its kernel does not unpack: {0}",
        "install the kernel in the image anew, or give its guests more memory in the matrix",
    ),
    _row(
        r"(Missing operating system|No bootable device|Boot failed: not a bootable disk|Operating [Ss]ystem not found"
        r"|Error loading operating system)",
        "its BIOS finds nothing to boot: {0}",
        "an image that boots by BIOS is needed, with its boot loader in place",
    ),
    _row(r"boot: *$", "its boot loader waits at its prompt", "name a default in the image's extlinux.conf", last=False),
    _row(
        r"GNU GRUB  ?version(?![\s\S]*?executed automatically in)",
        "its boot loader's menu waits for somebody",
        _TIMEOUT_MEND,
        last=False,
    ),
)
"""What a boot loader says that did not start a kernel."""

ROWS = (
    _row(
        r"(?m:^(?![^\n]*(?:watch|inotify))[^\n]*(?:No space left on device|\[Errno 28\]))|file ?system (?:is )?full",
        "its disk is full: `No space left on device`",
        _SPACE_MEND,
        last=False,
    ),
    _row(
        r"Initramfs unpacking failed: ([^\n]{1,80})",
        "its initramfs does not unpack: {0}",
        "rebuild the image's initramfs, or give its guests more memory in the matrix",
        beside="Kernel panic",
    ),
    _row(
        r"(Fatal glibc error: CPU does not support [^\n]{1,40})",
        "its programs refuse the host's processor: {0}",
        "measure in an image for an older level of x86-64, or on another host",
    ),
    _row(
        r"VFS: (?:Cannot open root device|Unable to mount root fs on) ([^\n:;]{1,60})",
        "its kernel does not find its root file system: {0}",
        _ROOT_MEND,
    ),
    _row(
        r"Kernel panic - not syncing: ([^\n]{0,80}(?:deadlocked on memory|[Oo]ut of memory|compulsory OOM)[^\n]{0,40})",
        "its kernel panicked: {0}",
        "give its guests more memory: `memory` of `guest` in the matrix",
    ),
    _row(
        r"Kernel panic - not syncing: ([^\n]{0,60}(?:[Nn]o (?:working )?init|Requested init)[^\n]{0,60})",
        "its kernel panicked: {0}",
        "have an /sbin/init in the image's root file system, and mend root= and init= on the kernel's command line",
    ),
    _row(
        r"Kernel panic - not syncing: ([^\n]{1,120})",
        "its kernel panicked: {0}",
        "the image's own root= or initramfs is wrong, or its kernel: see what stands before that on its console",
    ),
    _row(
        r"(UNEXPECTED INCONSISTENCY; RUN fsck MANUALLY)",
        "its file system is damaged: {0}",
        "check the image's file systems: e2fsck, or xfs_repair",
    ),
    _row(r"ALERT! +([^\n]{1,80}?) does not exist", "its initramfs does not find its root file system, {0}", _ROOT_MEND),
    _row(
        r"(?:ERROR: device|Unable to find root device) '([^'\n]{1,80})'",
        "its initramfs does not find its root file system, {0}",
        _ROOT_MEND,
    ),
    _row(
        r"Warning: (/dev/[^\s]{1,80}) does not exist",
        "its initramfs does not find its root file system, {0}",
        _ROOT_MEND,
        beside=r"Entering emergency mode|dracut:/#|Press Enter for maintenance|emergency shell",
    ),
    _row(
        r"(?:Mounting root|mounting [^\n]{1,60} on /sysroot)[^\n]{0,40}[Ff]ailed[^\n]{0,60}"
        r"|initramfs emergency recovery shell|dropped (?:in)?to an? (?:emergency|recovery) shell|Dropping to a shell"
        r"|(?m:^\(initramfs\) *$|^dracut:/# *$)|Gave up waiting for root[^\n]{0,20} device"
        r"|Entering emergency mode\. Exit the shell",
        "its initramfs does not find its root file system",
        _ROOT_MEND,
    ),
    _row(
        r"(?:Failed to mount|Timed out waiting for device|Dependency failed for) ([^\n]{1,80})",
        "it came up in emergency mode, without {0}",
        "mend /etc/fstab in the image: what it names is not there, or is damaged",
        beside="emergency mode|sulogin|Give root password|root account is locked",
    ),
    _row(
        r"You are in (?:emergency|rescue) mode|Give root password for maintenance|Cannot open access to console",
        "it came up in emergency mode",
        "see its console: a file system of /etc/fstab that is not there, or a unit that failed",
    ),
    _row(
        r"duplicate mac found",
        "its cloud-init gave up: two NICs bear one MAC",
        "use placement isolated, or a cloud-init that takes it",
        last=False,
    ),
    _row(
        r"Failed to mount (/dev/[^\s]{1,40}) when looking for data",
        "its cloud-init cannot mount its seed, {0}",
        "let it in the image: it mounts an ISO 9660 disk below /run/cloud-init, and SELinux's policy has to allow that",
        last=False,
    ),
    _row(
        r"no hostkeys available",
        "its sshd has no host key",
        "install openssh-server and cloud-init in the image, or run `ssh-keygen -A` there",
        last=False,
    ),
    _row(
        r"(?:Failed to start|failed to start) ([^\n]{0,60}(?:ssh|SSH|Secure Shell)[^\n]{0,40})",
        "its sshd did not start: {0}",
        "mend sshd in the image: `sshd -t` says what it lacks",
        last=False,
    ),
    _row(
        r"ERROR: (sshd|dropbear) failed to start",
        "its sshd did not start: {0}",
        "mend sshd in the image: `sshd -t` says what it lacks",
        last=False,
    ),
    _row(
        r"\[!!!!!!\] ([^\n]{1,100})|systemd\[1\]: Freezing execution",
        "its init stopped: {0}",
        "see its console; mend what init names in the image",
    ),
    _row(
        r"(?:SELinux [^\n]{0,40}relabel is required|Relabeling /)",
        "it labels its files for SELinux, and boots again",
        "boot the image once where that may take its time, and use it as it is then",
        last=False,
    ),
    _row(
        r"reboot: (Restarting system|Power down|System halted)",
        "it shut itself down: {0}",
        "see its console: what it starts at its first boot may boot it again, which a guest here does not survive",
    ),
)
"""What a kernel says, and what it started; the first that fits is told."""
