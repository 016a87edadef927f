#!/usr/bin/env bash
# Installs npm's packages for the code that runs, on the machine's own disk.
#
# Usage: modules.sh [--check | --dry-run]
# Idempotent: looks whether they are those of the lockfile (scripts/lib/prepare.sh, as `mf up` does).
set -euo pipefail

step=modules
# shellcheck source=provision/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/lib/prepare.sh
source "$checkout/scripts/lib/prepare.sh"

missing() { ! stale_packages || echo "npm's packages"; }

there() { echo 'those of the lockfile'; }

# npm keeps what it has fetched, so another try goes on from there.
install() {
  node=$(find_node "$checkout")
  again "installing npm's packages" npm_ci
}

npm_ci() {
  (cd "$checkout" && PATH=${node%/*}:$PATH npm ci --no-audit --no-fund --loglevel=error)
}

run_step "$@"
