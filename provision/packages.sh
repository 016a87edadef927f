#!/usr/bin/env bash
# Installs Debian's packages that a stack runs on: HAProxy, MariaDB with Galera, Redis, supervisor
# and the small tools around them.
#
# Usage: packages.sh [--check | --dry-run]
# Idempotent: looks for each program, and installs the packages of those that are not there.
set -euo pipefail

step=packages
# shellcheck source=provision/programs.sh
source "$(dirname "${BASH_SOURCE[0]}")/programs.sh"
# shellcheck source=provision/find-node.sh
source "$provision_dir/find-node.sh"

# wsrep_sst_mariabackup, mariadb-backup and socat are what a second Galera node is filled with.
programs=(
  haproxy:haproxy
  wsrep_sst_mariabackup:mariadb-server
  mariadb-backup:mariadb-backup
  /usr/lib/galera/libgalera_smm.so:galera-4
  redis-server:redis-server
  supervisord:supervisor
  socat:socat
  curl:curl
  unshare:util-linux
  ip:iproute2
)

# Debian's npm is wanted for one download: that of the Node which the stack uses (node.sh).
if ! find_node "$checkout" >/dev/null; then programs+=(npm:npm); fi

run_step "$@"
