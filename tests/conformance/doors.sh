# SPDX-License-Identifier: Apache-2.0
# doors.sh: what docs/doors.md and docs/debugging.md tell of other people's programs, with these: AWS's local runner of durable functions
# through a door, and debugpy under serve --debug-port. Part of run.sh.

install_python() { # what, directory, requirements...
    what=$1 to=$2
    shift 2
    [ -d "$to" ] && return
    /usr/bin/python3 -m pip --version >/dev/null 2>&1 && pip="/usr/bin/python3 -m pip" || pip=pip
    # shellcheck disable=SC2086 # pip may be three words
    if ! $pip install -q --require-hashes --no-deps --only-binary :all: --target "$to.new" "$@" >"$work/err" 2>&1; then
        rm -rf "$to.new"
        unreachable "$what" "$work/err"
        return 1
    fi
    chmod -R a+rX "$to.new"
    mv "$to.new" "$to"
}

durable_functions() {
    /usr/bin/python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { skip "durable functions: their SDK needs Python 3.11"; return; }
    install_python "durable functions" "$kept/durable" -r "$here/doors/requirements.txt" -r "$here/sdk/requirements.txt" || return
    cp -r "$kept/durable" "$work/durable"
    cp "$here/../../examples/doors/lambda_function.py" "$work/durable"
    printf '#!/bin/sh\nPYTHONPATH=%s exec /usr/bin/python3 -m aws_durable_execution_sdk_python_testing.cli "$@"\n' "$kept/durable" >"$work/runner"
    chmod 755 "$work/runner"
    out=$(LRUN_OPTIONS="--cache-dir $work/cache" sh "$here/../../examples/doors/durable.sh" "$work/lrun" "$work/durable" "$work/runner" 2>&1)
    code=$?
    judge "durable functions: a step, a wait, and the result, through a door" 'hello you, and again' 0
}

debugpy_attached() {
    install_python debugpy "$kept/debugpy" -r "$here/doors/debugpy.txt" || return
    cp -r "$kept/debugpy" "$work/debugged"
    printf 'def lambda_handler(event, context):\n    x = 41\n    return x + event["n"]\n' >"$work/debugged/lambda_function.py"
    out=$(/usr/bin/python3 "$here/doors/editor.py" "$work/lrun" "$work/cache" "$work/debugged" 2>"$work/err" | tr '\n' ';')
    code=0
    judge "debugpy: two requests stop at a breakpoint" '^(stopped /home/you/function/lambda_function.py 3 42 42;){2}$' 0
}
