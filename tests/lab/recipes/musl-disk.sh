#!/bin/bash
# Makes a disk that boots by BIOS and extlinux of the root file system's tar that musl-root.sh made. Needs root and a
# loop device.  musl-disk.sh ROOT.tar OUT.qcow2 [WORD OF THE KERNEL'S COMMAND LINE…]
set -eu
tar=$1 out=$2
shift 2
work=$(mktemp -d "$(dirname "$out")/disk.XXXXXX")
raw=$work/disk.raw
root=$work/root
truncate -s 256M "$raw"
echo 'start=2048, type=83, bootable' | sfdisk -q "$raw"
dd if=/usr/lib/EXTLINUX/mbr.bin of="$raw" bs=440 count=1 conv=notrunc status=none
loop=$(losetup -f --show -o $((2048 * 512)) "$raw")
trap 'umount "$root" 2>/dev/null || true; losetup -d "$loop"; rm -rf "$work"' EXIT
mkfs.ext4 -q -O ^64bit,^metadata_csum,^metadata_csum_seed,^orphan_file -L musl-root "$loop"
mkdir "$root"
mount "$loop" "$root"
tar -C "$root" -xpf "$tar"
printf 'DEFAULT linux\nPROMPT 0\nTIMEOUT 1\nLABEL linux\n KERNEL /boot/vmlinuz\n INITRD /boot/initrd\n APPEND %s\n' \
    "root=LABEL=musl-root rootfstype=ext4 rw quiet console=ttyS0,115200${*:+ $*}" >"$root/boot/extlinux/extlinux.conf"
extlinux --install "$root/boot/extlinux" >/dev/null 2>&1
umount "$root"
qemu-img convert -c -O qcow2 "$raw" "$out"
