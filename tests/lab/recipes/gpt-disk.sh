#!/bin/bash
# Makes a GPT disk that boots by BIOS, with an EFI partition beside, of a root file system's tar: numbered as Ubuntu's
# images are. Needs root and a loop device.  gpt-disk.sh ROOT.tar ext4|xfs PARTUUID|UUID OUT.qcow2 [KERNEL'S WORD...]
set -eu
tar=$1 kind=$2 by=$3 out=$4
shift 4
work=$(mktemp -d "$(dirname "$out")/disk.XXXXXX")
raw=$work/disk.raw
root=$work/root
truncate -s 2600M "$raw"
bios=2048 efi=10240 start=227328 sectors=5095424
sfdisk -q "$raw" <<END
label: gpt
1 : start=$start, size=$sectors, type=L
14 : start=$bios, size=8192, type=21686148-6449-6E6F-744E-656564454649
15 : start=$efi, size=217088, type=U
END
truncate -s $((217088 * 512)) "$work/efi.img"
mkfs.vfat -n UEFI "$work/efi.img" >/dev/null
dd if="$work/efi.img" of="$raw" bs=1M seek=$((efi / 2048)) conv=notrunc,sparse status=none
loop=$(losetup -f --show -o $((start * 512)) --sizelimit $((sectors * 512)) "$raw")
trap 'umount -R "$root" 2>/dev/null || true; losetup -d "$loop"; rm -rf "$work"' EXIT
case $kind in
ext4) label=cloudimg-rootfs && mkfs.ext4 -q -O ^metadata_csum_seed,^orphan_file -L $label "$loop" ;;
xfs) label=root && mkfs.xfs -q -i nrext64=0 -L $label "$loop" ;;
esac
mkdir "$root"
mount "$loop" "$root"
tar -C "$root" -xpf "$tar"
printf 'LABEL=%s / %s defaults 0 1\nLABEL=UEFI /boot/efi vfat umask=0077,nofail 0 1\n' $label "$kind" >>"$root/etc/fstab"
mkdir -p "$root/boot/efi" "$root/boot/grub/i386-pc"
echo likeness >"$root/etc/hostname"
kernel=$(basename "$root"/boot/vmlinuz-*)
initrd=$(basename "$root"/boot/initrd.img-*)
case $by in
UUID) place=UUID=$(blkid -s UUID -o value "$loop") ;;
PARTUUID) place=PARTUUID=$(sfdisk --part-uuid "$raw" 1 | tr A-F a-f) ;;
esac
modules=$root/usr/lib/grub/i386-pc
cp "$modules"/*.mod "$modules"/*.lst "$root/boot/grub/i386-pc/"
# What grub-install would write, which needs the disk to be this machine's own: boot.img says at 0x5c where the core
# begins, and the core's first sector at 0x1f4 where the rest of it does.
grub-mkimage -d "$modules" -O i386-pc -p '(,gpt1)/boot/grub' -o "$work/core.img" \
    biosdisk part_gpt ext2 xfs normal configfile linux search search_label search_fs_uuid serial terminal gzio
bytes() { printf '%016x' "$1" | sed 's/\(..\)\(..\)\(..\)\(..\)\(..\)\(..\)\(..\)\(..\)/\\x\8\\x\7\\x\6\\x\5\\x\4\\x\3\\x\2\\x\1/'; }
dd if="$modules/boot.img" of="$raw" bs=440 count=1 conv=notrunc status=none
printf "$(bytes $bios)" | dd of="$raw" bs=1 seek=$((0x5c)) conv=notrunc status=none
printf "$(bytes $((bios + 1)))" | dd of="$work/core.img" bs=1 seek=$((0x1f4)) conv=notrunc status=none
dd if="$work/core.img" of="$raw" bs=512 seek=$bios conv=notrunc status=none
printf 'set timeout=0\nmenuentry Linux {\n search --no-floppy --label --set=root %s\n linux /boot/%s root=%s ro console=tty1 console=ttyS0,115200 %s\n initrd /boot/%s\n}\n' \
    $label "$kernel" "$place" "$*" "$initrd" >"$root/boot/grub/grub.cfg"
if [ -e "$root/etc/selinux/config" ]; then
    rm -f "$root/.autorelabel"
    contexts=/etc/selinux/default/contexts/files/file_contexts
    mount -t proc proc "$root/proc"
    chroot "$root" setfiles -F -m -e /proc "$contexts" /
    umount "$root/proc"
fi
umount "$root"
qemu-img convert -c -O qcow2 "$raw" "$out"
