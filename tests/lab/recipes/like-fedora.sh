#!/bin/sh
# Makes of a Debian tree one like Fedora's cloud images; runs within it: SELinux enforces, NetworkManager has the NICs.
# Its files are labelled once they lie on a disk (gpt-disk.sh).
set -eu
cat >/etc/cloud/cloud.cfg.d/90_likeness.cfg <<END
datasource_list: [ NoCloud, None ]
system_info:
  network: { renderers: [ network-manager ] }
END
printf 'SELINUX=enforcing\nSELINUXTYPE=default\n' >/etc/selinux/config
# Debian's policy knows nothing of cloud-init, as Fedora's does: its generator writes to /run, its seed is mounted there.
cat >/root/likeness.cil <<END
(typepermissive systemd_generator_t)
(allow mount_t initrc_runtime_t (dir (getattr search mounton)))
(allow NetworkManager_t var_run_t (file (getattr open read)))
END
semodule -n -i /root/likeness.cil
rm /root/likeness.cil
touch /etc/.updated /var/.updated
systemctl enable NetworkManager.service
