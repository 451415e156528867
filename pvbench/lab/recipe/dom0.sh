#!/bin/sh
# Makes the disk of the lab's dom0 from a root file system's tar. Run under fakeroot, so that owners are right without
# being root.  dom0.sh ROOT.tar OVERLAY OUT.raw SIZE
set -eu
tar=$1 overlay=$2 out=$3 size=$4
work=$(mktemp -d "$(dirname "$out")/root.XXXXXX")
trap 'rm -rf "$work"' EXIT
tar -xpf "$tar" -C "$work" --exclude='./dev/*'
cp -R "$overlay"/. "$work"/
chown -R 0:0 "$work/root" "$work/etc/ssh" "$work/etc/network"
chmod 700 "$work/root" "$work/root/.ssh"
chmod 600 "$work/root/.ssh/authorized_keys" "$work/etc/ssh/ssh_host_ed25519_key"
# Nothing may wake up inside a measurement, and no benchmark server may listen before pvbench starts it.
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer \
    e2scrub_reap.service systemd-pstore.service lvm2-monitor.service blk-availability.service getty@tty1.service \
    xendomains.service netperf.service iperf3.service fio.service systemd-timesyncd.service man-db.timer; do
    ln -sf /dev/null "$work/etc/systemd/system/$unit"
done
cp "$work"/boot/vmlinuz-* "$(dirname "$out")/vmlinuz"
cp "$work"/boot/initrd.img-* "$(dirname "$out")/initrd.img"
gzip -dc "$work"/boot/xen-*-amd64.gz >"$(dirname "$out")/xen.elf"
mke2fs -q -t ext4 -O ^has_journal -d "$work" "$out" "$size"
