#!/bin/sh
# Builds drivers inside a toolchain's root: drivers.sh KDIR SOURCE. Patches in /build/patches are applied in the order of
# their names; /build/mkbuildtree in, /build/out out.
set -eu
cd /build
set -- "$@" --
for patch in patches/*; do
    [ ! -f "$patch" ] || set -- "$@" -p "$patch"
done
kdir=$1
source=$2
shift 3
sh mkbuildtree -k "$kdir" "$@" "$source" tree
make -C tree -j"$(nproc)"
mkdir out
find tree -name '*.ko' | while read -r module; do
    # As Debian has them; the build-id is of the whole and stays.
    strip --strip-debug -o "out/${module##*/}" "$module"
done
cp tree/sources.sha256 out/
