#!/usr/bin/env bash
# Installs Consul: takes one that is there, else the one in the machine's apt sources (HashiCorp's
# repository, where somebody has added it), else Debian's own last package, of the machine's mirror.
#
# Usage: consul.sh [--check | --dry-run]
# Idempotent: changes nothing where there is a `consul`. Debian's package is of a suite (bullseye)
# that the machine does not follow: apt reads that suite into a folder of its own, pinned to this
# one package and checked against the archive's signature, and forgets it afterwards. So the
# package's dependencies come from the machine's own suite, and nothing else ever from the old one.
set -euo pipefail

step=consul
# shellcheck source=provision/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=provision/apt.sh
source "$provision_dir/apt.sh"
# shellcheck source=provision/versions.sh
source "$provision_dir/versions.sh"

debian_key=/usr/share/keyrings/debian-archive-keyring.gpg

missing() { missing_packages consul:consul; }

there() { consul version | head -n 1; }

install() {
  # shellcheck source=/dev/null # the machine's own description
  codename=$(source /etc/os-release && echo "${VERSION_CODENAME:-}")
  if in_sources; then apt_install consul; else install_debians; fi
}

in_sources() {
  update_lists
  [[ -n $(apt-cache madison consul 2>/dev/null) ]]
}

install_debians() {
  local uri
  uri=$(debian_mirror)
  [[ $uri ]] || fail "no Debian mirror for $codename among apt's sources" 'apt-get update, and see what it says'
  folder=$(mktemp -d)
  at_end+=(remove_folder)
  fetch_debians "$uri" "$folder"
  apt_install "$folder"/*.deb
}

remove_folder() { rm -rf "$folder"; }

# apt knows its sources in every format that they can be written in.
debian_mirror() {
  # shellcheck disable=SC2016 # apt's placeholders
  apt-get indextargets --format '$(CODENAME) $(LABEL) $(REPO_URI)' 'Created-By: Packages' |
    awk -v wanted="$codename Debian" '$1 " " $2 == wanted { print $3; exit }'
}

# fetch_debians MIRROR FOLDER: leaves one .deb there, which apt has checked.
fetch_debians() {
  mkdir -p "$2/sources" "$2/preferences" "$2/lists"
  apt_source "$1" "$consul_debian_suite" "$debian_key" >"$2/sources/old.sources"
  printf 'Package: %s\nPin: %s\nPin-Priority: %s\n\n' \
    '*' "release n=$consul_debian_suite" -1 \
    consul "version $consul_debian_version" 500 >"$2/preferences/consul"
  chmod -R a+rX "$2"
  local view=(-o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$2/sources"
    -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts="$2/preferences"
    -o Dir::State::Lists="$2/lists" -o Acquire::Languages=none)
  quietly "reading $consul_debian_suite of $1" apt_get "${view[@]}" -o APT::Update::Error-Mode=any update
  chown _apt "$2"
  (cd "$2" && quietly "fetching Consul from $consul_debian_suite of $1" apt_get "${view[@]}" download consul)
}

# apt_source URI SUITE KEY
apt_source() {
  printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n' "$@"
}

run_step "$@"
