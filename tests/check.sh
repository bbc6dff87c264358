#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check.sh BUILD: runs all tests; started by root, a second time as an unprivileged user from a copy it can read.
# Ends with one line: N passed, N failed, N skipped.
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
    "$@" "$top_here/$build/tests/unit" --short-filename -j2 --xml="$total/$name-unit.xml" || echo "unit failed" >"$total/$name-failed"
    "$@" env BUILD="$top_here/$build" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -m pytest -q -p no:cacheprovider --rootdir="$top_here/tests" \
        --basetemp="/tmp/lrun-check.$$-$name" --junitxml="$total/$name-py.xml" ${PYTEST_ARGS:-} \
        "$top_here/tests/cli" "$top_here/tests/sandbox" "$top_here/tests/cache" || echo "pytest failed" >>"$total/$name-failed"
    rm -rf "/tmp/lrun-check.$$-$name"
}

top_here=$top
suite "$(id -un)" env
if [ "$(id -u)" = 0 ]; then
    copy=/tmp/lrun-check.$$/copy
    mkdir -p "$copy"
    tar -C "$top" -cf - --exclude=.git --exclude='./build/fuzz' . | tar -C "$copy" -xf -
    # A user of no other use, with a home for its cache; no entry in passwd is needed.
    mkdir -p "$copy/home"
    chown -R 60994:60994 "$copy"
    top_here=$copy
    cd "$copy" || exit 1
    suite "unprivileged" setpriv --reuid 60994 --regid 60994 --clear-groups env -u SUDO_UID -u SUDO_GID HOME="$copy/home" XDG_CACHE_HOME="$copy/home/.cache"
    cd "$top" || exit 1
fi
/usr/bin/python3 "$top/tests/summary.py" "$total"
status=$?
rm -rf "$total"
exit $status
