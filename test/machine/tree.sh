#!/usr/bin/env bash
# Makes a bare Debian as a folder: what a Vagrant box has, and nothing of ours. Tests of whole
# machines boot it (machine.ts), or turn it into a box (test/vm/).
#
# Usage: tree.sh SUITE FOLDER      (SUITE: trixie, bookworm) prints nothing; the folder appears in one rename, complete
# Idempotent: does nothing where the folder is there. Packages come from the mirror in the machine's
# own apt sources, and the tree keeps that mirror as its own.
set -euo pipefail

packages=systemd,systemd-sysv,systemd-resolved,libpam-systemd,dbus,udev,kmod,openssh-server,sudo,rsync
packages+=,ca-certificates,iproute2,iputils-ping,netbase,curl,tzdata,procps,locales
key=/usr/share/keyrings/debian-archive-keyring.gpg

main() {
  suite=${1:?usage: tree.sh SUITE FOLDER}
  local folder=${2:?usage: tree.sh SUITE FOLDER} partial
  [[ ! -d $folder ]] || return 0
  partial=$folder.partial
  rm -rf "$partial"
  mkdir -p "$partial"
  debootstrap --keyring="$key" --variant=minbase --include="$packages" \
    "$suite" "$partial" "$(mirror Debian)" >"$folder.log" 2>&1 || {
    tail -n 5 "$folder.log" >&2
    exit 1
  }
  sources >"$partial/etc/apt/sources.list.d/debian.sources"
  rm -f "$partial/etc/apt/sources.list"
  # What every box of Vagrant's has.
  chroot "$partial" useradd --create-home --shell /bin/bash vagrant
  echo 'vagrant ALL=(ALL) NOPASSWD:ALL' >"$partial/etc/sudoers.d/vagrant"
  # What a box's packager does: whoever boots it gets an id and keys of their own.
  : >"$partial/etc/machine-id"
  rm -f "$partial"/etc/ssh/ssh_host_*_key* "$partial"/var/cache/apt/archives/*.deb
  mv "$partial" "$folder"
}

# mirror LABEL: where this machine has the archive of that name from.
mirror() {
  # shellcheck disable=SC2016 # apt's placeholders
  apt-get indextargets --format '$(LABEL)|$(REPO_URI)' 'Created-By: Packages' |
    awk -F '|' -v label="$1" '$1 == label { print $2; exit }' | grep .
}

sources() {
  local form='Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n\n' security
  # shellcheck disable=SC2059 # the form is ours
  printf "$form" "$(mirror Debian)" "$suite $suite-updates" "$key"
  security=$(mirror Debian-Security) || return 0
  # shellcheck disable=SC2059
  printf "$form" "$security" "$suite-security" "$key"
}

main "$@"
