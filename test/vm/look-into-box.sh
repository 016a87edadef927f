#!/usr/bin/env bash
# Prints what a box for libvirt holds of the machine that it was made from: a line each, and nothing after
# its name where there is nothing.
#
# Usage: look-into-box.sh FILE.box
# Idempotent: mounts a copy of its disk, read-only, and leaves nothing.
set -euo pipefail

main() {
  local file=${1:?usage: look-into-box.sh FILE.box}
  work=$(mktemp -d /var/tmp/mf-box-XXXXXX)
  trap clean EXIT
  tar -C "$work" -xf "$file" --wildcards '*box.img'
  qemu-img convert -O raw "$work/box.img" "$work/disk.img"
  mkdir "$work/root"
  # As box.sh has made it: one partition, from the 2048th sector on.
  mount -o ro,noload,loop,offset=$((2048 * 512)) "$work/disk.img" "$work/root"
  cd "$work/root"
  echo "machine-id $(cat etc/machine-id)"
  echo "state $(list var/lib/microflack -mindepth 1)"
  echo "host keys $(list etc/ssh -name 'ssh_host_*')"
  echo "logs $(list var/log -name '*.log')"
  echo "authorities $(list run usr/local/share/ca-certificates -name '*.crt')"
}

# list WHERE... CONDITION...: the first few that find finds.
list() { find "$@" -printf '%p ' | head -c 200; }

clean() {
  cd /
  ! mountpoint --quiet "$work/root" || umount "$work/root"
  rm -rf "$work"
}

main "$@"
