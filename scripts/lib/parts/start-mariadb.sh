#!/usr/bin/env bash
# Starts the stack's MariaDB node, whatever state its data folder is in. supervisord runs this at the
# first start and after every death, so nobody has to decide anything in between.
#
# Usage: start-mariadb.sh FOLDER      (my.cnf and first.sql are there; the data goes to FOLDER/data/node)
#
# - No data yet: the data folder is made aside and appears in one rename.
# - After a crash the node's last position is not in its state file: InnoDB is asked for it.
# - Galera notes whether this node may begin the cluster anew: it may while it has been alone. One
#   that had peers must not, as the others may have gone on without it: it joins them, or, where
#   my.cnf names nobody to join, stops and says so.
#
# MariaDB takes this process's place in the end, so that signals reach it.
set -euo pipefail
umask 077

folder=$1
data=$folder/data/node
state=$data/grastate.dat
server=(mariadbd "--defaults-file=$folder/my.cnf")
PATH=$PATH:/usr/sbin

main() {
  [[ -d $data ]] || make_data
  local options=() last
  if [[ -f $state ]]; then
    last=$(position)
    options+=("--wsrep_start_position=$last")
  fi
  if may_begin; then options+=(--wsrep-new-cluster); fi
  # mariadbd closes its standard input. Without another reader supervisord, at the other end of that
  # pipe, would from then on be woken by its error all the time (seen: half a core).
  exec 3<&0
  exec "${server[@]}" "${options[@]}"
}

# Relative names: mariadb-install-db splits a path at its spaces. In a temporary folder of this stack's own:
# whoever else starts a server in /tmp just now deletes this one's tables there.
make_data() {
  cd "${data%/*}"
  # An attempt that was ended may still write for a moment: each has a folder of its own.
  local aside=unfinished.$$ log=install.log
  rm -rf unfinished.* || true
  TMPDIR=$PWD mariadb-install-db --no-defaults --datadir="./$aside" --extra-file=../first.sql \
    --auth-root-authentication-method=socket --skip-test-db --skip-name-resolve >"$log" 2>&1 ||
    stop "mariadb-install-db failed: $(grep -m 3 ERROR "$log" || tail -n 5 "$log")"
  mv -T "$aside" "$data"
  cd /
}

# A state file of an orderly stop says uuid:seqno; of a crash uuid:-1.
position() {
  local uuid seqno recovered
  uuid=$(awk '$1 == "uuid:" { print $2 }' "$state")
  seqno=$(awk '$1 == "seqno:" { print $2 }' "$state")
  if ((seqno >= 0)); then
    echo "$uuid:$seqno"
    return
  fi
  recovered=$("${server[@]}" --wsrep-recover --disable-log-error 2>&1 |
    sed -n 's/.*Recovered position:* *//p' | tail -n 1)
  [[ $recovered ]] || stop 'mariadbd --wsrep-recover found no position'
  echo "$recovered"
}

may_begin() {
  ! grep -qE '^ *wsrep_cluster_address *= *gcomm://[^ ]' "$folder/my.cnf" || return 1
  [[ ! -f $state ]] || grep -qx 'safe_to_bootstrap: 1' "$state" ||
    stop 'this node had peers and may not begin a cluster without them; my.cnf names none to join'
}

stop() {
  printf 'start-mariadb.sh: %s\n' "$1" >&2
  # supervisord tries again the moment this ends.
  sleep 1
  exit 1
}

main "$@"
