#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# plain.sh FUNCTION LAYER PROGRAM: what a person would write with bubblewrap, to measure against: no policy, no limits, and one layer,
# since bubblewrap of Debian 12 makes no overlays.
exec bwrap --unshare-user --unshare-ipc --unshare-pid --unshare-net --unshare-uts --uid 993 --gid 990 --die-with-parent \
    --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 --ro-bind /etc /etc \
    --proc /proc --dev /dev --tmpfs /tmp --ro-bind "$1" /var/task --ro-bind "$1" /var/runtime --ro-bind "$2" /opt --remount-ro / -- "$3"
