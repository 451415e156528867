#!/bin/bash
# Makes a partitioned disk that boots by BIOS, as cloud images are, of a root file system's tar. Needs root and a loop
# device.  cloud-disk.sh ROOT.tar grub|extlinux OUT.qcow2
set -eu
tar=$1 loader=$2 out=$3
work=$(mktemp -d "$(dirname "$out")/disk.XXXXXX")
raw=$work/disk.raw
root=$work/root
truncate -s 1900M "$raw"
echo 'start=2048, type=83, bootable' | sfdisk -q "$raw"
loop=$(losetup -f --show -o $((2048 * 512)) "$raw")
trap 'umount "$root" 2>/dev/null || true; losetup -d "$loop"; rm -rf "$work"' EXIT
mkfs.ext4 -q -O ^metadata_csum_seed,^orphan_file -L cloudimg-root "$loop"
mkdir "$root"
mount "$loop" "$root"
tar -C "$root" -xpf "$tar"
echo 'LABEL=cloudimg-root / ext4 rw,errors=remount-ro 0 1' >"$root/etc/fstab"
echo debian >"$root/etc/hostname"
[ ! -d "$root/etc/cloud" ] || echo 'datasource_list: [ NoCloud, None ]' >"$root/etc/cloud/cloud.cfg.d/90_dpkg.cfg"
kernel=$(basename "$root"/boot/vmlinuz-*)
initrd=$(basename "$root"/boot/initrd.img-*)
line="root=LABEL=cloudimg-root ro console=tty0 console=ttyS0,115200"
modules=$root/usr/lib/grub/i386-pc
if [ "$loader" = grub ]; then
    mkdir -p "$root/boot/grub/i386-pc"
    cp "$modules"/*.mod "$modules"/*.lst "$root/boot/grub/i386-pc/"
    # What grub-install would write, which needs the disk to be this machine's own.
    grub-mkimage -d "$modules" -O i386-pc -p '(,msdos1)/boot/grub' -o "$work/core.img" \
        biosdisk part_msdos ext2 normal configfile linux search search_label serial terminal gzio
    dd if="$modules/boot.img" of="$raw" bs=440 count=1 conv=notrunc status=none
    dd if="$work/core.img" of="$raw" bs=512 seek=1 conv=notrunc status=none
    printf 'set timeout=0\nmenuentry Debian {\n search --no-floppy --label --set=root cloudimg-root\n linux /boot/%s %s\n initrd /boot/%s\n}\n' \
        "$kernel" "$line" "$initrd" >"$root/boot/grub/grub.cfg"
else
    mkdir -p "$root/boot/extlinux"
    extlinux --install "$root/boot/extlinux" >/dev/null 2>&1
    dd if=/usr/lib/EXTLINUX/mbr.bin of="$raw" bs=440 count=1 conv=notrunc status=none
    printf 'DEFAULT linux\nPROMPT 0\nTIMEOUT 1\nLABEL linux\n KERNEL /boot/%s\n APPEND %s\n INITRD /boot/%s\n' \
        "$kernel" "$line" "$initrd" >"$root/boot/extlinux/extlinux.conf"
fi
umount "$root"
qemu-img convert -c -O qcow2 "$raw" "$out"
