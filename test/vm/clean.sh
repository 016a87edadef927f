#!/usr/bin/env bash
# Removes what a test of a virtual machine has left: its machine, its box's volume, its network, its daemons.
#
# Usage: clean.sh      (scripts/test-machine --vm calls it however the tests end)
# Idempotent: looks for what bears the names that the tests give, and for nothing else.
set -euo pipefail

uri=qemu:///system

main() {
  local folder pid name
  if virsh -c "$uri" version >/dev/null 2>&1; then forget_machines; fi
  # What led to a machine from here is left where the machine was killed.
  { pgrep -f '^ssh .*IdentityFile="/tmp/mf-vm-' || true; } | while read -r pid; do kill "$pid"; done
  for folder in /tmp/mf-vm-*/; do
    [[ -d $folder ]] || continue
    while read -r pid name; do
      [[ $(cat "/proc/$pid/comm" 2>/dev/null) != "$name" ]] || kill "$pid"
    done < <(tac "$folder/daemons" 2>/dev/null)
    rm -rf "$folder"
  done
  rm -rf /tmp/'Mein Fläck '*
  # What keeps machines from the internet.
  nft delete table inet mf-vm 2>/dev/null || true
}

# Vagrant calls a machine by the letters of its checkout's folder; ours are all Mein Fläck and something.
forget_machines() {
  local machine volume
  virsh -c "$uri" list --all --name | awk '/^MeinFlck/' | while read -r machine; do
    virsh -c "$uri" destroy "$machine" >/dev/null 2>&1 || true
    virsh -c "$uri" undefine --remove-all-storage --snapshots-metadata "$machine" >/dev/null || true
  done
  volumes 'MeinFlck|microflack-bare' | while read -r volume; do forget_volume "$volume"; done
  compgen -G '/tmp/mf-vm-*/before' >/dev/null || return 0
  volumes microflack_vagrant | while read -r volume; do was_there "$volume" || forget_volume "$volume"; done
  if ! was_there vagrant-libvirt; then
    virsh -c "$uri" net-destroy vagrant-libvirt >/dev/null 2>&1 || true
    virsh -c "$uri" net-undefine vagrant-libvirt >/dev/null 2>&1 || true
  fi
}

# volumes PATTERN: whose names begin so.
volumes() { virsh -c "$uri" vol-list default 2>/dev/null | awk -v begin="^($1)" '$1 ~ begin { print $1 }'; }

forget_volume() { virsh -c "$uri" vol-delete --pool default "$1" >/dev/null || true; }

# was_there NAME: before the tests, in the notes of libvirt.sh. Whoever runs them may have a MicroFlack of their own.
was_there() { cat /tmp/mf-vm-*/before 2>/dev/null | grep -qxF -- "$1"; }

main "$@"
