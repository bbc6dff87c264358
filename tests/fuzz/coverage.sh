#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# coverage.sh BUILD "TARGET..." FILE...: runs each fuzzer's inputs once in a program built for counting; prints the files' lines.
set -eu
build=$1 targets=$2
shift 2
cov=$(command -v llvm-cov || ls /usr/bin/llvm-cov-* | tail -n 1) prof=$(command -v llvm-profdata || ls /usr/bin/llvm-profdata-* | tail -n 1)
objects=
for t in $targets; do
    export TMPDIR="$build/fuzz/tmp-$t"
    mkdir -p "$TMPDIR"
    crashes=; [ ! -d "tests/fuzz/$t-crashes" ] || crashes=tests/fuzz/$t-crashes
    LLVM_PROFILE_FILE="$build/fuzz/$t.profraw" "$build/fuzz/$t.cov" -runs=0 "$build/fuzz/$t" $crashes >/dev/null 2>&1
    rm -rf "$TMPDIR"
    objects="$objects -object $build/fuzz/$t.cov"
done
"$prof" merge -o "$build/fuzz/all.profdata" "$build"/fuzz/*.profraw
# shellcheck disable=SC2086
"$cov" report ${objects# -object } -instr-profile="$build/fuzz/all.profdata" "$@" | awk 'NR > 2 && NF > 8 { printf "%-32s %5d lines %7s\n", $1, $8, $10 }'
