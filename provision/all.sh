#!/usr/bin/env bash
# Installs everything a stack needs on a Debian 12 or 13, one step after another.
#
# Usage: all.sh [--check | --dry-run] [--tests]
#   --tests   also what only tests need: a browser, and the linters of shell scripts
# Idempotent: each step looks first (lib.sh), and where nothing is missing nothing is changed.
# As root, or with sudo. Without either it passes where everything is there, and says what is missing
# and who can put it there where not.
set -euo pipefail

step=provision
# shellcheck source=provision/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# shellcheck disable=SC2034 # read by lib.sh
usage='[--check | --dry-run] [--tests]'
steps=(packages consul users node)

main() {
  local mode=() name
  for name in "$@"; do
    case $name in
    --tests) steps+=(browser lint-tools) ;;
    --check | --dry-run) mode=("$name") ;;
    *) usage_error "$name" ;;
    esac
  done
  [[ ${mode[*]} ]] || refuse_what_needs_root "$@"

  local result=0
  for name in "${steps[@]}"; do
    bash "$provision_dir/$name.sh" "${mode[@]}" || result=1
    [[ $result == 0 || ${mode[*]} == --check ]] || exit 1
  done
  exit "$result"
}

# One line for all that is missing, before anything is begun, rather than a failure at each step.
refuse_what_needs_root() {
  ((EUID != 0)) && ! sudo_works || return 0
  local name wanted
  wanted=$(for name in "${steps[@]}"; do
    [[ $name == node ]] || bash "$provision_dir/$name.sh" --check || true
  done)
  [[ -z $wanted ]] || fail "missing: $(in_words "$wanted")" "as root: bash $provision_dir/all.sh${*:+ $*}"
}

main "$@"
