#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# bench.sh BUILD: launches on all cores at once, and cold unpacking, against peers run in turn; lines of JSON go to BUILD/bench.rows too.
# Single launches are launches.py, warm invokes serve.sh. What is left out is said; with LRUN_MUST_WORK=1 that is a failure where a package
# of apt's is missing. No test: timings never decide whether a change is right.
set -eu
build=$(cd "$1" && pwd) here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d /tmp/lrun-bench.XXXXXX)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cc -O2 -D_GNU_SOURCE -o "$work/race" "$here/race.c"
mkdir -p "$work/fn" "$work/l1" "$work/l2"
cc -O2 -static -o "$work/fn/bootstrap" "$here/noop.c"
echo one >"$work/l1/f"
echo two >"$work/l2/f"
(cd "$work/fn" && zip -q ../fn.zip bootstrap)
(cd "$work/l1" && zip -q ../l1.zip f)
(cd "$work/l2" && zip -q ../l2.zip f)
cp "$build/lrun" "$build/lrun-unpack" "$work"
chmod -R a+rX "$work"
sleep 0.2
missing=0
left_out() { # what, why
    echo "bench: left out: $1: $2"
}
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }
row() { # what, against, unit, ours, theirs, budget or null
    { printf '{"what":"%s","against":"%s","unit":"%s","ours":%s,"theirs":%s,"ratio":%s,"budget":%s}\n' "$1" "$2" "$3" "$4" "$5" "$(ratio "$4" "$5")" "$6" >>"$build/bench.rows"; } 2>/dev/null || true
}
# All cores at once, 3 ROUNDS of launches each.
rate() { # command...
    each=$((${ROUNDS:-300} * 3)) start=$(date +%s%N)
    seq "$(nproc)" | xargs -P "$(nproc)" -I{} ./race "$each" "$@" >/dev/null
    awk -v n=$(($(nproc) * each)) -v t=$(($(date +%s%N) - start)) 'BEGIN { printf "%.0f", n / (t / 1e9) }'
}
rates() {
    ours=$(rate ./lrun exec --cache-dir "$work/cache-$(id -u)" --layers l1.zip,l2.zip fn.zip -- /var/task/bootstrap ---)
    theirs=$(rate sh "$here/plain.sh" "$work/fn" "$work/l1" /var/task/bootstrap ---)
    printf 'launches per second, %d at once        %6d      plain bwrap %6d     ratio %s\n' "$(nproc)" "$ours" "$theirs" "$(ratio "$ours" "$theirs")"
    row "launches per second" "plain bwrap" 1/s "$ours" "$theirs" null
}
# One archive by lrun, cold and hashed, less a warm launch; and by the three that people use, none of them syncing.
unpack() { # what, archive, place
    into=$3/lrun-bench-$$
    mkdir -p "$into" && chmod 777 "$into"
    cat >cold.sh <<SH
exec ./lrun exec -q --cache-dir \$(mktemp -u $into/c.XXXXXX) --layers $2 fn.zip -- /var/task/bootstrap
SH
    cat >noop.sh <<SH
exec ./lrun exec -q --cache-dir $work/cache-$(id -u) --layers $2 fn.zip -- /var/task/bootstrap
SH
    sh noop.sh
    sleep 0.2
    # A new directory each time: to remove the last one is not part of it.
    ./race "${COLD_ROUNDS:-5}" sh cold.sh --- sh noop.sh --- sh -c "exec bsdtar -xf $2 -C \$(mktemp -d $into/x.XXXXXX)" --- \
        sh -c "exec unzip -q $2 -d \$(mktemp -d $into/x.XXXXXX)" --- sh -c "7z x -bd -o\$(mktemp -d $into/x.XXXXXX) $2 >/dev/null 2>&1; true" >times
    rm -rf "$into"
    { read -r cold; read -r warm; read -r bsdtar; read -r unzip; read -r seven; } <times
    best=$(printf '%s\n' "$bsdtar" "$unzip" "$seven" | sort -n | head -n 1)
    cold=$((cold - warm))
    budget=0.80
    [ "$(stat -f -c %T "$3")" != tmpfs ] || budget=0.40
    printf 'cold unpack of %-16s %-8s  %7d us   best of bsdtar %d, unzip %d, 7z %d us  ratio %s (budget %s)\n' \
        "$1" "$3" "$cold" "$bsdtar" "$unzip" "$seven" "$(ratio "$cold" "$best")" "$budget"
    row "cold unpack of $1, $3" "best of bsdtar, unzip, 7z" us "$cold" "$best" "$budget"
}
# A package with the shape of a published layer: many small files, some large ones.
make_big() {
    /usr/bin/python3 - "$work/big.zip" <<'PY'
import random, sys, zipfile
random.seed(1)
words = [bytes(random.choices(b"abcdefghij \n{}();=", k=40)) for _ in range(400)]
with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as z:
    for i in range(4000):
        size = 400000 if i % 200 == 0 else random.randint(200, 30000)
        z.writestr(f"python/lib/pkg{i % 90}/mod{i}.py", b"".join(random.choices(words, k=size // 40)))
PY
    chmod a+r "$work/big.zip"
    sleep 0.2 # so that its digest may be remembered
}
unpack_all() {
    make_big
    places=/tmp
    if [ -w /dev/shm ]; then places="/dev/shm /tmp"; else left_out "unpacking in /dev/shm" "it cannot be written"; fi
    for layer in awscli kubectl proxy-agent; do
        [ -f "$build/conformance/$layer.zip" ] || left_out "unpacking $layer" "it is not in build/conformance: make conformance"
    done
    for place in $places; do
        unpack "4,000 files" "$work/big.zip" "$place"
        for layer in awscli kubectl proxy-agent; do # fetched by make conformance
            if [ -f "$build/conformance/$layer.zip" ]; then unpack "$layer" "$build/conformance/$layer.zip" "$place"; fi
        done
    done
}
if command -v bwrap >/dev/null; then
    cd "$work"
    rates
else
    left_out "launches per second" "bwrap is missing: make deps"
    missing=1
fi
if command -v bsdtar >/dev/null && command -v unzip >/dev/null && command -v 7z >/dev/null; then
    cd "$work"
    unpack_all
else
    left_out unpacking "bsdtar, unzip or 7z is missing: make deps"
    missing=1
fi
[ "${LRUN_MUST_WORK:-0}" != 1 ] || exit "$missing"
