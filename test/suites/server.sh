#!/bin/sh
# The suites that every version must pass, inside a system that has that version.
#   server.sh prepare 17     only make the system
#   server.sh run 17
. "$(dirname "$0")/../lib/cluster.sh"
. "$(dirname "$0")/../lib/chroot.sh"
cd "$PM_ROOT" || exit 1
chroot_prepare "$2"
[ "$1" = run ] || exit 0
chroot_copy_source "$2"
in_chroot "$2" sh -c 'cd /src && test/run --in-chroot'
