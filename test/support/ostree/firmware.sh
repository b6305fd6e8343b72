#!/bin/bash
# firmware.sh FOLDER: boots FOLDER/host.img as a container, again and again, until it powers off.
#
# Plays firmware and boot loader: each boot takes the boot entry with the highest version and the deployment that its
# `ostree=` names. Before the first boot, FOLDER/etc is copied into its /etc. Prints `=== boot N CHECKSUM` before and
# `=== end STATUS` after each boot. server.py serves what a host reaches over its network. Run this script in its own
# namespaces (mount, process, network): mounts, loop device and processes then end with it.
set -euo pipefail
folder=$1
name=$(basename "$folder")
sysroot=$folder/sysroot
umount -R /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
group=/sys/fs/cgroup/$name
mkdir "$group"
mount -t tmpfs tmpfs /run
mkdir /run/lock
mkdir -p "$sysroot"
mount -o loop "$folder/host.img" "$sysroot"

ip link set lo up
exec 3< <(exec /usr/bin/python3 "$(dirname "$0")/server.py" "$folder")
# The server listens.
read -r _ <&3
cat <&3 &

# nspawn's status for a reboot.
readonly REBOOT=133

newest_entry() {
  local entry version best=-1
  for entry in "$sysroot"/boot/loader/entries/*.conf; do
    version=$(sed -n 's/^version //p' "$entry")
    if [ "$version" -gt "$best" ]; then best=$version newest=$entry; fi
  done
}

for ((boot = 1; ; boot++)); do
  newest_entry
  options=$(sed -n 's/^options //p' "$newest")
  link=$(grep -o 'ostree=[^ ]*' <<<"$options" | cut -d= -f2)
  deployment=$(readlink -f "$sysroot$link")
  if [ $boot = 1 ] && [ -d "$folder/etc" ]; then
    cp -r "$folder/etc/." "$deployment/etc/"
  fi
  mkdir -p "$folder/share"
  echo "BOOT_IMAGE=$(sed -n 's/^linux //p' "$newest") $options" >"$folder/share/cmdline"
  : >/run/booted
  echo "=== boot $boot $(basename "$deployment")"
  status=0
  bash -c 'echo $$ >"$0/cgroup.procs"; exec "$@"' "$group" \
    systemd-nspawn --quiet --directory="$deployment" --machine="$name" --register=no --keep-unit \
    --network-namespace-path=/proc/self/ns/net --resolv-conf=off --timezone=off --link-journal=no --console=read-only \
    --capability=CAP_BPF --system-call-filter=bpf \
    --bind-ro="$deployment/usr:/usr" --bind="$sysroot:/sysroot" --bind="$sysroot/boot:/boot" \
    --bind="$sysroot/ostree/deploy/testos/var:/var" --bind=/run/booted:/run/ostree-booted \
    --bind="$folder/share:/run/share" --kill-signal=SIGRTMIN+3 \
    /bin/sh -c 'mount --bind /run/share/cmdline /proc/cmdline; exec /lib/systemd/systemd' </dev/null || status=$?
  echo "=== end $status"
  find "$group" -mindepth 1 -depth -type d -exec rmdir {} + 2>/dev/null || true
  [ $status = $REBOOT ] || break
done
rmdir "$group" 2>/dev/null || true
