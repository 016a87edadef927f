#!/usr/bin/env bash
# Starts the stack's Consul. Where its data is gone, opens the services' accounts again as soon as it has
# a leader: the services then register by themselves, and nobody has to notice.
#
# Usage: start-consul.sh CONSUL FOLDER     (consul.json is in FOLDER; the data goes to FOLDER/data)
#
# FOLDER/accounts.curl has the requests that open them (accounts/consul-acl.ts); at the very first start
# there is none. Consul takes this process's place in the end, so that signals reach it.
set -euo pipefail

consul=$1
folder=$2
tries=150

main() {
  # In a subshell that ends at once: the child is then nobody's, and Consul has none to look after.
  if [[ -f $folder/accounts.curl && ! -e $folder/data/raft ]]; then (reopen &) fi
  exec "$consul" agent "-config-file=$folder/consul.json"
}

# The first of the requests fails, and ends it, until there is a leader.
reopen() {
  local try
  for ((try = 0; try < tries; try++)); do
    if curl --disable --fail-early --config "$folder/accounts.curl"; then return; fi
    sleep 0.2
  done
  echo 'start-consul.sh: the accounts could not be opened again' >&2
}

main "$@"
