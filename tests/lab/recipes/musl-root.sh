#!/bin/bash
# Makes, inside a Debian root with musl's compiler, the root file system of a small system without glibc, as Alpine's
# is: busybox and dropbear, both linked with musl's shared library, and Debian's kernel. What musl-downloads.sh left,
# the files of musl-system and the key that may log in (login.pub) lie in /build; /build/out takes what is made.
set -eu
cd /build
mkdir -p out root/{bin,sbin,lib,usr/bin,usr/sbin,etc/dropbear,etc/init.d,root/.ssh,proc,sys,dev,tmp,run,var/tmp,boot/extlinux}
chmod 1777 root/tmp root/var/tmp
chmod 700 root/root root/root/.ssh

# The kernel's own headers, which musl has none of.
musl=/usr/include/x86_64-linux-musl
ln -sf /usr/include/linux /usr/include/asm-generic /usr/include/mtd /usr/include/x86_64-linux-gnu/asm $musl/

tar -xf busybox_*.orig.tar.bz2
cd busybox-*/
make defconfig >/dev/null
# What needs other libraries' headers; and a modprobe that knows aliases, which defconfig leaves out for a smaller one.
sed -i 's/^\(CONFIG_FEATURE_HAVE_RPC\|CONFIG_FEATURE_INETD_RPC\|CONFIG_TC\|CONFIG_MODPROBE_SMALL\)=y/# \1 is not set/
    s/^# \(CONFIG_\(FEATURE_MODUTILS_ALIAS\|FEATURE_MODPROBE_BLACKLIST\|INSMOD\|LSMOD\|RMMOD\|MODINFO\)\) is not set/\1=y/' .config
yes '' | make oldconfig >/dev/null || true
make -j"$(nproc)" CC=musl-gcc HOSTCC=gcc busybox
make CC=musl-gcc HOSTCC=gcc CONFIG_PREFIX=/build/root install >/dev/null
cd ..

tar -xf dropbear_*.orig.tar.bz2
cd dropbear-*/
echo '#define DROPBEAR_SVR_PASSWORD_AUTH 0' >localoptions.h
./configure CC=musl-gcc CFLAGS=-O2 --disable-zlib --disable-pam --disable-harden --disable-lastlog --disable-utmp \
    --disable-utmpx --disable-wtmp --disable-wtmpx --enable-bundled-libtom >/dev/null
make -j"$(nproc)" PROGRAMS='dropbear dropbearkey' >/dev/null
strip -o ../root/usr/sbin/dropbear dropbear
strip -o ../root/usr/bin/dropbearkey dropbearkey
cd ..
cp -L /lib/ld-musl-x86_64.so.1 root/lib/

# Modules that drive what a guest has, and what they need; with a list of all a modprobe takes seconds.
dpkg-deb -x linux-image-*.deb kernel
version=$(basename kernel/lib/modules/*)
depmod -b kernel "$version"
needed() {
    for module; do
        sed -n "s|^\([^:]*/${module//[-_]/[-_]}\.ko\): *\(.*\)|\2 \1|p" "kernel/lib/modules/$version/modules.dep"
    done | tr ' ' '\n' | awk 'NF && !seen[$0]++'
}
first=$(needed virtio_pci virtio_blk crc32c_generic ext4)
for file in $first $(needed xen-netfront xen-blkfront xen-evtchn ata_piix ahci nvme sd_mod e1000 8139cp virtio_net); do
    install -D -m 644 "kernel/lib/modules/$version/$file" "root/lib/modules/$version/$file"
done
cp "kernel/lib/modules/$version"/modules.{builtin,builtin.modinfo,order} "root/lib/modules/$version/"
depmod -b root "$version"
cp "kernel/boot/vmlinuz-$version" root/boot/vmlinuz

cp musl-system/{passwd,group,shells,fstab,inittab,mdev.conf,os-release,hostname} root/etc/
install -m 755 musl-system/rcS root/etc/init.d/rcS
install -D -m 755 musl-system/udhcpc root/usr/share/udhcpc/default.script
install -m 600 login.pub root/root/.ssh/authorized_keys
root/usr/bin/dropbearkey -t ed25519 -f root/etc/dropbear/host_key >/dev/null
root/usr/bin/dropbearkey -y -f root/etc/dropbear/host_key | sed -n 's/^\(ssh-ed25519 [^ ]*\).*/\1/p' >out/host_key
cp out/host_key root/etc/dropbear/host_key.pub

mkdir -p first/{bin,lib,dev,proc,sys,root}
cp root/bin/busybox first/bin/
cp root/lib/ld-musl-x86_64.so.1 first/lib/
for file in $first; do cp "kernel/lib/modules/$version/$file" first/lib/; done
for applet in sh insmod mount findfs sleep switch_root; do ln -s busybox first/bin/$applet; done
echo "$first" | sed 's|.*/||' >first/lib/load
install -m 755 musl-system/first-init first/init
(cd first && find . | cpio -o -H newc --quiet -R 0:0) | zstd -19 -q -o root/boot/initrd

! find root first -type f -exec grep -lFe ld-linux-x86-64 -e GLIBC_2 {} + | grep -v -e '/lib/modules/' -e vmlinuz
tar -C root --owner=0 --group=0 -cf out/root.tar .
