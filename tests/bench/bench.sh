#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# bench.sh BUILD: the budgets as ratios against peers run in turn, with medians; written to BUILD/bench.json.
# ROUNDS (default 300) launches of each. No test: timings never decide whether a change is right.
set -eu
build=$(cd "$1" && pwd) rounds=${ROUNDS:-300} here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d /tmp/lrun-bench.XXXXXX)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
cc -O2 -g -D_GNU_SOURCE -I"$here/../.." -o "$work/floor" "$here/floor.c"
cc -O2 -D_GNU_SOURCE -o "$work/race" "$here/race.c"
mkdir -p "$work/fn" "$work/l1" "$work/l2"
cc -O2 -static -o "$work/fn/bootstrap" "$here/noop.c"
cp "$build/examples/hello-c.zip" "$work/c.zip"
echo one >"$work/l1/f"
echo two >"$work/l2/f"
(cd "$work/fn" && zip -q ../fn.zip bootstrap)
(cd "$work/l1" && zip -q ../l1.zip f)
(cd "$work/l2" && zip -q ../l2.zip f)
cp "$build/lrun" "$build/lrun-unpack" "$work"
# A package with the shape of a published layer: many small files, some large ones.
/usr/bin/python3 - "$work/big.zip" <<'PY'
import random, sys, zipfile
random.seed(1)
words = [bytes(random.choices(b"abcdefghij \n{}();=", k=40)) for _ in range(400)]
with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as z:
    for i in range(4000):
        size = 400000 if i % 200 == 0 else random.randint(200, 30000)
        z.writestr(f"python/lib/pkg{i % 90}/mod{i}.py", b"".join(random.choices(words, k=size // 40)))
PY
chmod -R a+rX "$work"
sleep 0.2
set -- --unshare-all --die-with-parent --clearenv --proc /proc --dev /dev --tmpfs /tmp --ro-bind "$work/fn" /var/task --ro-bind "$work/l1" /opt
for d in /usr/bin /usr/sbin /usr/lib /usr/lib32 /usr/lib64 /usr/libexec /usr/share /etc/ld.so.cache /etc/alternatives /etc/ssl/certs /etc/protocols /etc/services; do
    set -- "$@" --ro-bind-try "$d" "$d"
done
for l in bin lib lib64; do set -- "$@" --symlink "usr/$l" "/$l"; done
bench() {
    cd "$work"
    cache=$work/cache-$(id -u)
    # shellcheck disable=SC2016
    ./race "$rounds" ./floor l1 l2 fn /var/task/bootstrap --- \
        ./lrun exec --cache-dir "$cache" --layers l1.zip,l2.zip fn.zip -- /var/task/bootstrap --- \
        bwrap "$@" /var/task/bootstrap --- ./lrun --cache-dir "$cache" c.zip >times
    { read -r floor; read -r exec; read -r bwrap; read -r run; } <times
    printf 'exec of a no-op, warm, two layers     %6d us   floor %6d us  ratio %s (budget 1.25)\n' "$exec" "$floor" "$(ratio "$exec" "$floor")"
    printf '                                                   bwrap %6d us  ratio %s (budget 0.65)\n' "$bwrap" "$(ratio "$exec" "$bwrap")"
    printf 'run of a C bootstrap, whole process   %6d us   bwrap %6d us  ratio %s (budget 1.00)\n' "$run" "$bwrap" "$(ratio "$run" "$bwrap")"
}
# All cores at once, 1,000 launches each.
rate() { # command...
    start=$(date +%s%N)
    seq "$(nproc)" | xargs -P "$(nproc)" -I{} ./race 1000 "$@" >/dev/null
    awk -v n="$(nproc)" -v t=$(($(date +%s%N) - start)) 'BEGIN { printf "%.0f", n * 1000 / (t / 1e9) }'
}
rates() {
    ours=$(rate ./lrun exec --cache-dir "$work/cache-$(id -u)" --layers l1.zip,l2.zip fn.zip -- /var/task/bootstrap ---)
    theirs=$(rate bwrap "$@" /var/task/bootstrap ---)
    printf 'launches per second, %d at once        %6d      bwrap %6d     ratio %s\n' "$(nproc)" "$ours" "$theirs" "$(ratio "$ours" "$theirs")"
}
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }
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
    printf 'cold unpack of %-16s %-8s  %7d us   best of bsdtar %d, unzip %d, 7z %d us  ratio %s (budget 0.50)\n' \
        "$1" "$3" "$cold" "$bsdtar" "$unzip" "$seven" "$(ratio "$cold" "$best")"
}
unpack_all() {
    places=/tmp
    [ -w /dev/shm ] && places="/dev/shm /tmp"
    for place in $places; do
        unpack "4,000 files" "$work/big.zip" "$place"
        for layer in awscli kubectl proxy-agent; do # fetched by make conformance
            if [ -f "$build/conformance/$layer.zip" ]; then unpack "$layer" "$build/conformance/$layer.zip" "$place"; fi
        done
    done
}
# A whole invocation against the interpreter's bare start.
interpreters() {
    mkdir -p "$work/py" "$work/js"
    echo 'def lambda_handler(event, context): return 1' >"$work/py/lambda_function.py"
    echo 'exports.handler = async () => 1;' >"$work/js/index.js"
    (cd "$work/py" && zip -q ../py.zip lambda_function.py)
    (cd "$work/js" && zip -q ../js.zip index.js)
    chmod -R a+rX "$work"
    sleep 0.2
    node=$(PATH=/usr/bin:/usr/local/bin command -v node || true)
    cache=$work/cache-$(id -u)
    ./race "${COLD_ROUNDS:-15}" ./lrun -q --cache-dir "$cache" py.zip --- /usr/bin/python3 -c 'import json, http.client, logging' --- /usr/bin/python3 -c 1 >times
    { read -r run; read -r modules; read -r bare; } <times
    printf 'run of a Python handler, whole        %6d us   python3 -c 1 %d us, with what the client imports %d us\n' "$run" "$bare" "$modules"
    [ -n "$node" ] || return 0
    ./race "${COLD_ROUNDS:-15}" ./lrun -q --cache-dir "$cache" js.zip --- "$node" -e 1 >times
    { read -r run; read -r bare; } <times
    printf 'run of a Node.js handler, whole       %6d us   node -e 1 %d us\n' "$run" "$bare"
}
if command -v bwrap >/dev/null; then bench "$@"; rates "$@"; else echo "bench: bwrap is missing: make deps"; exit 1; fi
if command -v bsdtar >/dev/null && command -v 7z >/dev/null; then unpack_all; else best=0 cold=0; fi
interpreters
printf '{"us":{"floor":%d,"exec":%d,"bwrap":%d,"run":%d,"cold":%d,"unpackPeer":%d},"rounds":%d,"uid":%d}\n' "$floor" "$exec" "$bwrap" "$run" "$cold" "$best" "$rounds" "$(id -u)" >"$build/bench.json" 2>/dev/null || true
