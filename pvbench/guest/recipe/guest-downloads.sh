#!/bin/sh
# Downloads what the builtin guest is made of besides installed packages: fio's source and a kernel. Run by mmdebstrap
# outside the tree, so that the machine's own proxy, certificates and passwords serve.  guest-downloads.sh FOLDER
set -eu
export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
cd "$1"
apt-get source -q --download-only fio
# The kernel is the package's own; its name depends on the day.
kernel=$(apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: \(linux-image-6[^ ]*\)/\1/p')
apt-get download -q "$kernel"
