#!/usr/bin/env bash
# Installs what a machine of its own needs beside a stack: to copy the code (rsync), to build a
# release of a commit (git), to complete `mf` on a TAB, and to set the clock after a laptop has slept.
#
# Usage: tools.sh [--check | --dry-run]
# Idempotent: looks for each program, and installs the packages of those that are not there.
set -euo pipefail

step=tools
# shellcheck source=provision/programs.sh
source "$(dirname "${BASH_SOURCE[0]}")/../programs.sh"

programs=(
  rsync:rsync
  git:git
  curl:curl
  /usr/share/bash-completion/bash_completion:bash-completion
)

# Any other keeper of the time will do as well.
if ! command -v chronyd ntpd >/dev/null; then
  programs+=(/usr/lib/systemd/systemd-timesyncd:systemd-timesyncd)
fi

install() {
  install_programs
  # It is no service of a stack's, and was held with those.
  systemctl enable --now --quiet systemd-timesyncd.service || true
}

run_step "$@"
