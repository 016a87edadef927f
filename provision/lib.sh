# shellcheck shell=bash
# The frame around every provisioning step: check first, change only what is missing, print one line.
#
# A step's file sources this one, sets `step` (its name), defines
#   missing   prints what is missing, one word a line; nothing where all is there
#   there     prints in a few words what is there
#   install   puts there what is missing, as root (or as anybody, where needs_root=no)
# and ends with `run_step "$@"`. As `missing` is asked before and after, a step that was killed
# anywhere can be run again, and a step that says it is done is done.
#
# Usage of every step: STEP.sh [--check | --dry-run]
#   --check     print what is missing; exit 1 where there is anything
#   --dry-run   say what would be done, and do nothing

provision_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034 # read by the steps
checkout=${provision_dir%/*}
needs_root=yes
usage='[--check | --dry-run]'
: "${step:?is set by the step}"

# An ordinary user's PATH may lack the folders where Debian keeps daemons.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
# What went wrong is known by its words (cause_in), whatever language is spoken here.
export LC_ALL=C.UTF-8

# What a network needs and sudo would drop. It is handed on; none of it is stored.
network_settings=(http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY
  NODE_EXTRA_CA_CERTS SSL_CERT_FILE CURL_CA_BUNDLE npm_config_registry MF_PROGRESS MF_NEXT)

# Functions to call when the step ends, however it ends.
at_end=()
trap leave EXIT

run_step() {
  local mode=${1:-} started=$EPOCHREALTIME wanted
  [[ $mode =~ ^(|--check|--dry-run)$ ]] || usage_error "$mode"
  wanted=$(missing)
  if [[ -z $wanted ]]; then
    [[ $mode == --check ]] || say "$step · $(there)"
  elif [[ $mode == --check ]]; then
    printf '%s\n' "$wanted"
    exit 1
  elif [[ $mode == --dry-run ]]; then
    say "$step · would install $(in_words "$wanted")"
  else
    change "$wanted"
    say "$step · $(there) · installed $(in_words "$wanted") after $(seconds_since "$started") s"
  fi
}

change() {
  [[ $needs_root == no || $EUID -eq 0 ]] || become_root "$1"
  say "$step · installing $(in_words "$1") …"
  install
  local left
  left=$(missing)
  [[ -z $left ]] || fail "still missing after the installation: $(in_words "$left")"
}

leave() {
  local call
  for call in "${at_end[@]}"; do "$call"; done
}

# Starts this very step again as root, or says who has to.
become_root() {
  sudo_works || fail "missing: $(in_words "$1")" "as root: bash $0"
  local name handed_on=()
  for name in "${network_settings[@]}"; do
    [[ -z ${!name:-} ]] || handed_on+=("$name=${!name}")
  done
  exec sudo env "${handed_on[@]}" bash "$0"
}

sudo_works() {
  command -v sudo >/dev/null || return 1
  sudo -n true 2>/dev/null || { [[ -t 0 && -t 2 ]] && sudo -v; }
}

# quietly WHAT COMMAND...
# Runs a command without its output, the end of which is shown where it fails.
quietly() {
  local log
  log=$(mktemp)
  if "${@:2}" >"$log" 2>&1 </dev/null; then
    rm -f "$log"
    return
  fi
  local cause
  cause=$(cause_in "$log")
  grep -v '^$' "$log" | tail -n 12 | sed 's/^/    /' >&2
  rm -f "$log"
  fail "$1 failed${cause:+: $cause}"
}

# again WHAT COMMAND...
# For what comes over a network: up to three times. What was fetched already is not fetched again.
again() {
  local try
  for try in 1 2; do
    (quietly "$@") 2>/dev/null && return
    say "$step · $1 failed, and is tried again in $((try * 5)) s"
    sleep $((try * 5))
  done
  quietly "$@"
}

# What people run into, in the words of the programs that ran into it.
cause_in() {
  local text
  text=$(tail -n 40 "$1")
  case $text in
  *'No space left'* | *ENOSPC*) echo 'the disk is full' ;;
  *'Temporary failure resolving'* | *'Could not resolve'* | *EAI_AGAIN* | *ENOTFOUND*)
    echo 'names are not resolved here; is there a network, and no VPN in its way?'
    ;;
  *'ertificate verif'* | *'self-signed certificate'* | *SELF_SIGNED* | *UNABLE_TO_* | *CERT_*)
    echo 'a certificate is not known here; NODE_EXTRA_CA_CERTS=FILE names your own authority'
    ;;
  *'Could not connect'* | *'Connection timed out'* | *ECONNREFUSED* | *ETIMEDOUT* | *'Proxy Auth'*)
    echo 'the network does not let it through; https_proxy=URL names a proxy'
    ;;
  *'is not valid yet'*) echo "this machine's clock is wrong" ;;
  *'Could not get lock'* | *'was locked by'*) echo 'another program installs packages just now' ;;
  esac
}

say() { printf '→ %s%s\n' "${MF_PROGRESS:+$MF_PROGRESS · }" "$*"; }

# same FILE FILE: whether both are there and alike.
same() { cmp --silent -- "$1" "$2"; }

# put MODE FILE PLACE: complete from the first moment that anybody can see it.
put() {
  mkdir -p "${3%/*}"
  command install -m "$1" -T -- "$2" "$3.new"
  mv -T -- "$3.new" "$3"
}

# fail WHY [NEXT COMMAND]
fail() {
  printf '✗ %s · %s\n' "$step" "$1" >&2
  printf '  next: %s\n' "${2:-${MF_NEXT:-bash $0}, once that is put right}" >&2
  exit 1
}

usage_error() {
  printf 'usage: %s %s (got %s)\n' "${0##*/}" "$usage" "$1" >&2
  exit 2
}

in_words() { echo "${1//$'\n'/, }"; }

seconds_since() {
  local tenths=$(((${EPOCHREALTIME/[.,]/} - ${1/[.,]/}) / 100000))
  echo "$((tenths / 10)).$((tenths % 10))"
}
