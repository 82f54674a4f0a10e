#!/usr/bin/env bash
# Unpack a Ceph S3 gateway for the tests, without installing anything system-wide.
# In: an optional folder (default: $PUBLISHER_CEPH, else ~/.cache/publisher/ceph). Out: FOLDER/root with radosgw, monitor and OSD.
# Needs Debian 12 or a relative, with apt-get. Does nothing where the folder is filled already.
set -euo pipefail
home=${1:-${PUBLISHER_CEPH:-$HOME/.cache/publisher/ceph}}
[ -x "$home/root/usr/bin/radosgw" ] && exit 0
mkdir -p "$home/debs" "$home/unpacking"
apt-get update -qq
packages=$(apt-get install -s --no-install-recommends radosgw ceph-mon ceph-osd | awk '/^Inst/ {print $2}' |
  grep -v -x -E 'parted|smartmontools|xfsprogs|lvm2|dmeventd|sudo')
cd "$home/debs"
# shellcheck disable=SC2086 # one word a package
apt-get download -qq -o APT::Sandbox::User=root $packages
for deb in *.deb; do dpkg -x "$deb" "$home/unpacking"; done
rm -rf "$home/root" && mv "$home/unpacking" "$home/root" && rm -rf "$home/debs"
