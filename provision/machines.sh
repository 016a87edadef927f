#!/usr/bin/env bash
# Installs what `npm run test:machine` boots a bare Debian with, and what reads the Vagrantfile. Only
# that test needs it.
#
# Usage: machines.sh [--check | --dry-run]
# Idempotent: looks for each program, and installs the packages of those that are not there.
set -euo pipefail

step=machines
# shellcheck source=provision/programs.sh
source "$(dirname "${BASH_SOURCE[0]}")/programs.sh"

programs=(
  systemd-nspawn:systemd-container
  debootstrap:debootstrap
  nft:nftables
  rsync:rsync
  ruby:ruby
  tinyproxy:tinyproxy
  vagrant:vagrant
  /usr/share/vagrant-plugins/plugins.d/vagrant-libvirt.json:vagrant-libvirt
)

run_step "$@"
