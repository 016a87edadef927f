# shellcheck shell=bash
# Makes a checkout ready to run: the parts, Node, npm's packages. Sourced by scripts/mf and scripts/test.
#
# Idempotent: looks first. The packages count as stale when the lockfile is newer than what npm
# wrote when it last installed. Two commands at once wait for each other at the lockfile.
: "${checkout:?is set by whoever sources this}"

# shellcheck source=provision/find-node.sh
source "$checkout/provision/find-node.sh"

# prepare [--tests]
prepare() {
  bash "$checkout/provision/all.sh" --check "$@" >/dev/null || bash "$checkout/provision/all.sh" "$@"
  stale_packages || return 0
  local lock
  exec {lock}<"$checkout/package-lock.json"
  flock "$lock"
  ! stale_packages || install_packages
  exec {lock}<&-
}

stale_packages() {
  local installed=$checkout/node_modules/.package-lock.json
  [[ ! -f $installed || $checkout/package-lock.json -nt $installed ]]
}

install_packages() {
  local started=$SECONDS node
  node=$(find_node "$checkout")
  (cd "$checkout" && PATH=${node%/*}:$PATH npm ci --no-audit --no-fund --loglevel=error)
  printf '→ npm packages · installed after %s s\n' "$((SECONDS - started))"
}
