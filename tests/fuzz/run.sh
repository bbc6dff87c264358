#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh BUILD SECONDS TARGET...: runs each fuzzer for so long, two at a time; prints what each has done. Inputs are kept in
# BUILD/fuzz/TARGET from run to run.
set -u
build=$1 seconds=$2
shift 2
for t in "$@"; do mkdir -p "$build/fuzz/$t"; done
/usr/bin/python3 tests/fuzz/seed.py "$build/fuzz"
one='
build=$1 seconds=$2 t=$3
export TMPDIR=$build/fuzz/tmp-$t
mkdir -p "$TMPDIR"
crashes=; [ ! -d "tests/fuzz/$t-crashes" ] || crashes=tests/fuzz/$t-crashes
"$build/fuzz/$t.bin" -max_total_time="$seconds" -max_len=8192 -timeout=20 -rss_limit_mb=3000 -artifact_prefix="$build/fuzz/$t-" -print_final_stats=1 "$build/fuzz/$t" $crashes >"$build/fuzz/$t.log" 2>&1
status=$?
rm -rf "$TMPDIR"
n=$(sed -n "s/^stat::number_of_executed_units: *//p" "$build/fuzz/$t.log")
covered=$(grep -oE "cov: [0-9]+" "$build/fuzz/$t.log" | tail -n 1)
printf "%-8s %12s executions, edges %s, inputs %s: %s\n" "$t" "${n:-?}" "${covered#cov: }" "$(ls "$build/fuzz/$t" | wc -l)" "$([ $status = 0 ] && echo "no crash" || echo "FAILED, see $build/fuzz/$t.log")"
exit $status'
printf '%s\n' "$@" | xargs -P 2 -I T sh -c "$one" sh "$build" "$seconds" T
