#!/usr/bin/env bash
# Installs what `npm run test:machine` boots a bare Debian with, and what reads the Vagrantfile. Only
# that test needs it.
#
# Usage: machines.sh [--check | --dry-run]
# Idempotent: looks for each program, and installs the packages of those that are not there.
set -euo pipefail

step=machines
# shellcheck source=provision/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=provision/apt.sh
source "$provision_dir/apt.sh"

programs=(
  systemd-nspawn:systemd-container
  debootstrap:debootstrap
  nft:nftables
  rsync:rsync
  ruby:ruby
  vagrant:vagrant
  /usr/share/vagrant-plugins/plugins.d/vagrant-libvirt.json:vagrant-libvirt
)

missing() { missing_packages "${programs[@]}"; }

there() { echo 'all there'; }

install() {
  local packages
  mapfile -t packages < <(missing)
  apt_install "${packages[@]}"
}

run_step "$@"
