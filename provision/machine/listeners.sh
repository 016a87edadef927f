#!/usr/bin/env bash
# Switches off what would listen beside the stack: only ssh and the public port may be reached from
# outside, and no service of the distribution's may take a port or a name of the stack's.
#
# Usage: listeners.sh [--check | --dry-run]
# Idempotent: looks at each unit, and changes only those that are on. For a machine that is for
# MicroFlack alone; on a shared one nobody runs this.
set -euo pipefail

step=listeners
# shellcheck source=provision/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

# A stack has its own of these; and what boxes bring that answers the whole network.
clashing=(consul haproxy mariadb redis-server supervisor
  rpcbind.socket rpcbind avahi-daemon.socket avahi-daemon exim4 apache2 nginx)

# systemd-resolved answers questions about names on every interface, unless it is told not to.
resolved=/etc/systemd/resolved.conf.d/microflack.conf
resolved_settings=$'[Resolve]\nLLMNR=no\nMulticastDNS=no'

missing() {
  local unit
  for unit in "${clashing[@]}"; do
    ! is_on "$unit" || echo "no-$unit"
  done
  [[ ! -e /usr/lib/systemd/systemd-resolved || $(cat "$resolved" 2>/dev/null) == "$resolved_settings" ]] ||
    echo no-llmnr
}

is_on() { systemctl is-enabled --quiet "$1" 2>/dev/null || systemctl is-active --quiet "$1"; }

there() { echo 'only ssh and the public port'; }

install() {
  local unit
  for unit in "${clashing[@]}"; do
    ! is_on "$unit" || quietly "switching off $unit" systemctl disable --now "$unit"
  done
  [[ -e /usr/lib/systemd/systemd-resolved ]] || return 0
  mkdir -p "${resolved%/*}"
  echo "$resolved_settings" >"$resolved"
  quietly 'restarting systemd-resolved' systemctl try-restart systemd-resolved
}

run_step "$@"
