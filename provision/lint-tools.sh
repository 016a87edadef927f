#!/usr/bin/env bash
# Installs what tests check our shell scripts with. Only tests need it.
#
# Usage: lint-tools.sh [--check | --dry-run]
# Idempotent: looks for each program, and installs the packages of those that are not there.
set -euo pipefail

step=lint-tools
# shellcheck source=provision/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=provision/apt.sh
source "$provision_dir/apt.sh"

programs=(shellcheck:shellcheck shfmt:shfmt)

missing() { missing_packages "${programs[@]}"; }

there() { echo 'all there'; }

install() {
  local packages
  mapfile -t packages < <(missing)
  apt_install "${packages[@]}"
}

run_step "$@"
