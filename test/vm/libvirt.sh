#!/usr/bin/env bash
# Starts libvirt where it does not run: a test machine's first process may be no systemd.
#
# Usage: libvirt.sh FOLDER      notes for clean.sh: in FOLDER/daemons whom it has started, in FOLDER/before what
#                               libvirt had already, which is somebody's
# Idempotent: starts nothing where libvirt answers.
set -euo pipefail

uri=qemu:///system

main() {
  local folder=${1:?usage: libvirt.sh FOLDER}
  answers || start "$folder"
  what_it_has >"$folder/before"
}

what_it_has() {
  virsh -c "$uri" vol-list default 2>/dev/null | awk 'NR > 2 { print $1 }'
  virsh -c "$uri" net-list --all --name
}

# start FOLDER
start() {
  local folder=$1 daemon
  mkdir -p /run/libvirt
  for daemon in virtlogd libvirtd; do
    setsid "$daemon" >"$folder/$daemon.log" 2>&1 </dev/null &
    echo "$! $daemon" >>"$folder/daemons"
  done
  for _ in {1..100}; do
    ! answers || return 0
    sleep 0.1
  done
  tail -n 5 "$folder"/*.log >&2
  exit 1
}

answers() { virsh -c "$uri" version >/dev/null 2>&1; }

main "$@"
