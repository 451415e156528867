#!/bin/sh
# Run inside the root file system of a host that boots from its own disk: makes its boot loader and the loader's memory.
# gzip's reader must be in the core: Xen's own menu entries load a compressed Xen without asking for it.
set -eu
modules=/usr/lib/grub/i386-pc
mkdir -p /boot/grub/i386-pc
cp $modules/*.mod $modules/*.lst /boot/grub/i386-pc/
grub-mkimage -O i386-pc -p '(hd0)/boot/grub' -o /boot/grub/core.img \
    biosdisk ext2 normal configfile linux multiboot2 gzio serial test search loadenv boot
# What stands before the core makes it look like a kernel to whoever loads it: no boot sector, no partition is needed.
cat $modules/lnxboot.img /boot/grub/core.img >/boot/grub/grub.img
rm /boot/grub/core.img
grub-editenv /boot/grub/grubenv create
