#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# serve.sh BUILD: warm invokes through the Invoke API, in turn with RIE: same bootstrap, same load (wrk). RIE is in
# BUILD/conformance after make conformance; without it, and without wrk, skipped aloud.
set -eu
build=$(cd "$1" && pwd) here=$(cd "$(dirname "$0")" && pwd) seconds=${SERVE_SECONDS:-4}
command -v wrk >/dev/null || { echo "serve: skipped, wrk is missing: make deps"; exit "${LRUN_MUST_WORK:-0}"; }
work=$(mktemp -d /tmp/lrun-bench.XXXXXX)
trap 'kill $lrun $rie 2>/dev/null || true; rm -rf "$work"' EXIT
chmod 755 "$work"
lrun='' rie=''
cp "$build/lrun" "$build/lrun-unpack" "$here/post.lua" "$work"
cp "$build/examples/hello-c.zip" "$work/c.zip"
cp "$build/examples/hello-c/bootstrap" "$work/bootstrap"
chmod -R a+rX "$work"
cd "$work"
mkfifo ready
./lrun serve -q --port 0 --ready-fd 9 --cache-dir "$work/cache-$(id -u)" --concurrency 8 c.zip 9>ready >/dev/null 2>&1 </dev/null &
lrun=$!
read -r line <ready
ours=http://127.0.0.1:${line##*:}/2015-03-31/functions/function/invocations
theirs=http://127.0.0.1:18080/2015-03-31/functions/function/invocations
start_rie() {
    [ -n "$rie" ] && kill "$rie" 2>/dev/null
    [ -x "$build/conformance/aws-lambda-rie" ] || return 1
    "$build/conformance/aws-lambda-rie" --runtime-interface-emulator-address 127.0.0.1:18080 --runtime-api-address 127.0.0.1:19001 --log-level error ./bootstrap >/dev/null 2>rie.log </dev/null &
    rie=$!
    for _ in 1 2 3 4 5 6 7 8 9 10; do curl -s -o /dev/null -d '{}' "$theirs" && return 0; sleep 0.2; done
    return 1
}
load() { # connections, delay in ms, url: p50 p99 requests/s errors
    DELAY=$2 wrk -t1 -c"$1" -d"$seconds" --latency -s post.lua "$3" 2>/dev/null | sed -n 's/^RESULT //p'
}
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }
row() { # what, connections, delay
    set -- "$1" "$2" "$3" $(load "$2" "$3" "$ours")
    printf 'warm invoke, %-26s lrun p50 %5d us  p99 %6d us  %6d/s  %d errors' "$1" "$4" "$5" "$6" "$7"
    if start_rie; then
        set -- "$@" $(load "$2" "$3" "$theirs")
        if kill -0 "$rie" 2>/dev/null; then
            printf ';  RIE p50 %5d us  p99 %6d us  %6d/s  %d errors;  ratios %s %s (budget 0.50 0.20)\n' "$8" "$9" "${10}" "${11}" "$(ratio "$4" "$8")" "$(ratio "$5" "$9")"
        else
            printf ';  RIE died: %s\n' "$(grep -m1 -oE 'panic: .*' rie.log || echo 'no word')"
        fi
    else
        printf ';  RIE: skipped, it is not in %s (make conformance)\n' "build/conformance"
    fi
}
row "one connection" 1 0
row "one connection, frozen" 1 5
row "eight connections" 8 0
kill "$lrun"
wait "$lrun" || true
# The C bootstrap, but busy for a while with each event: or one environment would serve all.
sed 's|char \*event = read_answer(s);|& usleep(20000000);|' "$here/../../examples/hello-c/bootstrap.c" >slow.c
mkdir slow && cc -O2 -static -D_GNU_SOURCE -o slow/bootstrap slow.c && (cd slow && zip -q ../slow.zip bootstrap) && chmod a+r slow.zip
if [ "$(id -u)" = 0 ]; then /usr/bin/python3 "$here/environments.py" "$work/lrun" "$work/slow.zip" "${ENVIRONMENTS:-1000}"; fi
