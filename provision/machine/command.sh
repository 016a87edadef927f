#!/usr/bin/env bash
# Puts `mf` on everybody's PATH, with completion in bash.
#
# Usage: command.sh [--check | --dry-run]
# Idempotent: compares the files, and writes those that differ.
set -euo pipefail

step='command'
# shellcheck source=provision/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=provision/machine/places.sh
source "$provision_dir/machine/places.sh"

completion=/usr/share/bash-completion/completions/mf

missing() {
  same "$provision_dir/machine/mf" "$command" || echo mf
  same "$provision_dir/machine/completion.bash" "$completion" || echo completion
}

there() { echo "$command"; }

install() {
  put 755 "$provision_dir/machine/mf" "$command"
  put 644 "$provision_dir/machine/completion.bash" "$completion"
}

run_step "$@"
