#!/bin/sh
# Makes of a Debian tree one like Ubuntu's cloud images; runs within it. Each line is a way in which those differ from
# Debian's: netplan over systemd-networkd, SSH by socket activation, a locked root, /tmp in memory that runs no program.
set -eu
cat >/etc/cloud/cloud.cfg.d/90_likeness.cfg <<END
datasource_list: [ NoCloud, None ]
system_info:
  distro: ubuntu
  default_user: { name: ubuntu, lock_passwd: true, groups: [ sudo ], sudo: [ "ALL=(ALL) NOPASSWD:ALL" ], shell: /bin/bash }
  network: { renderers: [ netplan ] }
END
echo 'Defaults use_pty, secure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"' >/etc/sudoers.d/pty
chmod 440 /etc/sudoers.d/pty
passwd -l root
echo 'tmpfs /tmp tmpfs nosuid,nodev,noexec 0 0' >>/etc/fstab
# Ubuntu's profiles come compiled; these would be at each boot, for minutes under emulation, of programs that are not here.
find /etc/apparmor.d -maxdepth 1 -type f ! -name lsb_release ! -name unix-chkpwd -delete
touch /etc/.updated /var/.updated
systemctl enable systemd-networkd.service apparmor.service
systemctl disable ssh.service
mkdir -p /etc/systemd/system/ssh.socket.d /etc/systemd/system/ssh.service.d
printf '[Socket]\nAccept=no\n' >/etc/systemd/system/ssh.socket.d/one.conf
printf '[Unit]\nRequires=ssh.socket\n' >/etc/systemd/system/ssh.service.d/socket.conf
systemctl enable ssh.socket
