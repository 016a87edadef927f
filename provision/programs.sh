# shellcheck shell=bash
# What lib.sh asks of a step that is a list of programs and their packages. Such a step sources this
# file in place of lib.sh and apt.sh, sets `programs`, and says itself only what it does otherwise.

# shellcheck source=provision/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=provision/apt.sh
source "$provision_dir/apt.sh"

# PROGRAM:PACKAGE, the program as a name on the PATH or a file's path.
programs=()

missing() { missing_packages "${programs[@]}"; }

there() { echo 'all there'; }

install() { install_programs; }

install_programs() {
  local packages
  mapfile -t packages < <(missing)
  apt_install "${packages[@]}"
}
