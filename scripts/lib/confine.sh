#!/usr/bin/env bash
# Starts a program that sees no more of the stack and the checkout than it needs. Every program of a
# stack is started through this, by supervisord.
#
# Usage: confine.sh --user USER [--hide PATH]... [--show PATH]... [--show-writable PATH]... -- COMMAND...
#
# As root: in a mount namespace of its own each hidden path is covered by an empty folder, into which
# what is shown is mounted back at its own place; then COMMAND runs as USER, without new privileges.
# Where a folder above is closed to USER (a checkout below /root, say), that folder is covered instead:
# nothing below it could be reached otherwise. As anybody else: COMMAND runs as you, and sees what you see.
#
# Every step is an `exec`, so the program keeps the pid that supervisord knows, and gets its SIGTERM.
# (Rejected: bubblewrap, whose parent process stays and swallows it.)
# Idempotent: nothing outside the new namespace is changed.
set -euo pipefail
umask 022

user=
hidden=()
shown=()
declare -A writable=()
command=()

main() {
  if ((EUID == 0)) && [[ ${1:-} != --inside ]]; then
    exec unshare --mount -- bash "$0" --inside "$@"
  fi
  parse "$@"
  # The folder it was started in may be one of the hidden ones.
  cd /
  ((EUID == 0)) || exec "${command[@]}"
  cover_all
  exec setpriv --reuid="$user" --regid="$(id -g -- "$user")" --clear-groups --no-new-privs -- "${command[@]}"
}

parse() {
  while (($# > 0)); do
    case $1 in
    --inside) shift && continue ;;
    --user) user=$2 ;;
    --hide) hidden+=("$(realpath -e -- "$2")") ;;
    --show) shown+=("$(realpath -e -- "$2")") ;;
    --show-writable)
      shown+=("$(realpath -e -- "$2")")
      writable[${shown[-1]}]=yes
      ;;
    --)
      command=("${@:2}")
      break
      ;;
    *) refuse "unknown option '$1'" ;;
    esac
    shift 2
  done
  [[ $user ]] || refuse 'no --user'
  ((${#command[@]} > 0)) || refuse 'no command after --'
}

cover_all() {
  local path cover covered=/dev/null
  while read -r cover; do
    [[ $cover/ != "$covered"/* ]] || continue
    covered=$cover
    cover_one "$cover"
  done < <(covers | sort -u)
}

# What has to be covered: the hidden paths, or the closed folders above them and above what is shown.
covers() {
  local path
  for path in "${hidden[@]}"; do closed_above "$path" || echo "$path"; done
  for path in "${shown[@]}"; do closed_above "$path" || true; done
}

# closed_above PATH: prints the topmost folder above it that USER may not pass; fails where there is none.
closed_above() {
  local folder=$1 above=()
  while folder=${folder%/*} && [[ $folder ]]; do above=("$folder" "${above[@]}"); done
  ((${#above[@]} > 0)) || return 1
  stat -c '%A %U %n' -- "${above[@]}" | awk -v user="$user" '
    $1 !~ /[xt]$/ && $2 != user { sub(/^[^ ]+ [^ ]+ /, ""); print; found = 1; exit }
    END { exit !found }'
}

# Built aside and moved into place, as what is shown can no longer be seen once it is covered.
cover_one() {
  # Always the same folder: what is mounted there is seen by nobody else, and a kill leaves no trace.
  local stage=/run/microflack path
  mkdir -p "$stage"
  mount -t tmpfs -o mode=755,size=1m microflack "$stage"
  while read -r path; do
    [[ $path != "$1"/* ]] || show "$path" "$stage${path#"$1"}"
  done < <(printf '%s\n' "${shown[@]}" | sort -u)
  mount --move "$stage" "$1"
  mount -o remount,ro "$1"
}

# show PATH PLACE
show() {
  if [[ ! -e $2 ]]; then
    if [[ -d $1 ]]; then mkdir -p "$2"; else mkdir -p "${2%/*}" && : >"$2"; fi
  fi
  mount -o "bind,$([[ ${writable[$1]:-} ]] && echo rw || echo ro)" -- "$1" "$2"
}

refuse() {
  printf 'confine.sh: %s\nusage: confine.sh %s\n' "$1" \
    '--user USER [--hide PATH]... [--show PATH]... [--show-writable PATH]... -- COMMAND...' >&2
  exit 2
}

main "$@"
