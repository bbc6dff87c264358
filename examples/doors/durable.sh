#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# durable.sh LRUN PKG RUNNER: one durable execution of the function in the directory PKG (lambda_function.py and its SDK), by AWS's local
# runner (dex-local-runner) and lrun serve. Prints its last state, which has the result.
set -eu
lrun=$1 pkg=$2 runner=$3
work=$(mktemp -d)
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
invoke=$(free_port) durable=$(free_port)
export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local # the runner signs its requests with anything
# shellcheck disable=SC2086
"$lrun" serve ${LRUN_OPTIONS-} -p "$invoke" --net "allow=localhost:$durable" --env "AWS_ENDPOINT_URL_LAMBDA=http://localhost:$durable" \
    --timeout 30 --memory 512 "greet=$pkg" 2>"$work/serve.log" &
server=$!
"$runner" start-server --host 127.0.0.1 --port "$durable" --lambda-endpoint "http://127.0.0.1:$invoke" >"$work/runner.log" 2>&1 &
trap 'kill $server $! 2>/dev/null || true; wait; rm -rf "$work"' EXIT
started=$(curl -s --retry 20 --retry-connrefused --retry-delay 1 "http://127.0.0.1:$durable/start-durable-execution" -H 'Content-Type: application/json' \
    -d '{"AccountId": "123456789012", "FunctionName": "greet", "FunctionQualifier": "$LATEST", "ExecutionName": "one", "ExecutionTimeoutSeconds": 60,
         "ExecutionRetentionPeriodDays": 1, "InvocationId": "1", "Input": "{\"name\": \"you\"}"}')
arn=$(printf %s "$started" | sed -e 's/.*"ExecutionArn": *"\([^"]*\)".*/\1/' -e 's,/,%2F,g')
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
    state=$(curl -s "http://127.0.0.1:$durable/2025-12-01/durable-executions/$arn")
    case $state in
        *'"Status":"SUCCEEDED"'*) printf '%s\n' "$state" && exit 0 ;;
        *'"Status":"RUNNING"'*) sleep 1 ;;
        *) break ;;
    esac
done
echo "the execution did not succeed: $started $state" >&2
cat "$work/serve.log" "$work/runner.log" >&2
exit 1
