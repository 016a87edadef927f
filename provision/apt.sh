# shellcheck shell=bash
# Debian packages for the steps: what is missing, and its installation without a running daemon left behind.
#
# The stack starts its own Consul, MariaDB, Redis and HAProxy. Installing Debian's packages of them
# would start a second set, on the ports that everybody knows. So services are held while packages
# are installed, and their units are switched off where the package was not there before; a MariaDB
# that the machine had already is somebody's, and is left as it is.
#
# Idempotent and safe to kill: the names of new packages are noted in a file before anything is
# installed and struck off when their units are off. As long as a name stands there, it is missing.

unfinished=/var/lib/microflack-provision/unfinished
policy=/usr/sbin/policy-rc.d
policy_mark='# by MicroFlack provision/apt.sh, only while it installs packages'
is_locked='(Could not get|Unable to acquire the dpkg frontend) lock|lock was locked by'
certificates=(${SSL_CERT_FILE:+-o "Acquire::https::CaInfo=$SSL_CERT_FILE"})

# missing_packages PROGRAM:PACKAGE...
# Prints each package whose program (a name on the PATH, or a file's path) is not there.
missing_packages() {
  local pair
  {
    for pair in "$@"; do
      command -v "${pair%%:*}" >/dev/null || [[ -f ${pair%%:*} ]] || echo "${pair##*:}"
    done
    for pair in "$@"; do
      ! noted "${pair##*:}" || echo "${pair##*:}"
    done
  } | sort -u
}

noted() { [[ -f $unfinished ]] && grep -qxF -- "$1" "$unfinished"; }

# apt_install PACKAGE|FILE.deb...
apt_install() {
  command -v apt-get >/dev/null ||
    fail 'this machine has no apt-get' 'install by hand what is missing, or use Debian 12 or 13'
  local names=("${@##*/}")
  names=("${names[@]%%_*}")
  again 'reaching an archive of packages' reach_an_archive
  note_new "${names[@]}"
  hold_services
  quietly 'finishing earlier installations' once_unlocked dpkg --configure -a
  update_lists
  quietly "installing ${names[*]}" apt_get install --no-install-recommends -- "$@"
  release_services
  switch_off "${names[@]}"
}

# A network that is not there is told soon: apt by itself tries every index of every archive, for minutes.
# One that answers is enough; where all are on a disk, no network is wanted.
reach_an_archive() {
  local file folder result=0
  folder=$(mktemp -d)
  for file in $(a_file_of_each_archive); do
    timeout 30 /usr/lib/apt/apt-helper -o Acquire::Retries=0 -o Acquire::http::Timeout=15 \
      "${certificates[@]}" download-file "$file" "$folder/file" && result=0 && break
    result=1
  done
  rm -rf "$folder"
  return "$result"
}

# a_file_of_each_archive: of each host that serves one, since it is hosts that are out of reach.
a_file_of_each_archive() {
  # shellcheck disable=SC2016 # apt's placeholders
  apt-get indextargets --format '$(REPO_URI)dists/$(RELEASE)/InRelease' 'Created-By: Packages' |
    awk -F / '/^https?:/ && !seen[$3]++'
}

# A stranger's broken repository is no reason to stop: whether it mattered, the installation shows.
update_lists() { apt_get update >/dev/null 2>&1 || true; }

# What was fetched before a kill or a broken line is not fetched again: apt keeps it, and goes on.
apt_get() {
  DEBIAN_FRONTEND=noninteractive once_unlocked apt-get -q -y -o Acquire::Retries=3 "${certificates[@]}" \
    -o Dpkg::Options::=--force-confold "$@"
}

# once_unlocked COMMAND...
# Runs it again, for two minutes, as long as another program holds one of the locks: a machine that was just
# made updates itself. apt can wait by itself for one of its locks, and has three.
once_unlocked() {
  local started=$SECONDS text result
  while true; do
    result=0
    text=$("$@" 2>&1) || result=$?
    if ((result == 0 || SECONDS - started >= 120)) || ! grep -qE "$is_locked" <<<"$text"; then break; fi
    sleep 2
  done
  printf '%s\n' "$text"
  return "$result"
}

note_new() {
  local name
  mkdir -p "${unfinished%/*}"
  for name in "$@"; do
    noted "$name" || dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null | grep -qx installed ||
      echo "$name" >>"$unfinished"
  done
}

# A policy of the machine's own stays; one of ours that a killed run left is taken over.
hold_services() {
  [[ ! -e $policy ]] || grep -qxF "$policy_mark" "$policy" || return 0
  at_end+=(release_services)
  printf '#!/bin/sh\n%s\nexit 101\n' "$policy_mark" >"$policy"
  chmod 755 "$policy"
}

release_services() {
  if [[ -e $policy ]] && grep -qxF "$policy_mark" "$policy"; then rm -f "$policy"; fi
}

# Units of the packages that we brought stay off at the next boot too.
switch_off() {
  local name units
  for name in "$@"; do
    noted "$name" || continue
    units=$(dpkg -L "$name" | grep -oE '[^/@]+\.service$' | sort -u || true)
    if [[ $units ]] && command -v systemctl >/dev/null; then
      # shellcheck disable=SC2086 # a list of unit names
      quietly 'switching off services' systemctl disable $units
    fi
    sed -i "/^$name\$/d" "$unfinished"
  done
}
