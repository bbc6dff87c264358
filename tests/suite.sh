#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# suite.sh BUILD RESULTS NAME: all tests once, as the user who runs it, from the current directory. JUnit files go to RESULTS.
# Most tests wait for processes, so two a processor keep it busy; what measures or fills the machine runs alone, afterwards.
# LRUN_WORKERS: how many (make asan: one a processor, since sanitized programs wait for nothing else).
# LRUN_AGAIN=1: a test that fails runs once more; what passes only then is named at the end of the group, as "RERUN" (CI alone: docs/testing.md).
# LRUN_QUICK=1: neither the serial tests nor the slow ones, and two modes of the escape suite (make test).
set -u
build=$1 results=$2 name=$3
here=$(pwd)
failed() { echo "$1 failed" >>"$results/$name-failed"; }

pytests() { # group, expression of markers, how the tests are spread
    group=$1 markers=$2
    shift 2
    # shellcheck disable=SC2086
    BUILD="$here/$build" PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -m pytest -q -p no:cacheprovider --rootdir="$here/tests" --basetemp="$results/$name-tmp" \
        --junitxml="$results/$name-$group.xml" -m "$markers" "$@" ${PYTEST_ARGS:-} "$here/tests" || failed "$group"
    find "$results/$name-tmp" -type d ! -perm -700 -exec chmod u+rwx {} \; 2>/dev/null # packages have directories that nobody may read
    rm -rf "$results/$name-tmp"
}

[ -z "${LRUN_AGAIN:-}" ] || ! /usr/bin/python3 -c "import pytest_rerunfailures" 2>/dev/null || PYTEST_ARGS="${PYTEST_ARGS:-} --reruns 1 --reruns-delay 1 -rR"
parallel="-n ${LRUN_WORKERS:-$(($(nproc) * 2))} --dist loadgroup"
"$here/$build/tests/unit" --short-filename -j2 --xml="$results/$name-unit.xml" || failed unit
if [ -n "${LRUN_QUICK:-}" ]; then
    export LRUN_ESCAPE_MODES=exec-none,run-none LRUN_FAULTS=1
    pytests parallel "not slow and not serial" $parallel
else
    pytests parallel "not serial" $parallel
    pytests serial serial -n 0
fi
