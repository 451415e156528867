#!/bin/sh
# Makes the builtin guest inside a Debian 12 root that has a compiler: /build/guestside and what guest-downloads.sh
# left in /build in, /build/out out.
set -eu
cd /build
mkdir -p out root/bin root/lib root/lib64 root/dev root/proc root/sys root/tmp root/etc/dropbear root/root root/modules

# fio as Debian builds it is linked with every storage client there is, 30 MB of libraries. Its source package, without
# them, gives the same fio. For any x86-64: the lab's processor has no AVX.
tar -xf fio_*.orig.tar.gz
cd fio-*/
./configure --disable-native --disable-numa --disable-rdma --disable-rados --disable-rbd --disable-http \
    --disable-gfapi --disable-pmem --disable-xnvme
make -j"$(nproc)" EXTFLAGS=-fno-tree-vectorize fio
strip -o ../root/bin/fio fio
cd ..

for program in /bin/busybox /usr/bin/iperf3 /usr/bin/netperf /usr/bin/netserver /usr/sbin/dropbear /usr/sbin/ethtool; do
    cp "$program" root/bin/
done
gcc -O2 -static -s -o root/bin/pvb-traps guestside/traps.c

# iperf3 needs OpenSSL only for its authentication, which nobody uses here: 5 MB become 14 KB.
libraries=/usr/lib/x86_64-linux-gnu
nm -D --undefined-only $libraries/libiperf.so.0 | sed -n 's/.* \([A-Za-z0-9_]*\)@OPENSSL.*/int \1(void){__builtin_trap();}/p' >stub.c
echo 'OPENSSL_3.0.0 { global: *; };' >stub.map
gcc -shared -fPIC -Wl,--version-script=stub.map -Wl,-soname,libcrypto.so.3 -o root/lib/libcrypto.so.3 stub.c

cp -L /lib64/ld-linux-x86-64.so.2 root/lib64/
ldd root/bin/fio root/bin/iperf3 root/bin/netperf root/bin/netserver root/bin/dropbear root/bin/ethtool $libraries/libiperf.so.0 $libraries/libtomcrypt.so.1 |
    sed -n 's/.* => \(\/[^ ]*\) .*/\1/p' | grep -v libcrypto | sort -u | while read -r library; do
    cp -L "$library" root/lib/
done

dpkg-deb -x linux-image-*.deb kernel
modules=$(echo kernel/lib/modules/*/kernel)
for module in drivers/net/ethernet/intel/e1000/e1000 drivers/net/ethernet/realtek/8139cp drivers/net/mii \
    drivers/net/xen-netfront drivers/block/xen-blkfront drivers/ata/libata drivers/ata/ata_piix drivers/scsi/scsi_mod \
    drivers/xen/xen-evtchn drivers/scsi/scsi_common drivers/scsi/sd_mod crypto/crct10dif_generic \
    crypto/crct10dif_common block/t10-pi \
    lib/crc64 lib/crc-t10dif lib/crc64-rocksoft; do
    cp "$modules/$module.ko" root/modules/
done

dropbearkey -t ed25519 -f root/etc/dropbear/key >/dev/null
dropbearkey -y -f root/etc/dropbear/key | sed -n 's/^\(ssh-ed25519 [^ ]*\).*/\1/p' >out/host_key
echo 'root:x:0:0:root:/root:/bin/sh' >root/etc/passwd
echo /bin/sh >root/etc/shells
for applet in $(busybox --list); do [ -e "root/bin/$applet" ] || ln -s busybox "root/bin/$applet"; done
cp guestside/init root/init
cp guestside/pvb-run root/bin/
chmod 755 root/init root/bin/*
(cd root && find . | cpio -o -H newc --quiet -R 0:0) | zstd -19 -q -o initrd

as --32 -o bootrom.o guestside/bootrom.S
objcopy -O binary -j .text bootrom.o out/boot.rom
sum=$(od -An -v -tu1 out/boot.rom | tr -s ' ' '\n' | awk '{ s += $1 } END { print (256 - s % 256) % 256 }')
# shellcheck disable=SC2059
printf "\\$(printf %03o "$sum")" | dd of=out/boot.rom bs=1 seek=511 conv=notrunc status=none

# One block that pvb-domain fills: the APPEND line, and line ends behind it (syslinux refuses long command lines).
printf 'DEFAULT l\nPROMPT 0\nTIMEOUT 0\nNOESCAPE 1\nLABEL l\nKERNEL vmlinuz\nINITRD initrd\nAPPEND @PVB@' >syslinux.cfg
while [ "$(stat -c %s syslinux.cfg)" -lt 4096 ]; do echo >>syslinux.cfg; done
size=$((($(stat -Lc %s kernel/boot/vmlinuz-*) + $(stat -c %s initrd)) / 1024 + 1024))
mkfs.fat -C -S 512 -s 8 out/boot.img $size >/dev/null
mcopy -i out/boot.img syslinux.cfg ::syslinux.cfg
mcopy -i out/boot.img kernel/boot/vmlinuz-* ::vmlinuz
mcopy -i out/boot.img initrd ::initrd
syslinux --install out/boot.img
# PVH and PV guests have no firmware: the toolstack loads the same two files.
cp kernel/boot/vmlinuz-* out/vmlinuz
cp initrd out/initrd

# The same programs for guests of other distributions: each by the loader and the libraries that it was built with.
mkdir -p tools/bin tools/real tools/lib
cp root/lib/*.so* root/lib64/ld-linux-x86-64.so.2 tools/lib/
for program in fio iperf3 netperf netserver ethtool; do
    cp root/bin/$program tools/real/
    # shellcheck disable=SC2016
    printf '#!/bin/sh\nhere=${0%%/*}/..\nexec "$here/lib/ld-linux-x86-64.so.2" --library-path "$here/lib" "$here/real/%s" "$@"\n' \
        $program >tools/bin/$program
done
cp root/bin/pvb-traps guestside/pvb-run tools/bin/
cp guestside/pvb-in tools/
chmod 755 tools/bin/* tools/real/* tools/pvb-in
tar -C tools --owner=0 --group=0 -cf out/tools.tar .
cp root/bin/busybox out/busybox

{
    echo "kernel=$(dpkg-deb -f linux-image-*.deb Package) $(dpkg-deb -f linux-image-*.deb Version)"
    echo "initramfs bytes=$(stat -c %s initrd)"
    echo "fio=$(root/bin/fio --version)"
    for package in iperf3 netperf dropbear-bin busybox-static; do
        echo "$package=$(dpkg-query -W -f '${Version}' "$package")"
    done
} >out/versions
