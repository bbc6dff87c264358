#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# enter.sh TREE root|user COMMAND...: becomes part of TREE, as if it were this machine's root. Started by packages.sh in namespaces of its own.
set -e
tree=$1 who=$2
shift 2
mount --bind "$tree" "$tree"
cd "$tree"
mkdir -p old
mount -t proc proc proc
mount --rbind /dev dev
mount --rbind /sys sys
mount -t tmpfs -o mode=1777 tmp tmp
pivot_root . old
cd /
umount -l /old
[ "$who" = root ] || exec setpriv --reuid 1000 --regid 1000 --clear-groups env -i HOME=/home/user PATH=/usr/bin:/bin TERM=dumb LANG=C.UTF-8 "$@"
exec env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb LANG=C.UTF-8 "$@"
