#!/usr/bin/env bash
# Installs what tests check our shell scripts with. Only tests need it.
#
# Usage: lint-tools.sh [--check | --dry-run]
# Idempotent: looks for each program, and installs the packages of those that are not there.
set -euo pipefail

step=lint-tools
# shellcheck source=provision/programs.sh
source "$(dirname "${BASH_SOURCE[0]}")/programs.sh"

programs=(shellcheck:shellcheck shfmt:shfmt)

run_step "$@"
