#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# install.sh: the action's first step: lrun into $PREFIX, from the release $TARBALL with the digest $SHA256, or built from the sources that
# this file lies in. A release from the network is used with its digest only. Says in $GITHUB_OUTPUT and $GITHUB_PATH where it is.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
refuse() { echo "::error title=lrun::$1" && exit 1; }
as_root() { if [ "$(id -u)" = 0 ] || { mkdir -p "$PREFIX" 2>/dev/null && [ -w "$PREFIX" ]; }; then "$@"; else sudo "$@"; fi; }

case $PREFIX in /*) ;; *) refuse "prefix: '$PREFIX' is not an absolute path" ;; esac
work=$(mktemp -d "${RUNNER_TEMP:-/tmp}/lrun-install.XXXXXX")
trap 'rm -rf "$work"' EXIT
if [ -n "$TARBALL" ]; then
    case $TARBALL in
    https://*)
        [ -n "$SHA256" ] || refuse "sha256: a tarball from the network needs its digest, which SHA256SUMS of the release has"
        curl --fail --silent --show-error --location --proto '=https' --retry 3 --output "$work/lrun.tar.gz" "$TARBALL"
        ;;
    *://*) refuse "tarball: '$TARBALL' is neither a path nor an https address" ;;
    *) cp "$TARBALL" "$work/lrun.tar.gz" ;;
    esac
    [ -z "$SHA256" ] || echo "$SHA256  $work/lrun.tar.gz" | sha256sum --check --status || refuse "sha256: the tarball is another one"
    mkdir "$work/tree"
    tar -xzf "$work/lrun.tar.gz" -C "$work/tree" --strip-components=1 --no-same-owner
    [ -x "$work/tree/bin/lrun" ] || refuse "tarball: it has no bin/lrun: lrun-VERSION-linux-MACHINE.tar.gz of a release is meant"
else
    sh "$here/../deps.sh" run
    make -s -C "$here/../.." -j"$(nproc)" all
    make -s -C "$here/../.." install DESTDIR="$work/stage" PREFIX=/p
    mv "$work/stage/p" "$work/tree"
fi
as_root mkdir -p "$PREFIX"
as_root cp -r "$work/tree/." "$PREFIX/"
version=$("$PREFIX/bin/lrun" --version | head -n 1) || refuse "the program does not start: is it for $(uname -m)?"
echo "$version in $PREFIX"
echo "$PREFIX/bin" >>"$GITHUB_PATH"
{ echo "lrun=$PREFIX/bin/lrun" && echo "version=$version"; } >>"$GITHUB_OUTPUT"
