#!/bin/sh
# Downloads what the image of musl is made of besides installed packages: two programs' sources and a kernel. Run by
# mmdebstrap outside the tree, so that the machine's own way to its mirror serves.  musl-downloads.sh FOLDER
set -eu
export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
cd "$1"
apt-get source -q --download-only busybox dropbear
apt-get download -q "$(apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: \(linux-image-[0-9][^ ]*\)/\1/p')"
