#!/usr/bin/env bash
# Makes the stack a service of the machine's, so that it is back after every boot, and starts it.
#
# Usage: service.sh [--check | --dry-run]
# Idempotent: compares the unit, and starts what does not run. Where a start is under way already,
# after a boot say, it waits for that one.
set -euo pipefail

step=service
# shellcheck source=provision/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=provision/machine/places.sh
source "$provision_dir/machine/places.sh"

name=microflack.service
unit=/etc/systemd/system/$name

missing() {
  same "$provision_dir/machine/$name" "$unit" || echo unit
  systemctl is-enabled --quiet "$name" 2>/dev/null || echo start-at-boot
  systemctl is-active --quiet "$name" || echo a-running-stack
}

there() { echo "$name, active"; }

install() {
  if ! same "$provision_dir/machine/$name" "$unit"; then
    put 644 "$provision_dir/machine/$name" "$unit"
    systemctl daemon-reload
  fi
  mkdir -p "$state"
  quietly 'switching it on' systemctl enable "$name"
  systemctl reset-failed "$name" 2>/dev/null || true
  follow_journal
  systemctl start "$name" ||
    fail 'the stack did not come up; its last words are above' "sudo journalctl -u $name, then ${MF_NEXT:-mf up}"
}

# What the stack says of its steps while it starts, and of one that fails.
follow_journal() {
  journalctl --follow --lines=0 --output=cat --unit="$name" > >(grep --line-buffered -E '^(→|✗| )') &
  follower=$!
  at_end+=(stop_following)
}

stop_following() { kill "$follower" 2>/dev/null || true; }

run_step "$@"
