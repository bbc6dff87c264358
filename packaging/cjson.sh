#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# cjson.sh DIR: puts cJSON's source, with Debian's patches, into DIR/cjson. Debian has no static cJSON, and the tarballs' lrun-policy is
# static. The source comes from the mirror that apt uses; packaging/cjson.pin says which one, and any other is refused.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
cd "$1"
fail() { echo "cjson: $*" >&2; exit 1; }

pin=$(grep -v '^#' "$here/cjson.pin" | tr '\n' ' ')
# shellcheck disable=SC2086
set -- $pin
version=$1-$2 original=cjson_$1.orig.tar.gz patches=cjson_$1-$2.debian.tar.xz
[ -f "cjson/$version" ] && exit 0
there=$(dpkg-query -W -f '${Version}' libcjson-dev)
[ "$there" = "$version" ] || fail "this machine has cJSON $there, packaging/cjson.pin names $version: tarballs are made on an up-to-date Debian 12, with the pin of its version"

fetch() { # file, its SHA-256
    [ -f "$1" ] && echo "$2  $1" | sha256sum -c --status && return
    base=$(apt-get download --print-uris libcjson-dev | sed "s/^'\([^']*\)\/[^\/]*'.*/\1/")
    rm -f "$1"
    /usr/lib/apt/apt-helper download-file "$base/$(echo "$1" | sed 's/+/%2b/g')" "$1" "SHA256:$2" >log 2>&1 || fail "cannot fetch $1 with the digest in packaging/cjson.pin: $(tail -n 1 log)"
}
fetch "$original" "$3"
fetch "$patches" "$4"
echo "$3  $original
$4  $patches" | sha256sum -c --status || fail "another digest than the one in packaging/cjson.pin"
rm -rf cjson source
mkdir source
tar -xzf "$original" -C source --strip-components=1
tar -xJf "$patches" -C source
(cd source && while read -r p; do patch -s -p1 <"debian/patches/$p" || exit 1; done <debian/patches/series) || fail "a patch does not apply"
mkdir cjson
cp source/cJSON.c source/cJSON.h source/LICENSE cjson
touch "cjson/$version"
rm -rf source
