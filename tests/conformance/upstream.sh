# SPDX-License-Identifier: Apache-2.0
# upstream.sh: run --runtime-api below what serves a Runtime API for others: AWS's Runtime Interface Emulator, which starts lrun as its
# bootstrap, and cargo lambda watch, which waits for functions that somebody else starts. Part of run.sh, after rie.

invoke_until() { # url, event: the response, once the server answers
    tries=0
    until out=$(curl -sS -m 20 -d "$2" "$1" 2>/dev/null) || [ $((tries += 1)) -gt 50 ]; do sleep 0.1; done
    code=$?
}

upstream_rie() {
    [ -x "$kept/aws-lambda-rie" ] || { skip "run --runtime-api below RIE: without RIE"; return; }
    mkdir -p "$work/rie"
    printf '#!/bin/sh\nexec "%s/lrun" run --cache-dir "%s/cache" --runtime-api "$AWS_LAMBDA_RUNTIME_API" "%s/upfn.zip"\n' "$work" "$work" "$work" >"$work/rie/bootstrap"
    chmod 755 "$work/rie/bootstrap"
    "$kept/aws-lambda-rie" --runtime-interface-emulator-address 127.0.0.1:18080 --runtime-api-address 127.0.0.1:19001 --log-level error "$work/rie/bootstrap" >"$work/err" 2>&1 </dev/null &
    server=$!
    url=http://127.0.0.1:18080/2015-03-31/functions/function/invocations
    invoke_until $url '{"n":1}'
    judge "below RIE: a response" '^\{"n": 1, "arn": "arn:aws:lambda:us-east-1:012345678912:function:test_function"\}$' 0
    invoke_until $url '{"n":0}'
    judge "below RIE: an error" '"errorType": "ZeroDivisionError"' 0
    invoke_until $url '{"n":2}'
    judge "below RIE: a warm response" '^\{"n": 2,' 0
    kill $server
    wait $server 2>/dev/null
}

upstream_cargo() {
    [ "$(uname -m)" = x86_64 ] || { skip "cargo lambda: x86-64 only"; return; }
    command -v cargo >/dev/null || { skip "cargo: not installed"; return; }
    if [ ! -x "$kept/cargo-lambda" ]; then
        $pip download -q --no-deps --require-hashes --only-binary :all: -d "$work/cargo" -r "$here/upstream/requirements.txt" >"$work/err" 2>&1 || { unreachable cargo-lambda "$work/err"; return; }
        unzip -p "$work"/cargo/*.whl '*/scripts/cargo-lambda' >"$kept/cargo-lambda" && chmod 755 "$kept/cargo-lambda"
    fi
    mkdir -p "$work/crate/src"
    printf '[package]\nname = "upfn"\nversion = "0.1.0"\nedition = "2021"\n' >"$work/crate/Cargo.toml"
    echo 'fn main() {}' >"$work/crate/src/main.rs"
    (cd "$work/crate" && exec "$kept/cargo-lambda" lambda watch --only-lambda-apis -A 127.0.0.1 -P 19500 >"$work/err" 2>&1 </dev/null) &
    server=$!
    "$work/lrun" run --cache-dir "$work/cache" --timeout 2 --runtime-api http://127.0.0.1:19500/.rt/upfn "$work/upfn.zip" 2>"$work/uplog" </dev/null &
    executor=$!
    url=http://127.0.0.1:19500/2015-03-31/functions/upfn/invocations
    invoke_until $url '{"n":1}'
    judge "below cargo lambda: a response" '^\{"n": 1, "arn": ' 0
    invoke_until $url '{"n":0}'
    judge "below cargo lambda: an error" '"errorType": "ZeroDivisionError"' 0
    kill $server
    wait $server 2>/dev/null
    wait $executor
    code=$? out=$(tail -n 1 "$work/uplog")
    judge "below cargo lambda: its end" 'has ended$' 0
}

upstream() {
    command -v curl >/dev/null || { skip "run --runtime-api: curl is not installed"; return; }
    /usr/bin/python3 -m pip --version >/dev/null 2>&1 && pip="/usr/bin/python3 -m pip" || pip=pip
    mkdir -p "$work/upfn"
    printf 'def lambda_handler(event, context):\n    1 / event["n"]\n    return {**event, "arn": context.invoked_function_arn}\n' >"$work/upfn/lambda_function.py"
    (cd "$work/upfn" && zip -q ../upfn.zip lambda_function.py)
    upstream_rie
    upstream_cargo
}
