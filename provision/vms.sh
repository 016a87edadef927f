#!/usr/bin/env bash
# Installs what `npm run test:vm` runs a virtual machine with: libvirt and QEMU, beside machines.sh. Only
# that test needs it.
#
# Usage: vms.sh [--check | --dry-run]
# Idempotent: looks for each program, and installs the packages of those that are not there.
set -euo pipefail

step=vms
# shellcheck source=provision/programs.sh
source "$(dirname "${BASH_SOURCE[0]}")/programs.sh"

programs=(
  libvirtd:libvirt-daemon-system
  qemu-system-x86_64:qemu-system-x86
  qemu-img:qemu-utils
  dnsmasq:dnsmasq-base
  sfdisk:fdisk
)

run_step "$@"
