#!/usr/bin/env bash
# Copies the checkout that this file is in to the machine's own disk, where it runs.
#
# Usage: code.sh [--check | --dry-run]
# Idempotent: compares contents, so a file that is the same keeps its time, and npm's packages stay
# fresh. Owners and modes of a folder shared with a laptop mean nothing: here all is root's, readable
# by everybody, and what begins with #! can be executed.
set -euo pipefail

step=code
# shellcheck source=provision/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=provision/machine/places.sh
source "$provision_dir/machine/places.sh"

options=(--recursive --links --checksum --delete '--chmod=D755,F644')
# What a laptop keeps beside the code is for that laptop.
left_out=(/.git node_modules /.stack /.runtime /.vagrant .cache dist .vitest '*.box' '*.log')
not_history=(/config /hooks /index /logs /modules /worktrees '*.lock' /FETCH_HEAD /ORIG_HEAD /branches /description /info)

missing() {
  [[ $checkout != "$copy" ]] || return 0
  if [[ ! -d $copy/provision ]]; then
    echo code
  elif [[ $(files --dry-run --itemize-changes) || $(not_executable) ]]; then
    echo 'what has changed'
  elif [[ $(history --dry-run --itemize-changes) ]]; then
    echo history
  fi
}

there() { echo "at $copy"; }

install() {
  umask 022
  mkdir -p "$copy"
  ln -sfnT "$checkout" "$origin"
  quietly 'copying the code' files
  quietly 'copying its history' history
  [[ ! -d $copy/.git ]] || quietly 'reading its history' as_history
  not_executable | tr '\n' '\0' | xargs -0r chmod 755
}

files() {
  rsync "${options[@]}" "${left_out[@]/#/--exclude=}" "$@" "$checkout/" "$copy/"
}

# For `mf run SERVICE VERSION COMMIT`: commits alone. Git's settings may name a remote with a password in
# it, its hooks are for people, and what it notes about files is another thing in each place.
history() {
  [[ -d $checkout/.git ]] || return 0
  # A release of uncommitted code leaves objects of its own there; and git touches what it has already.
  rsync "${options[@]}" --filter='protect /objects/**' "${not_history[@]/#/--exclude=}" "$@" \
    "$checkout/.git/" "$copy/.git/"
}

as_history() {
  git -C "$copy" init --quiet --template= && git -C "$copy" read-tree HEAD
}

not_executable() {
  find "$copy" \( -name node_modules -o -name .git \) -prune -o -type f ! -perm -100 -print0 |
    xargs -0r awk 'FNR == 1 { if (/^#!/) print FILENAME; nextfile }'
}

run_step "$@"
