#!/usr/bin/env bash
# Makes a whole machine a MicroFlack: from a bare Debian 12 or 13 to a message posted and seen.
#
# Usage: machine.sh [--check | --dry-run]
# Vagrant runs it (Vagrantfile), tests run it, and root may run it on any Debian that is for nothing else.
# The steps of `npm start` are among its own: it adds what only a machine has (machine/). The code is
# copied to /opt/microflack/checkout and everything after that happens there, so nothing runs from a
# folder that is shared with a laptop; what a stack keeps is in /var/lib/microflack.
# Idempotent: each step looks first (lib.sh); killed anywhere, it is run again.
set -euo pipefail

step=machine
# shellcheck source=provision/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=provision/machine/places.sh
source "$provision_dir/machine/places.sh"

# The first two bring the copy; the others are run from it.
steps=(machine/tools machine/code packages consul users node machine/modules machine/listeners
  machine/command machine/service)

main() {
  local mode=${1:-} name number=0 from=$provision_dir result=0
  [[ $mode =~ ^(|--check|--dry-run)$ ]] || usage_error "$mode"
  ((EUID == 0)) || [[ $mode ]] || fail 'a whole machine is changed, which takes root' "sudo bash $0"
  [[ -d /run/systemd/system ]] || fail 'systemd does not run here' 'npm start, which needs none'
  for name in "${steps[@]}"; do
    number=$((number + 1))
    MF_PROGRESS="$number/${#steps[@]}" bash "$from/$name.sh" ${mode:+"$mode"} || result=1
    [[ $result == 0 || $mode ]] || exit 1
    [[ $name != machine/code || ! -d $copy/provision ]] || from=$copy/provision
  done
  # shellcheck disable=SC2154 # of places.sh; as patient as microflack.service
  [[ $mode ]] || MF_PATIENCE_S=600 "$command" up
  exit "$result"
}

main "$@"
