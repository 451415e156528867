"""Serial consoles as guests leave them: what programs print there, escape sequences included."""

KERNEL = "[    0.000000] Linux version 6.1.0-32-amd64 (debian-kernel@lists.debian.org)\r\n[    1.204511] virtio_blk\r\n"
OK = "[\x1b[0;32m  OK  \x1b[0m] "
FAILED = "[\x1b[0;1;31mFAILED\x1b[0m] "

GRUB_MENU = (
    "\x1b[?25l\x1b[H\x1b[J\x1b[1;1H\x1b[0m\x1b[37m\x1b[40m                             GNU GRUB  version 2.06\r\n\n"
    " /----------------------------------------------------------------------------\\\r\n"
    " |*Debian GNU/Linux                                                           |\r\n"
    " \\----------------------------------------------------------------------------/\r\n"
    "      Use the ^ and v keys to select which entry is highlighted.\r\n"
    "      Press enter to boot the selected OS, `e' to edit the commands\r\n"
    "      before booting or `c' for a command-line.\r\n"
)
GRUB_COUNTS = GRUB_MENU + "   The highlighted entry will be executed automatically in 5s.\x1b[5;78H"
GRUB_NO_KERNEL = (
    "GRUB loading.\r\nWelcome to GRUB!\r\n\r\n" + GRUB_COUNTS + "\x1b[H\x1b[J  Booting `Debian GNU/Linux'\r\n\r\n"
    "Loading Linux 6.1.0-32-amd64 ...\r\nerror: fs/fshelp.c:257:file `/boot/vmlinuz-6.1.0-32-amd64' not found.\r\n"
    "Loading initial ramdisk ...\r\nerror: loader/i386/pc/linux.c:422:you need to load the kernel first.\r\n\r\n"
    "Press any key to continue..."
)
GRUB_NO_KERNEL_OLD = (
    "  Booting `Debian GNU/Linux'\r\n\r\nerror: file `/boot/vmlinuz' not found.\r\n"
    "error: you need to load the kernel first.\r\n\r\nPress any key to continue..."
)
GRUB_RESCUE = "Welcome to GRUB!\r\n\r\nerror: no such partition.\r\nEntering rescue mode...\r\ngrub rescue> "
GRUB_PROMPT = (
    "\x1b[H\x1b[J                     GNU GRUB  version 2.12\r\n\r\n   Minimal BASH-like line editing is supported."
    " For the first word, TAB\r\n   lists possible command completions.\r\n\r\n\r\ngrub> \x1b[10;7H"
)
GRUB_HARMLESS = "error: file `/boot/grub/fonts/unicode.pf2' not found.\r\n" + GRUB_COUNTS

SYSLINUX = "\r\nSYSLINUX 6.04 EDD 6.04-pre1 Copyright (C) 1994-2015 H. Peter Anvin et al\r\n"
EXTLINUX_NO_KERNEL = SYSLINUX + "Could not find kernel image: /boot/vmlinuz\r\nboot: "
EXTLINUX_NO_INITRD = (
    SYSLINUX + "Loading /vmlinuz... ok\r\nLoading /initrd.img... failed: No such file or directory\r\nboot: "
)
EXTLINUX_PROMPT = SYSLINUX + "boot: "
EXTLINUX_NO_MODULE = (
    SYSLINUX + "Failed to load ldlinux.c32\r\nBoot failed: please change disks and press a key to continue."
)
SEABIOS = (
    "SeaBIOS (version 1.16.2)\r\nBooting from ROM...\r\nBoot failed: not a bootable disk\r\n\r\nNo bootable device."
)

PANIC_ROOT = (
    KERNEL + '[    2.501733] VFS: Cannot open root device "PARTUUID=1" or unknown-block(0,0): error -6\r\n'
    '[    2.502001] Please append a correct "root=" boot option; here are the available partitions:\r\n'
    "[    2.503010] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\r\n"
    "[    2.504999] ---[ end Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0) ]---\r\n"
)
PANIC_INIT = KERNEL + (
    "[    3.1] Run /sbin/init as init process\r\n"
    "[    3.114512] Kernel panic - not syncing: No working init found.  Try passing init= option to kernel.\r\n"
)
PANIC_KILLED = KERNEL + "[    9.114512] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100\r\n"
PANIC_MEMORY = KERNEL + (
    "[    1.9] Initramfs unpacking failed: write error\r\n"
    "[    4.1] Kernel panic - not syncing: System is deadlocked on memory\r\n"
)
INITRAMFS_TOOLS = KERNEL + (
    "Begin: Mounting root file system ... Begin: Running /scripts/local-top ... done.\r\n"
    "Begin: Waiting for root file system ... Begin: Running /scripts/local-block ... done.\r\ndone.\r\n"
    "Gave up waiting for root file system device.  Common problems:\r\n"
    " - Boot args (cat /proc/cmdline)\r\n   - Check rootdelay= (did the system wait long enough?)\r\n"
    "ALERT!  UUID=1b2c-77 does not exist.  Dropping to a shell!\r\n\r\n\r\n"
    "BusyBox v1.35.0 (Debian 1:1.35.0-4+b3) built-in shell (ash)\r\nEnter 'help' for a list.\r\n\r\n"
    "(initramfs) "
)
DRACUT = KERNEL + (
    "[  190.1] dracut-initqueue[395]: Warning: dracut-initqueue timeout - starting timeout scripts\r\n"
    "[  192.6] dracut-initqueue[395]: Warning: Could not boot.\r\n         Starting Dracut Emergency Shell...\r\n"
    'Warning: /dev/disk/by-uuid/9e5 does not exist\r\n\r\nGenerating "/run/initramfs/rdsosreport.txt"\r\n\r\n'
    'Entering emergency mode. Exit the shell to continue.\r\nType "journalctl" to view system logs.\r\n\r\n'
    "Press Enter for maintenance\r\n(or press Control-D to continue): "
)
MKINITCPIO = KERNEL + (
    ":: running early hook [udev]\r\nWaiting 10 seconds for device /dev/vda2 ...\r\n"
    "ERROR: device '/dev/vda2' not found. Skipping fsck.\r\n:: mounting '/dev/vda2' on real root\r\n"
    "ERROR: Failed to mount '/dev/vda2' on real root\r\nYou are now being dropped into an emergency shell.\r\n"
    "sh: can't access tty; job control turned off\r\n[rootfs ~]# "
)
ALPINE = (
    "[    0.000000] Linux version 6.6.58-0-virt\r\n\x1b[32;1mAlpine Init 3.10.1-r0\x1b[m\r\n"
    "\x1b[37;1m * \x1b[mMounting root: mount: mounting UUID=77 on /sysroot failed: No such file or directory\r\n"
    "\x1b[31;1m * \x1b[mfailed. \r\ninitramfs emergency recovery shell launched. Type 'exit' to continue boot\r\n"
    "sh: can't access tty; job control turned off\r\n~ # "
)
EMERGENCY = KERNEL + (
    "[\x1b[0;1;31m TIME \x1b[0m] Timed out waiting for device \x1b[0;1;39mdev-disk-by\\x2duuid-42.device\x1b[0m.\r\n"
    "[\x1b[0;1;38;5;185mDEPEND\x1b[0m] Dependency failed for \x1b[0;1;39m/data\x1b[0m.\r\n"
    'You are in emergency mode. After logging in, type "journalctl -xb" to view\r\nsystem logs.\r\n\r\n'
    "Cannot open access to console, the root account is locked.\r\nSee sulogin(8) man page for more details.\r\n\r\n"
    "Press Enter to continue.\r\n"
)
FSCK = KERNEL + (
    "/dev/vda1: Inode 131 has illegal block(s).\r\n/dev/vda1: UNEXPECTED INCONSISTENCY; RUN fsck MANUALLY.\r\n\t(i.e., "
    "without -a or -p options)\r\nfsck exited with status code 4\r\n(initramfs) "
)
CORRUPT_KERNEL = "Loading /vmlinuz... ok\r\n\r\n\r\nXZ-compressed data is corrupt\r\n\r\n -- System halted"
BAD_KERNEL = (
    "  Booting `Debian GNU/Linux'\r\n\r\nerror: invalid magic number.\r\n"
    "error: you need to load the kernel first.\r\n\r\nPress any key to continue..."
)
TOO_NEW = KERNEL + (
    "Fatal glibc error: CPU does not support x86-64-v2\r\n"
    "[    4.1] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00007f00\r\n"
)
FROZEN = KERNEL + "[!!!!!!] Failed to mount API filesystems, freezing.\r\nsystemd[1]: Freezing execution.\r\n"
RELABELS = KERNEL + (
    "[   31.2] selinux-autorelabel[612]: *** Warning -- SELinux targeted policy relabel is required.\r\n"
    "[  231.2] reboot: Restarting system\r\n"
)
BOOTS_AGAIN = KERNEL + "[   61.2] reboot: Restarting system\r\n"
LOGIN = "\r\nDebian GNU/Linux 12 guest ttyS0\r\n\r\nguest login: "
FULL = (
    KERNEL + OK + "Started \x1b[0;1;39msystemd-journald.service\x1b[0m - Journal Service.\r\n"
    "[   61.2] cloud-init[402]: OSError: [Errno 28] No space left on device: '/var/lib/cloud/instances/pvb-1'\r\n"
    + FAILED
    + "Failed to start \x1b[0;1;39mcloud-init-local.service\x1b[0m - Initial cloud-init job (pre-networking).\r\n"
    "See 'systemctl status cloud-init-local.service' for details.\r\n" + LOGIN
)
NO_SSHD_KEYS = KERNEL + "sshd: no hostkeys available -- exiting.\r\n" + LOGIN
SSHD_FAILED = (
    KERNEL + FAILED + "Failed to start \x1b[0;1;39mssh.service\x1b[0m - OpenBSD Secure Shell server.\r\n"
    "See 'systemctl status ssh.service' for details.\r\n" + LOGIN
)
SSHD_FAILED_EL7 = KERNEL + FAILED + "Failed to start \x1b[0;1;39mOpenSSH server daemon\x1b[0m.\r\n" + LOGIN
SSHD_FAILED_OPENRC = (
    "\r\n   \x1b[32;1mOpenRC\x1b[m 0.54 is starting up Linux\r\n"
    "\x1b[32;1m *\x1b[m Starting sshd ...\x1b[m \x1b[31;1m[ !! ]\x1b[m\r\n"
    "\x1b[31;1m *\x1b[m ERROR: sshd failed to start\r\n"
    "\r\nWelcome to Alpine Linux 3.20\r\nKernel 6.6.31-0-virt on an x86_64 (/dev/ttyS0)\r\n\r\nlocalhost login: "
)
WAITS = (
    KERNEL + "\x1b[K[\x1b[0;1;31m*\x1b[0m] A start job is running for Wait for Network to be Configured (12s / 2min)\r"
)
SEED_DENIED = (
    KERNEL
    + '[   36.1] audit: type=1400 audit(1795961677.4:9): avc:  denied  { mounton } for  pid=265 comm="mount" '
    + 'path="/run/cloud-init/tmp/tmp93o9" scontext=system_u:system_r:mount_t:s0 tclass=dir permissive=0\r\n'
    + "[   36.2] cloud-init[259]: 2026-11-29 14:14:17,631 - util.py[WARNING]: Failed to mount /dev/vdb when looking "
    + "for data\r\n"
    + LOGIN
)
TWO_MACS = KERNEL + (
    "[   70.4] cloud-init[511]: RuntimeError: duplicate mac found! both 'eth0' and 'eth1' have mac '00:16:3e'.\r\n"
    + LOGIN
)
BOOTED = {
    "debian": KERNEL + LOGIN,
    "ubuntu": KERNEL
    + OK
    + "Reached target Multi-User System.\r\n\r\nUbuntu 24.04.1 LTS ubuntu ttyS0\r\n\r\nubuntu login: ",
    "fedora": "\r\n\x1b[0m\x1b[?7lFedora Linux 41 (Cloud Edition)\r\nKernel 6.11 (ttyS0)\r\n\r\nfedora login: ",
    "alpine": "\r\nWelcome to Alpine Linux 3.20\r\nKernel 6.6.31-0-virt (/dev/ttyS0)\r\n\r\nlocalhost login: ",
    "asks where the cursor is": KERNEL + LOGIN + "\x1b[6n\x1b[32766;32766H\x1b[6n",
    "answers where the cursor is": KERNEL + LOGIN + "\x1b[2;2R\x1b[3;1R^[[2;2R",
    "tells a title": KERNEL + LOGIN + "\x1b]3008;start=42;hostname=guest\x1b\\",
    "the kernel speaks behind it": KERNEL + LOGIN + "[   95.124511] random: crng init done\r\n",
    "cloud-init speaks behind it": KERNEL + LOGIN + "\r\n[  99.1] cloud-init[812]: Cloud-init v. 22.4.2 finished\r\n",
    "a shell": KERNEL + "/ # ",
    "a shell to be had": KERNEL + "\r\nPlease press Enter to activate this console. ",
    "a shell of root": KERNEL + "\x1b[?2004hroot@guest:~# ",
}
BOOTING = {
    "no device to resume from": KERNEL + "Gave up waiting for suspend/resume device\r\ndone.\r\n",
    "no device to resume from, by dracut": KERNEL + "[ 9.1] dracut: Warning: /dev/mapper/swap does not exist\r\n",
    "too many watches": KERNEL + "systemd[1]: Failed to add a watch for /run/x: inotify: No space left on device\r\n",
    "keys that nobody needs": KERNEL + "sshd[612]: Unable to load host key: /etc/ssh/ssh_host_rsa_key\r\n",
    "the kernel": KERNEL,
    "systemd": KERNEL + OK + "Reached target \x1b[0;1;39mmulti-user.target\x1b[0m - Multi-User System.\r\n",
    "openrc": "   \x1b[32;1mOpenRC\x1b[m 0.54 is starting up Linux\r\n * Starting sshd ...\x1b[m [ ok ]\r\n",
    "initramfs": KERNEL + "Begin: Running /scripts/init-bottom ... done.\r\n",
    "a word about logins": KERNEL + OK + "Started getty@tty1.service. login: is next\r\nStarting more\r\n",
    "a check": KERNEL + "/dev/vda1: clean, 31337/131072 files, 401111/524027 blocks\r\n",
}
