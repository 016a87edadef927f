#!/usr/bin/env bash
# Installs the browser that tests drive, with letters and emoji for its screenshots. Only tests need it.
#
# Usage: browser.sh [--check | --dry-run]
# Idempotent: looks for each program, and installs the packages of those that are not there.
set -euo pipefail

step=browser
# shellcheck source=provision/programs.sh
source "$(dirname "${BASH_SOURCE[0]}")/programs.sh"

programs=(
  chromium:chromium
  /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf:fonts-dejavu-core
  /usr/share/fonts/truetype/noto/NotoColorEmoji.ttf:fonts-noto-color-emoji
)

there() { command -v chromium; }

run_step "$@"
