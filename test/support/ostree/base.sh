#!/bin/bash
# base.sh FOLDER MIRROR: makes FOLDER/repo, an archive repository with a Debian system as commit `base`, and
# FOLDER/users, the user database of that system. It takes about a minute, and tells on standard error how far it is.
# The result stays the same until this file changes.
#
# No kernel is booted here, so kernel and initramfs are dummies. libostree only requires that they exist.
set -euo pipefail
folder=$1 mirror=$2
tree=$folder/tree
mkdir -p "$folder"
packages=systemd,systemd-sysv,libpam-systemd,dbus,polkitd,login,util-linux,bsdutils,iproute2,procps,ca-certificates
packages+=,ostree,ostree-boot,gir1.2-ostree-1.0,python3-gi,libstdc++6,socat,e2fsprogs,openssh-server,openssh-client

mmdebstrap --variant=minbase --mode=root --format=directory --skip=check/empty,cleanup/apt \
  --aptopt='APT::Install-Recommends "false"' --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
  --include="$packages" trixie "$tree" "deb $mirror trixie main"

# The layout that libostree requires: the host's own folders are empty, or lead into /var.
echo 'giving the tree the layout that libostree requires' >&2
cd "$tree"
rm -rf boot tmp var run home root srv mnt media opt dev proc sys vmlinuz* initrd*
mkdir boot var run dev proc sys sysroot
mkdir -m 1777 tmp
for name in home srv mnt opt; do ln -s "var/$name" "$name"; done
ln -s var/roothome root
ln -s run/media media
ln -s sysroot/ostree ostree
mkdir -p usr/lib/modules/6.6.0
echo 'no kernel' >usr/lib/modules/6.6.0/vmlinuz
echo 'no initramfs' >usr/lib/modules/6.6.0/initramfs.img
cat >usr/lib/tmpfiles.d/ostree-host.conf <<'X'
d /var/home 0755 root root -
d /var/roothome 0700 root root -
d /var/srv 0755 root root -
d /var/mnt 0755 root root -
d /var/opt 0755 root root -
X
# Terminals as on Fedora and openEuler: group tty may write.
sed -i 's/^TTYPERM.*/TTYPERM 0620/' etc/login.defs
# Only the test that needs it starts it, with keys of its own.
rm -f etc/ssh/ssh_host_* etc/systemd/system/multi-user.target.wants/ssh.service etc/systemd/system/sshd.service
rm -f etc/machine-id
: >etc/machine-id
# Timers would run apt and file system checks.
rm -rf etc/systemd/system/timers.target.wants
mv etc usr/etc

echo 'committing the tree' >&2
mkdir "$folder/users"
cp -p usr/etc/{passwd,group,shadow,gshadow} "$folder/users/"
ostree --repo="$folder/repo" init --mode=archive
# Higher levels save little here, and take twice as long.
ostree --repo="$folder/repo" config set archive.zlib-level 1
ostree --repo="$folder/repo" commit --branch=base --tree=dir=. --subject=base >/dev/null
cd /
rm -rf "$tree"
