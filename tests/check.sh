#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check.sh BUILD: runs all tests (suite.sh); started by root, a second time as an unprivileged user from a copy it can read.
# Ends with one line: N passed, N failed, N skipped. LRUN_RESULTS: a directory that gets the JUnit files.
set -u
build=$1
top=$(pwd)
total=/tmp/lrun-check.$$
mkdir -p "$total"
chmod 777 "$total"

suite() { # name, then the command prefix
    name=$1
    shift
    echo "== $name"
    "$@" sh tests/suite.sh "$build" "$total" "$name"
}

# A cgroup of v2 that may be divided: root makes one here and gives it away below; who has one already says so.
cgroup=${LRUN_CGROUP:-}
for mount in /sys/fs/cgroup /sys/fs/cgroup/unified; do
    [ -z "$cgroup" ] && [ -f "$mount/cgroup.controllers" ] && mkdir -p "$mount/lrun-suite/tests" 2>/dev/null && cgroup=$mount/lrun-suite
done
trap 'rm -rf "$total"; [ -n "${LRUN_CGROUP:-}" ] || [ -z "$cgroup" ] || find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null' EXIT

# LRUN_PASSES: unprivileged or own leaves out the other pass of root's.
[ "${LRUN_PASSES:-}" = unprivileged ] && [ "$(id -u)" = 0 ] || suite "$(id -un)" env LRUN_CGROUP="$cgroup"
if [ "$(id -u)" = 0 ] && [ "${LRUN_PASSES:-}" != own ]; then
    copy=/tmp/lrun-check.$$/copy
    mkdir -p "$copy"
    tar -C "$top" -cf - --exclude=.git --exclude='./build/fuzz' --exclude='./build/conformance' --exclude='./build/vm' --exclude='./build/arm64' . | tar -C "$copy" -xf -
    # A user of no other use, with a home for its cache; no entry in passwd is needed.
    mkdir -p "$copy/home"
    chown -R 60994:60994 "$copy"
    cd "$copy" || exit 1
    if [ -n "$cgroup" ]; then
        chown -R 60994:60994 "$cgroup"
        enter="echo \$\$ >$cgroup/tests/cgroup.procs;"
    fi
    suite "unprivileged" sh -c "${enter:-} exec \"\$@\"" sh setpriv --reuid 60994 --regid 60994 --clear-groups env -u SUDO_UID -u SUDO_GID LRUN_CGROUP="$cgroup" HOME="$copy/home" XDG_CACHE_HOME="$copy/home/.cache"
    cd "$top" || exit 1
fi
[ -z "${LRUN_RESULTS:-}" ] || cp "$total"/*.xml "$LRUN_RESULTS"
/usr/bin/python3 "$top/tests/summary.py" "$total"
exit $?
