# shellcheck shell=bash
# Finds the Node that the project runs on. Sourced by scripts/mf and by provisioning; installs nothing.

# shellcheck source=provision/versions.sh
source "$(dirname "${BASH_SOURCE[0]}")/versions.sh"

# find_node CHECKOUT: prints the path of the pinned Node where it is installed, else of the machine's own
# where that is new enough; fails where there is neither.
find_node() {
  local candidate
  for candidate in /opt/microflack "$1/.runtime"; do
    candidate=$candidate/node-$node_version/bin/node
    if [[ -x $candidate ]]; then
      echo "$candidate"
      return
    fi
  done
  candidate=$(type -P node) && new_enough "$candidate" && for_everybody "$candidate" && echo "$candidate"
}

new_enough() {
  local version
  version=$("$1" --version) && version=${version#v} && ((${version%%.*} >= node_oldest_major))
}

# A stack that root starts runs its programs as users of their own: a Node in root's home is no use to them.
for_everybody() {
  ((EUID != 0)) || setpriv --reuid=65534 --regid=65534 --clear-groups test -x "$(realpath "$1")"
}
