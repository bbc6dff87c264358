# SPDX-License-Identifier: Apache-2.0
# image.sh: AWS's Python client from PyPI in container images made of the host's Python. A part of run.sh, whose functions it uses.

image_expect() { # what, image, event, extended regular expression of the response, exit status
    out=$("$work/lrun" -q --cache-dir "$work/cache" --timeout 5 -e "$3" "$work/images/$2.tar" 2>"$work/err")
    code=$?
    judge "image function, $1" "$4" "$5"
}

image_functions() {
    [ -f "$kept/python.zip" ] || { skip "image functions: without awslambdaric"; return; }
    mkdir -p "$work/images"
    /usr/bin/python3 "$here/image/build.py" "$kept/python.zip" "$work/images" 2>"$work/err" || { fail "image functions: $(tail -n 1 "$work/err")"; return; }
    chmod 644 "$work"/images/*.tar
    client='^\{"client": "/var/(runtime|task)/awslambdaric/__init__\.py", "event": \{"a": \[1, "[^"]*"\]\}, "name": "[a-z-]+", "arn": "arn:aws:lambda:us-east-1:123456789012:function:[a-z-]+", "left": true, "cwd": "/var/task", "native": "so"'
    for image in aws pypi; do
        image_expect "$image: a response" $image '{"a":[1,"ü"]}' "$client" 0
        image_expect "$image: an exception" $image '{"do":"error"}' '^\{"errorMessage": "as asked", "errorType": "ValueError", "requestId": "[0-9a-f-]{36}", "stackTrace": \["  File \\"/var/task/app.py\\", line 5, in handler' 1
    done
    out=$("$work/lrun" --cache-dir "$work/cache" -e '{}' "$work/images/aws.tar" 2>&1)
    code=$?
    judge "image function: its log" 'from the function' 0
    out=$("$work/lrun" -q --cache-dir "$work/cache" --command app.missing -e '{}' "$work/images/aws.tar" 2>/dev/null)
    code=$?
    judge "image function: a handler that is not there" "\"errorType\": ?\"Runtime.HandlerNotFound\"" 1
}
