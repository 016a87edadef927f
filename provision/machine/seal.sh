#!/usr/bin/env bash
# Makes a provisioned machine ready to become a box: takes out of it all that is one machine's own.
#
# Usage: seal.sh        (scripts/mf box runs it, in the machine, just before it is packaged)
# Secrets, ids, host keys, data and logs go; each machine that is booted from the box makes its own at
# its first boot. What was installed stays, so no machine needs a network for that. Idempotent.
set -euo pipefail

step=seal
# shellcheck source=provision/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=provision/machine/places.sh
source "$provision_dir/machine/places.sh"

keys=microflack-host-keys.service

main() {
  ((EUID == 0)) || fail 'it takes root' "sudo bash $0"
  quietly 'stopping the stack' systemctl stop microflack.service
  find "$state" -mindepth 1 -delete
  # The checkout that this one was copied from is somebody's laptop.
  rm -f "$origin"
  forget_identity
  forget_traces
  sync
  fstrim --all 2>/dev/null || true
  say "$step · nothing of this machine's own is left"
}

forget_identity() {
  put 644 "$provision_dir/machine/$keys" "/etc/systemd/system/$keys"
  quietly 'having keys made at the first boot' systemctl enable "$keys"
  rm -f /etc/ssh/ssh_host_*_key /etc/ssh/ssh_host_*_key.pub /var/lib/dbus/machine-id /var/lib/systemd/random-seed
  # Empty, not away: systemd then knows a first boot.
  : >/etc/machine-id
}

forget_traces() {
  quietly 'forgetting packages' apt-get clean
  rm -rf /var/lib/apt/lists/* /root/.npm /root/.cache /home/*/.npm /home/*/.cache /tmp/* /var/tmp/* \
    /run/microflack-ca.crt
  rm -f /root/.bash_history /home/*/.bash_history
  journalctl --quiet --rotate --vacuum-time=1s 2>/dev/null || true
  find /var/log -type f \( -name '*.log' -o -name '*.gz' -o -name '*.1' -o -name 'wtmp*' -o -name 'btmp*' \) -delete
}

main "$@"
