#!/bin/bash
# releases.sh FOLDER BASE OVERLAY REF VERSION...: makes FOLDER/repo with one commit for each version. It also makes
# FOLDER/host.img, a disk on which the first of them is deployed. OVERLAY goes on top of the base; its /etc and users
# are completed here. It prints version and checksum of each release, and tells on standard error how far it is.
#
# The disk is an image because libostree freezes the file system that it works on. In a plain folder, that would be
# this machine's own.
set -euo pipefail
folder=$1 base=$2 overlay=$3 ref=$4
shift 4
versions=("$@")
repo=$folder/repo
timestamp=1725408000

mkdir -p "$overlay/etc"
cp -p "$base"/users/* "$overlay/etc/"
# This is what a package does when it is installed.
systemd-sysusers --root="$overlay" >/dev/null
systemctl --quiet --root="$overlay" preset zincati.service
systemctl --quiet --root="$overlay" enable announce.service
# A login prompt hangs up the console, so that announcements on it may be lost.
systemctl --quiet --root="$overlay" mask console-getty.service
mv "$overlay/etc" "$overlay/usr/etc"

ostree --repo="$repo" init --mode=archive
ostree --repo="$repo" config set archive.zlib-level 1
ostree --repo="$repo" pull-local "$base/repo" base >/dev/null

os_release() {
  mkdir -p "$1/usr/lib"
  printf 'NAME="Test OS"\nID=testos\nVERSION_ID="%s"\nVERSION="%s"\nPRETTY_NAME="Test OS %s"\nOSTREE_VERSION="%s"\n' \
    "${2%%.*}" "$2" "$2" "$2" >"$1/usr/lib/os-release"
}
commit() {
  local version=$1
  shift
  ostree --repo="$repo" commit --branch="$ref" "$@" --timestamp="@$timestamp" --subject="release $version" \
    --add-metadata-string=version="$version" --add-metadata-string=nestos.stream=stable >/dev/null
  timestamp=$((timestamp + 86400))
}

first=
for version in "${versions[@]}"; do
  echo "making release $version" >&2
  if [ -z "$first" ]; then
    os_release "$overlay" "$version"
    commit "$version" --tree=ref=base --tree=dir="$overlay"
    first=$(ostree --repo="$repo" rev-parse "$ref")
  else
    delta=$(mktemp -d "$folder/delta.XXXX")
    chmod 755 "$delta"
    os_release "$delta" "$version"
    # New defaults: a changed one for an existing file, and a new file.
    mkdir -p "$delta/usr/etc/release.d"
    echo "$version" >"$delta/usr/etc/release.d/newest"
    echo "$version" >"$delta/usr/etc/release.d/$version"
    # Content that has to be downloaded.
    head -c 300000 /dev/urandom >"$delta/usr/lib/blob-$version"
    commit "$version" --tree=ref="$first" --tree=dir="$delta"
    rm -r "$delta"
  fi
  echo "$version $(ostree --repo="$repo" rev-parse "$ref")"
done

echo 'making the disk' >&2
image=$folder/host.img
truncate -s 2G "$image"
mkfs.ext4 -q -E lazy_itable_init=1,lazy_journal_init=1 "$image"
mkdir "$folder/mnt"
# The mount ends with this process, however the process ends.
export OSTREE_SYSROOT_OPTS=skip-sync
unshare --mount --propagation private bash -euc '
  mount -o loop "$1/host.img" "$1/mnt"
  sysroot=$1/mnt
  ostree admin init-fs --modern "$sysroot"
  ostree admin os-init --sysroot="$sysroot" testos
  # It exists before the first boot, so that the journal is kept from then on.
  mkdir -p "$sysroot/ostree/deploy/testos/var/log/journal"
  ostree --repo="$sysroot/ostree/repo" remote add --no-gpg-verify --no-sign-verify origin http://127.0.0.1:8080/repo
  ostree --repo="$sysroot/ostree/repo" pull-local --remote=origin "$1/repo" "$3"
  ostree --repo="$sysroot/ostree/repo" refs --create="origin:$2" "$3"
  ostree admin deploy --sysroot="$sysroot" --os=testos --karg=rw --karg=ignition.platform.id=metal "origin:$2"
  umount "$sysroot"
' make-image "$folder" "$ref" "$first" >&2
