#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh BUILD: AWS's own runtime clients under lrun. A registry that cannot be reached is skipped aloud; a digest that
# does not match (go.sum) fails.
set -u
build=$(cd "$1" && pwd) here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d /tmp/lrun-conformance.XXXXXX)
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT
passed=0 failed=0 skipped=0
cp "$build/lrun" "$build/lrun-unpack" "$work"

expect() { # what, event, extended regular expression of the response, exit status
    out=$("$work/lrun" -q --cache-dir "$work/cache" --timeout 2 -e "$2" "$work/fn.zip" 2>/dev/null)
    code=$?
    if [ "$code" = "$4" ] && printf %s "$out" | grep -qE "$3"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'failed: %s: exit %s: %.300s\n' "$1" "$code" "$out"
    fi
}

go_client() {
    command -v go >/dev/null || { echo "skipped: go: not installed"; skipped=$((skipped + 1)); return; }
    cd "$here/go" || exit 1
    if ! go mod download github.com/aws/aws-lambda-go 2>"$work/err"; then
        if grep -qiE 'mismatch|SECURITY' "$work/err"; then
            cat "$work/err"
            failed=$((failed + 1))
        else
            echo "skipped: go: the module cannot be had: $(tail -n 1 "$work/err")"
            skipped=$((skipped + 1))
        fi
        return
    fi
    CGO_ENABLED=0 go build -tags lambda.norpc -trimpath -o "$work/bootstrap" . || { failed=$((failed + 1)); return; }
    (cd "$work" && zip -q fn.zip bootstrap)
    expect "go: context" '{}' '^\{"arn":"arn:aws:lambda:us-east-1:123456789012:function:fn","id":"[0-9a-f-]{36}","left":1\.[0-9]+,"name":"fn","trace":"Root=1-' 0
    expect "go: error" '{"do":"error"}' '^\{"errorMessage":"as asked","errorType":"errorString"\}$' 1
    expect "go: panic" '{"do":"panic"}' '"errorType":"string","stackTrace":\[' 1
    expect "go: exit" '{"do":"exit"}' 'Error: Runtime exited with error: exit status 3"' 1
    expect "go: timeout" '{"do":"sleep"}' '"errorType":"Sandbox.Timedout".*Task timed out after 2.00 seconds"' 1
    expect "go: largest" '{"do":"large","size":6291554}' '^"x+"$' 0
    expect "go: too large" '{"do":"large","size":6291555}' 'Function.ResponseSizeTooLarge' 1
    expect "go: stream" '{"do":"stream"}' '^(streamed ){100}' 0
}
go_client
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
