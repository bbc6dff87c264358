#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# packages.sh BUILD: what make dist makes, as a user has it. The Debian package passes lintian, is installed by apt on a fresh Debian tree,
# used there by an ordinary user, and removed; the tarball runs on a fresh tree that has none of lrun's libraries. A process in a chroot may
# make no user namespace, so the trees are entered by pivot_root, as root (packages/enter.sh). Needs root, mmdebstrap and a mirror: else skipped aloud.
set -u
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)
work=$(mktemp -d /tmp/lrun-packages.XXXXXX)
chmod 755 "$work"
trap 'rm -rf --one-file-system "$work"' EXIT
passed=0 failed=0 skipped=0
fail() { echo "failed: $*"; failed=$((failed + 1)); }
skip() { echo "skipped: $*"; skipped=$((skipped + 1)); }
finish() {
    echo "packages: $passed passed, $failed failed, $skipped skipped"
    [ "$failed" = 0 ] && { [ "$skipped" = 0 ] || [ "${LRUN_MUST_WORK:-}" != 1 ]; }
    exit $?
}
expect() { # what, extended regular expression, command...; its output and status are looked at
    what=$1 want=$2
    shift 2
    out=$("$@" 2>&1)
    code=$?
    if [ "$code" = 0 ] && printf '%s\n' "$out" | grep -qE -- "$want"; then
        passed=$((passed + 1))
    else
        fail "$what: exit $code: $(printf %s "$out" | tail -c 600)"
    fi
}
[ "$(id -u)" = 0 ] || { skip "packages: entering a tree needs root"; finish; }
command -v mmdebstrap >/dev/null || { skip "packages: mmdebstrap is not installed"; finish; }

deb=$(ls "$build"/dist/lrun_*.deb 2>/dev/null) tarball=$(ls "$build"/dist/lrun-*-"$(uname -m)".tar.gz 2>/dev/null)
[ -n "$deb" ] && [ -n "$tarball" ] || { fail "make dist (or dist-check) has to be run first"; finish; }

# The tree that tests/sandbox/test_rootfs.py makes as well.
tree=/var/tmp/lrun-test-minbase.tar
if [ ! -f $tree ]; then
    mmdebstrap --variant=minbase --quiet "$(. /etc/os-release && echo "$VERSION_CODENAME")" $tree.new 2>"$work/err" || { skip "mmdebstrap: $(tail -n 1 "$work/err")"; finish; }
    chmod 644 $tree.new && mv $tree.new $tree
fi
fresh() { # name
    mkdir "$work/$1" && tar -xf $tree -C "$work/$1" --exclude='./dev/*'
    mkdir -p "$work/$1/given" && cp "$build"/examples/*.zip "$work/$1/given" && chmod 644 "$work/$1"/given/*.zip
    echo "user:x:1000:1000::/home/user:/bin/bash" >>"$work/$1/etc/passwd"
    mkdir -p "$work/$1/home/user" && chown 1000:1000 "$work/$1/home/user"
    cp /etc/resolv.conf "$work/$1/etc/resolv.conf"
    cp -r /etc/apt/sources.list* /etc/apt/apt.conf.d "$work/$1/etc/apt/" # the mirror of this machine
    rm -f "$work/$1"/etc/apt/apt.conf.d/*packagekit* "$work/$1"/etc/apt/apt.conf.d/*appstream*
}
within() { # tree, root|user, command...
    name=$1 who=$2
    shift 2
    unshare --mount --pid --fork --kill-child --propagation private sh "$here/packages/enter.sh" "$work/$name" "$who" "$@"
}

if command -v lintian >/dev/null; then
    expect "lintian" '^$|N:' lintian --allow-root --fail-on error,warning "$deb"
else
    skip "lintian is not installed (make deps-dist)"
fi
expect "checksums" 'OK$' sh -c "cd '$build/dist' && sha256sum -c SHA256SUMS"

fresh package
cp "$deb" "$work/package/given/lrun.deb"
out=$(within package root sh -c 'apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends /given/lrun.deb python3 curl man-db bash-completion zsh fish' 2>&1) || { fail "apt-get install: $(printf %s "$out" | tail -c 600)"; finish; }
passed=$((passed + 1))
expect "lrun doctor" 'works here' within package user lrun doctor
expect "a C function" '^\{' within package user lrun -q /given/hello-c.zip
expect "a shell function with layers" '.' within package user lrun -q --layers /given/first.zip,/given/second.zip /given/function.zip
expect "a Python function" '^[{"]' within package user lrun -q /given/python.zip
expect "exec" '^993$' within package user lrun exec /given/hello-c.zip -- id -u
expect "no namespace below" 'unshare failed: (No space left|Operation not permitted)' within package user sh -c 'lrun exec --seccomp unconfined /given/hello-c.zip -- unshare -U true; test $? != 0'
expect "a policy of the user's (lrun-policy)" '^ok$' within package user sh -c 'lrun inspect --seccomp core >/tmp/p.json && lrun exec --seccomp /tmp/p.json /given/hello-c.zip -- echo ok'
expect "the manual" 'run AWS Lambda deployment packages' within package user sh -c 'MANPAGER=cat man lrun'
expect "the manual is found" '^lrun \(1\)' within package root sh -c 'mandb -q; apropos -s 1 lrun'
expect "examples" 'hello-c' within package user ls /usr/share/doc/lrun/examples
expect "AppArmor's profile stays out where its ABI is not known" '^/usr/bin/lrun$' within package root sh -c 'test ! -e /etc/apparmor.d/lrun && grep -o /usr/bin/lrun /usr/share/lrun/apparmor/lrun'
expect "AppArmor's profile is linked once the ABI comes" '^/usr/share/lrun/apparmor/lrun$' within package root sh -c 'mkdir -p /etc/apparmor.d/abi && touch /etc/apparmor.d/abi/4.0 && dpkg-trigger --no-await /etc/apparmor.d/abi && dpkg --configure -a >/dev/null && readlink /etc/apparmor.d/lrun'
expect "bash completes" '^host$' within package user bash -ic 'source /usr/share/bash-completion/bash_completion; _completion_loader lrun; COMP_WORDS=(lrun exec --tools ho) COMP_CWORD=3; _lrun; echo "${COMPREPLY[@]}"'
expect "zsh has it" '_lrun$' within package user zsh -c 'autoload -Uz compinit; compinit -u -D; echo $_comps[lrun]'
expect "fish completes" '^host\b' within package user fish -c 'complete -C "lrun exec --tools ho"'
expect "removing" '^gone$' within package root sh -c 'dpkg --purge lrun >/dev/null && test ! -e /usr/bin/lrun -a ! -e /usr/libexec/lrun -a ! -L /etc/apparmor.d/lrun && echo gone'

fresh bare
mkdir "$work/bare/opt/lrun" && tar -xzf "$tarball" -C "$work/bare/opt/lrun" --strip-components=1
expect "tarball: none of lrun's libraries are here" '^none$' within bare user sh -c 'ls /usr/lib/*/ | grep -E "libarchive|libcjson|libcrypto|libyaml" || echo none'
expect "tarball: doctor" 'works here' within bare user /opt/lrun/bin/lrun doctor
expect "tarball: a C function" '^\{' within bare user /opt/lrun/bin/lrun -q /given/hello-c.zip
expect "tarball: a policy of the user's" '^ok$' within bare user sh -c '/opt/lrun/bin/lrun inspect --seccomp core >/tmp/p.json && /opt/lrun/bin/lrun exec --seccomp /tmp/p.json /given/hello-c.zip -- echo ok'
expect "tarball: a project" '^\{' within bare user sh -c 'mkdir -p /tmp/p && cd /tmp/p && cp /given/hello-c.zip . && printf "Resources:\n  Hello:\n    Type: AWS::Lambda::Function\n    Properties: {Code: hello-c.zip, Runtime: provided.al2023, Handler: x}\n" >template.yaml && /opt/lrun/bin/lrun -q Hello'
expect "tarball: a tarball as root file system" '^ok$' within bare user sh -c 'tar -C / --exclude=./usr/share -czf /tmp/root.tgz ./usr ./bin ./lib ./lib64 ./etc/passwd && /opt/lrun/bin/lrun exec --rootfs /tmp/root.tgz /given/hello-c.zip -- echo ok'
expect "tarball: a door of --net allow (lrun-relay)" '^ok$' within bare user sh -c '/opt/lrun/bin/lrun exec --net allow=localhost:1 /given/hello-c.zip -- echo ok'
expect "tarball: its SBOM" 'libraries with their licences' /usr/bin/python3 "$here/packages/sbom_check.py" "${tarball%.tar.gz}.spdx.json" "$work/bare/opt/lrun"
expect "tarball: all but lrun-relay are static" '^1 lrun-relay$' sh -c "cd '$work/bare/opt/lrun' && for f in bin/lrun libexec/lrun/*; do readelf -lW \$f | grep -q INTERP && basename \$f; done | uniq -c | sed 's/^ *//'"

# arm64 in user emulation, which has no namespaces: what needs none, and the policies byte by byte.
arm=$(ls "$build"/dist/lrun-*-aarch64.tar.gz 2>/dev/null)
case " ${LRUN_DIST_PARTS:-aarch64} " in *" aarch64 "*) asked=yes ;; *) asked= ;; esac
if [ -z "$asked" ]; then
    echo "arm64: not asked for (LRUN_DIST_PARTS)"
elif [ "$(uname -m)" != x86_64 ] || [ -z "$arm" ] || ! command -v qemu-aarch64 >/dev/null; then
    skip "arm64: no tarball for it was made here, or qemu-user is not installed"
else
    mkdir "$work/arm" && tar -xzf "$arm" -C "$work/arm" --strip-components=1
    expect "arm64: lrun" '^lrun [0-9.]+$' qemu-aarch64 "$work/arm/bin/lrun" --version
    expect "arm64: an event" 'ObjectCreated:Put' qemu-aarch64 "$work/arm/bin/lrun" event s3 put
    expect "arm64: its SBOM" 'libraries with their licences' /usr/bin/python3 "$here/packages/sbom_check.py" "${arm%.tar.gz}.spdx.json" "$work/arm"
    for a in x86_64 aarch64; do
        expect "arm64: the policy compiler, for $a" '^same$' sh -c "qemu-aarch64 '$work/arm/libexec/lrun/lrun-policy' embed $a | cmp - '$build/policy_$a.h' && echo same"
    done
fi
finish
