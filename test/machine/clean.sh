#!/usr/bin/env bash
# Removes what tests of whole machines have left behind that were killed: machines, their layers, their network.
#
# Usage: clean.sh      (scripts/test-machine calls it however the tests end)
# Idempotent: looks for what bears the names that nspawn.ts and network.ts give, and for nothing else.
set -euo pipefail

main() {
  local layer proxy
  for layer in /tmp/mf-machine-*/; do
    [[ -d $layer ]] || continue
    switch_off "$layer" "--directory=${layer%/}/root"
    ! mountpoint --quiet "$layer/root" || umount "$layer/root"
    rm -rf "$layer"
  done
  for proxy in /tmp/mf-proxy-*/; do
    [[ -d $proxy ]] || continue
    switch_off "$proxy" "${proxy%/}/conf"
    rm -rf "$proxy"
  done
  rm -rf /tmp/'Mein Fläck '*
  nft delete table ip mf-machines 2>/dev/null || true
  ip link delete mf-machines 2>/dev/null || true
}

# switch_off FOLDER WORD: whose number stands in FOLDER/pid, where that still is the one with this word in its
# command; a machine in order.
switch_off() {
  local pid
  pid=$(cat "$1/pid" 2>/dev/null) && grep -qsF -- "$2" "/proc/$pid/cmdline" || return 0
  kill "$pid"
  timeout 60 tail --pid="$pid" -f /dev/null || kill -KILL "$pid"
}

main "$@"
