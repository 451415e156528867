#!/bin/bash
# Makes of a disk of cloud-disk.sh one that lacks something. Needs root and a loop device.
# spoil-disk.sh IMAGE.qcow2 no-netfront|no-e1000|no-sshd|no-kernel|no-root|full|own-key OUT.qcow2
set -eu
image=$1 how=$2 out=$3
work=$(mktemp -d "$(dirname "$out")/spoil.XXXXXX")
raw=$work/disk.raw
root=$work/root
qemu-img convert -O raw "$image" "$raw"
loop=$(losetup -f --show -o $((2048 * 512)) "$raw")
trap 'umount "$root/proc" "$root" 2>/dev/null || true; losetup -d "$loop"; rm -rf "$work"' EXIT
mkdir "$root"
mount "$loop" "$root"

without_module() {
    find "$root/usr/lib/modules" "$root/lib/modules" -name "$1.ko*" -delete
    mount -t proc proc "$root/proc"
    chroot "$root" sh -c 'for tree in /lib/modules/*; do depmod "${tree##*/}"; done; update-initramfs -u' >/dev/null 2>&1
    umount "$root/proc"
}

case $how in
no-netfront) without_module xen-netfront ;;
no-e1000) without_module e1000 ;;
no-sshd) chroot "$root" dpkg --force-depends --purge openssh-server >/dev/null 2>&1 ;;
no-kernel) rm "$root"/boot/vmlinuz-* ;;
no-root) e2label "$loop" another-root ;;
own-key)
    ssh-keygen -q -t ed25519 -N '' -f "$root/etc/ssh/own_key"
    echo 'HostKey /etc/ssh/own_key' >"$root/etc/ssh/sshd_config.d/own.conf"
    ;;
full) cat /dev/zero >"$root/var/filled" 2>/dev/null || true ;;
esac
umount "$root"
qemu-img convert -c -O qcow2 "$raw" "$out"
