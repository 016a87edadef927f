# shellcheck shell=bash
# shellcheck disable=SC2034 # read by those who source this
# Where things are in a machine that is for MicroFlack alone. Sourced; changes nothing.

# The code that runs, on the machine's own disk: what is shared with a laptop is slow, has no exec
# bits or too many, and changes while somebody types.
copy=/opt/microflack/checkout
# A link to where the code was copied from: /vagrant in a virtual machine.
origin=/opt/microflack/origin
state=/var/lib/microflack
command=/usr/local/bin/mf
