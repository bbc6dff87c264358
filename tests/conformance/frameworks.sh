# SPDX-License-Identifier: Apache-2.0
# frameworks.sh: suites of Go and Rust, compiled and run inside with --tools dev and without a network; what they import is vendored. Their
# reports come back. The toolchains are Debian's in /usr, which is visible, and others, whose directory is mounted. Each suite has a test
# that passes and one that fails. Other frameworks: tests/sandbox/test_frameworks.py. And what docs/doors.md tells of a package index, with
# PyPI. Part of run.sh.

# The toolchain's directory is visible, or is mounted and comes first in PATH. Prints options.
mounted() { # its directory, name inside
    case $1 in
    /usr/local/*) ;;
    /usr/*) return ;;
    esac
    printf '%s' "--volume $1:/mnt/$2 --env PATH=/mnt/$2/bin:/usr/bin:/bin"
}

suite() { # directory, command, options...
    from=$1 command=$2
    shift 2
    rm -rf "$work/suite" "$work/suite-out"
    cp -r "$here/frameworks/$from" "$work/suite"
    said=$("$work/lrun" exec --cache-dir "$work/cache" --tools dev --env HOME=/tmp --out "$work/suite-out" "$@" "$work/suite" -- sh -c "$command" 2>&1)
    code=$?
    out="$said $(cat "$work"/suite-out/* 2>/dev/null)"
}

go_suites() {
    found=
    for go in "$(command -v go)" /usr/bin/go; do
        root=$([ -x "$go" ] && env -u GOROOT "$go" env GOROOT) || continue
        case " $found" in *" $root "*) continue ;; esac
        found="$found$root "
        # shellcheck disable=SC2046 # options are words
        suite go 'go test -json ./... >/tmp/out/go.json' $(mounted "$root" go)
        judge "go test with $("$go" version)" '"Action":"pass".*"Test":"TestGreets"' 1
        judge "go test with $("$go" version): the one that fails" '"Action":"fail".*"Test":"TestFails"' 1
    done
    [ "$found" ] || skip "go test: no Go is installed"
}

rust_suites() {
    found=
    for rustc in "$(command -v rustc)" /usr/bin/rustc; do
        root=$([ -x "$rustc" ] && "$rustc" --print sysroot 2>/dev/null) || continue
        case " $found" in *" $root "*) continue ;; esac
        found="$found$root "
        # shellcheck disable=SC2046
        suite rust 'cargo test --offline -- -Z unstable-options --format=junit >/tmp/out/junit.xml' \
            --scratch --env CARGO_TARGET_DIR=/tmp/target --env RUSTC_BOOTSTRAP=1 $(mounted "$root" rust)
        judge "cargo test with $("$rustc" --version)" '<testsuite name="test".* failures="1" tests="2"' 101
    done
    [ "$found" ] || skip "cargo test: no Rust is installed"
}

package_index() {
    for pip in /usr/share/python-wheels/pip-*.whl; do :; done
    if [ ! -f "$pip" ] || ! command -v tinyproxy >/dev/null; then
        skip "package index: tinyproxy-bin or python3-pip-whl is not installed"
        return
    fi
    command="echo 'six==1.16.0 --hash=sha256:8abb2f1d86890a2dfb989f9a77cfcfd3e47c2a354b01111771326f8aa26e0254' >/tmp/wanted
        python3 $pip/pip install -q --retries 0 --no-cache-dir --no-deps --require-hashes --target /tmp/lib -r /tmp/wanted || exit 9
        PYTHONPATH=/tmp/lib python3 -c 'import six; print(six.__version__)'; curl -s -o /tmp/page -w '%{http_connect}\n' https://example.com/"
    out=$(LRUN_OPTIONS="--cache-dir $work/cache --runtime python3" sh "$here/../../examples/doors/index.sh" "$work/lrun" \
        pypi.org:443,files.pythonhosted.org:443 "$work/empty.zip" sh -c "$command" 2>"$work/err" | tr '\n' ';')
    case $(cat "$work/err") in
    *"ERROR: "*) unreachable "package index" "$work/err"; return ;;
    esac
    code=0
    judge "package index: pip installs from PyPI, and nothing else is reached" '^1\.16\.0;403;$' 0
}
