#!/bin/sh
# Puts modules in the place of those in a guest's initramfs, inside a toolchain's root: /build/boot.img and
# /build/modules/*.ko in; /build/out/boot.img and /build/out/initrd out. Of two archives Linux unpacks the later one last
# (Documentation/driver-api/early-userspace/buffer-format.rst).
set -eu
cd /build
mkdir out
mcopy -i boot.img ::initrd out/initrd
find modules -exec touch -d @0 {} +
size=$(stat -c %s out/initrd)
truncate -s $(((size + 3) / 4 * 4)) out/initrd
find modules | sort | cpio -o -H newc --reproducible --quiet -R 0:0 >>out/initrd
mdel -i boot.img ::initrd
mcopy -i boot.img out/initrd ::initrd || { echo "the modules do not fit on the guest's boot disk" >&2 && exit 1; }
mv boot.img out/
