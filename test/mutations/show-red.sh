#!/usr/bin/env bash
# Shows that the survival tests turn red when something that they stand on is taken out of the code: in a
# clone of HEAD that is thrown away, never in the checkout.
#
# Usage: show-red.sh drain|readiness|idempotency
# Ends with 0 where the test failed, as it must, and prints what it counted; with 1 where it noticed nothing.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
checkout=${here%/*/*}
clone=

main() {
  local name=${1:-} patch="$here/${1:-}.patch" test
  case $name in
  drain | readiness) test='every service is upgraded' ;;
  idempotency) test='that hangs' ;;
  *) sed -n 's/^# Usage: /usage: /p' "$0" >&2 && exit 2 ;;
  esac
  clone=$(mktemp -d)
  trap 'rm -rf "$clone"' EXIT
  git clone --quiet "$checkout" "$clone/tree"
  # Copied, as the workspace's own packages are found by links that lead up and down again.
  cp -a "$checkout/node_modules" "$clone/tree/node_modules"
  cd "$clone/tree"
  git apply "$patch"
  if MF_TEST_TELL=1 npx vitest run --project survival test/survival-instances -t "$test"; then
    echo "$name was taken out, and nothing noticed" >&2
    exit 1
  fi
  echo "$name was taken out, and the test is red"
}

main "$@"
