#!/bin/sh
# Makes the disk of a lab that boots from it, from a root file system's tar. Run under fakeroot, so that owners are right
# without being root.  plain.sh ROOT.tar OVERLAY OUT.raw SIZE
set -eu
tar=$1 overlay=$2 out=$3 size=$4
work=$(mktemp -d "$(dirname "$out")/root.XXXXXX")
trap 'rm -rf "$work"' EXIT
tar -xpf "$tar" -C "$work" --exclude='./dev/*'
cp -R "$overlay"/. "$work"/
chown -R 0:0 "$work/root" "$work/etc/ssh" "$work/etc/network" "$work/etc/default/grub" "$work/boot"
chmod 700 "$work/root" "$work/root/.ssh"
chmod 600 "$work/root/.ssh/authorized_keys" "$work/etc/ssh/ssh_host_ed25519_key"
# Nothing may wake up inside a measurement.
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer \
    e2scrub_reap.service systemd-pstore.service getty@tty1.service systemd-timesyncd.service man-db.timer; do
    ln -sf /dev/null "$work/etc/systemd/system/$unit"
done
mv "$work/boot/grub/grub.img" "$(dirname "$out")/grub.img"
# A machine that may be reset at any moment wants a journal, and a feature that GRUB 2.06 cannot read is left out.
mke2fs -q -t ext4 -O ^metadata_csum_seed -d "$work" "$out" "$size"
