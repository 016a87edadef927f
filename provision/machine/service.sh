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
  local result=0
  systemctl start "$name" || result=$?
  catch_up
  ((result == 0)) ||
    fail 'the stack did not come up; its last words are above' "sudo journalctl -u $name, then ${MF_NEXT:-mf up}"
}

# What the stack says of its steps while it starts, and of one that fails.
follow_journal() {
  mark=provisioning-$$
  journalctl --follow --no-tail --since="@$EPOCHSECONDS" --output=cat \
    "_SYSTEMD_UNIT=$name" + "SYSLOG_IDENTIFIER=$mark" |
    sed --unbuffered --quiet --regexp-extended -e "/^$mark\$/q" -e '/^(→|✗| )/p' &
  follower=$!
  at_end+=(stop_following)
}

# The start ends before the last of its words has gone through the journal: a mark comes after them.
catch_up() {
  journalctl --sync
  systemd-cat --identifier="$mark" echo "$mark"
  timeout 10 tail --pid="$follower" --sleep-interval=0.1 --follow /dev/null || true
}

stop_following() {
  # shellcheck disable=SC2046 # a number each
  kill $(jobs -p) "$follower" 2>/dev/null || true
}

run_step "$@"
