#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# serve.sh BUILD: warm invokes through the Invoke API, in turn with relay.c and with RIE: same bootstrap, same load (wrk), medians of TURNS
# (5) of a second each; lines of JSON go to BUILD/bench.rows too. What is left out is said; with LRUN_MUST_WORK=1 that is a failure, but
# for RIE, which is no package of apt's: it is in BUILD/conformance after make conformance. As root also environments.py.
set -eu
build=$(cd "$1" && pwd) here=$(cd "$(dirname "$0")" && pwd) turns=${TURNS:-5}
missing=0
left_out() { # what, why
    echo "bench: left out: $1: $2"
}
command -v wrk >/dev/null || { left_out "warm invokes" "wrk is missing: make deps"; exit "${LRUN_MUST_WORK:-0}"; }
[ -x "$build/conformance/aws-lambda-rie" ] || left_out "warm invokes by RIE" "it is not in build/conformance: make conformance"
work=$(mktemp -d /tmp/lrun-bench.XXXXXX)
trap 'kill $lrun $rie $relay 2>/dev/null || true; rm -rf "$work"' EXIT
chmod 755 "$work"
lrun='' rie='' relay=''
cc -O2 -o "$work/relay" "$here/relay.c"
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
relayed=http://127.0.0.1:18081/2015-03-31/functions/function/invocations
# Each peer: 0 if it answers. The relay carries one connection.
start_relay() {
    [ -z "$relay" ] || ! kill -0 "$relay" 2>/dev/null || return 0
    ./relay 18081 18082 >/dev/null 2>&1 </dev/null &
    relay=$!
    sleep 0.2 # it listens before the runtime connects, which ends with it
    AWS_LAMBDA_RUNTIME_API=127.0.0.1:18082 ./bootstrap >/dev/null 2>&1 </dev/null &
    for _ in 1 2 3 4 5 6 7 8 9 10; do curl -s -m 2 -o /dev/null -d '{}' "$relayed" && return 0; sleep 0.2; done
    return 1
}
start_rie() {
    [ -z "$rie" ] || ! kill -0 "$rie" 2>/dev/null || return 0
    "$build/conformance/aws-lambda-rie" --runtime-interface-emulator-address 127.0.0.1:18080 --runtime-api-address 127.0.0.1:19001 --log-level error ./bootstrap >/dev/null 2>rie.log </dev/null &
    rie=$!
    for _ in 1 2 3 4 5 6 7 8 9 10; do curl -s -m 2 -o /dev/null -d '{}' "$theirs" && return 0; sleep 0.2; done
    return 1
}
load() { # connections, delay in ms, url: p50 p99 requests/s errors
    DELAY=$2 wrk -t1 -c"$1" -d1 --latency -s post.lua "$3" 2>/dev/null | sed -n 's/^RESULT //p'
}
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / (b ? b : 1) }'; }
medians() { # file of lines as load prints them; the last column is a sum
    for column in 1 2 3; do
        cut -d' ' -f$column "$1" | sort -n | awk '{ v[NR] = $1 } END { printf "%d ", v[int((NR + 1) / 2)] }'
    done
    awk '{ n += $4 } END { print n + 0 }' "$1"
}
json() { # what, against, measure, ours, theirs, budget
    { printf '{"what":"%s","against":"%s","unit":"%s","ours":%s,"theirs":%s,"ratio":%s,"budget":%s}\n' "$1" "$2" "$3" "$4" "$5" "$(ratio "$4" "$5")" "$6" >>"$build/bench.rows"; } 2>/dev/null || true
}
against() { # peer, title, budget of p50, of p99; then lrun's medians and the peer's
    printf ';  %s p50 %5d us  p99 %6d us  %6d/s  %d errors;  ratios %s %s' "$1" "$9" "${10}" "${11}" "${12}" "$(ratio "$5" "$9")" "$(ratio "$6" "${10}")"
    [ "$3" = null ] || printf ' (budget %s %s)' "$3" "$4"
    json "$2" "$1" "p50 us" "$5" "$9" "$3"
    json "$2" "$1" "p99 us" "$6" "${10}" "$4"
}
row() { # what, connections, delay
    rm -f at.*
    for _ in $(seq "$turns"); do
        load "$2" "$3" "$ours" >>at.lrun
        if [ "$2" = 1 ] && start_relay; then load "$2" "$3" "$relayed" >>at.relay; fi
        if [ -x "$build/conformance/aws-lambda-rie" ] && start_rie; then load "$2" "$3" "$theirs" >>at.rie; fi
    done
    bound50=1.30 bound99=1.50 connections=$2
    [ "$3" = 0 ] || bound50=null bound99=null # the relay freezes nothing
    # shellcheck disable=SC2046
    set -- "$1" $(medians at.lrun)
    printf 'warm invoke, %-26s lrun p50 %5d us  p99 %6d us  %6d/s  %d errors' "$1" "$2" "$3" "$4" "$5"
    # shellcheck disable=SC2046
    if [ -s at.relay ]; then against relay "warm invoke, $1" "$bound50" "$bound99" "$2" "$3" "$4" "$5" $(medians at.relay); fi
    if [ -s at.rie ] && kill -0 "$rie" 2>/dev/null; then
        # shellcheck disable=SC2046
        against RIE "warm invoke, $1" 0.50 0.10 "$2" "$3" "$4" "$5" $(medians at.rie)
    elif [ -n "$rie" ]; then
        printf ';  RIE died: %s' "$(grep -m1 -oE 'panic: .*' rie.log || echo 'no word')"
    fi
    echo
    [ "$connections" != 1 ] || [ -s at.relay ] || { left_out "warm invokes by relay.c" "it gives no answer"; missing=1; }
}
row "one connection" 1 0
row "one connection, frozen" 1 5
row "eight connections" 8 0
kill "$lrun"
wait "$lrun" || true
# The C bootstrap, but busy for a while with each event: or one environment would serve all.
sed 's|char \*event = read_answer(s);|& usleep(20000000);|' "$here/../../examples/hello-c/bootstrap.c" >slow.c
mkdir slow && cc -O2 -static -D_GNU_SOURCE -o slow/bootstrap slow.c && (cd slow && zip -q ../slow.zip bootstrap) && chmod a+r slow.zip
if [ "${ENVIRONMENTS:-1000}" = 0 ]; then
    left_out "many idle environments" "none is asked for"
elif [ "$(id -u)" = 0 ]; then
    /usr/bin/python3 "$here/environments.py" "$work/lrun" "$work/slow.zip" "${ENVIRONMENTS:-1000}"
else
    left_out "many idle environments" "root alone may read how much memory each has"
fi
[ "${LRUN_MUST_WORK:-0}" != 1 ] || exit "$missing"
