#!/usr/bin/env bash
# Starts libvirt where it does not run: a test machine's first process may be no systemd.
#
# Usage: libvirt.sh FOLDER      notes in FOLDER/daemons whom it has started, for clean.sh
# Idempotent: does nothing where libvirt answers.
set -euo pipefail

main() {
  local folder=${1:?usage: libvirt.sh FOLDER} daemon
  ! answers || return 0
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

answers() { virsh -c qemu:///system version >/dev/null 2>&1; }

main "$@"
