#!/usr/bin/env bash
# Makes the unix users that a stack's programs run as: one for each part and for each service.
#
# Usage: users.sh [--check | --dry-run | SERVICE]
# SERVICE is one more, which is not in this checkout: of another commit.
# Only root can run programs as other users, so for anybody else there is nothing to do here.
# Idempotent: makes the users that are not there, and never changes one that is.
set -euo pipefail

step=users
# shellcheck source=provision/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# HAProxy runs as lb's user: the two share HAProxy's configuration and its sockets.
names() {
  local folder
  {
    printf 'mf-%s\n' consul mariadb redis ${also:+"$also"}
    for folder in "$checkout"/services/*/; do
      echo "mf-$(basename "$folder")"
    done
  } | sort -u
}

missing() {
  ((EUID == 0)) || return 0
  local name
  for name in $(names); do
    getent passwd "$name" >/dev/null || echo "$name"
  done
}

there() {
  if ((EUID == 0)); then echo "all $(names | wc -l) there"; else echo 'not needed: programs run as you'; fi
}

install() {
  local name
  for name in $(missing); do
    quietly "making the user $name" useradd --system --user-group --no-create-home --home-dir /nonexistent \
      --shell /usr/sbin/nologin "$name"
  done
}

also=
if [[ ${1:-} == [a-z]* ]]; then also=$1 && shift; fi
run_step "$@"
