#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# dist-check.sh BUILD: makes everything that make dist makes twice, from copies in two folders, with another umask, language, time zone,
# home, number of processes and age of the sources, and compares all files byte by byte. LRUN_DIST_PARTS: some parts only, e.g. "x86_64 deb".
# What was made first stays in BUILD/dist.
set -eu
build=$(cd "$1" && pwd)
work=$(mktemp -d /tmp/lrun-dist-check.XXXXXX)
trap 'rm -rf "$work"' EXIT
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || dpkg-parsechangelog -l packaging/debian/changelog -S Timestamp)}
export SOURCE_DATE_EPOCH
unset MAKEFLAGS MAKELEVEL MFLAGS MAKEOVERRIDES

copied() { # folder
    mkdir -p "$1/build"
    tar -cf - --exclude=./build --exclude=./.git --exclude=__pycache__ . | (cd "$1" && tar --touch -xf -)
    [ ! -d "$build/cjson" ] || cp -r "$build/cjson" "$1/build/cjson"
    [ ! -d "$build/arm64/root" ] || { mkdir "$1/build/arm64" && ln -s "$build/arm64/root" "$1/build/arm64/root"; }
}

made() { # folder, then env's settings
    folder=$1
    shift
    for part in ${LRUN_DIST_PARTS:-all}; do
        # shellcheck disable=SC2016
        (cd "$folder" && env "$@" sh -c 'umask $UMASK; sh packaging/dist.sh build "$(sed -n "s/^VERSION := //p" Makefile)" "$1"' sh "$part")
    done
}

one=$work/first two=$work/elsewhere/of-another-name/second
copied "$one"
sleep 1 # files of another second
copied "$two"
made "$one" UMASK=022 HOME=/nonexistent LANG=C TZ=UTC-13
made "$two" UMASK=077 HOME=/tmp LANG=C.UTF-8 TZ=UTC+11 DEB_BUILD_OPTIONS=parallel=1 USER=somebody
first=$one/build/dist second=$two/build/dist
rm -rf "$build/dist" "$build/dist-second"
cp -r "$first" "$build/dist"
ls "$first" >"$work/names"
ls "$second" | cmp -s "$work/names" - || { echo "dist-check: not the same files" >&2; exit 1; }
differing=
while read -r f; do
    cmp "$first/$f" "$second/$f" || differing="$differing $f"
done <"$work/names"
[ -z "$differing" ] || { cp -r "$second" "$build/dist-second"; echo "dist-check: made twice, not the same:$differing (compare $build/dist and $build/dist-second)" >&2; exit 1; }
echo "dist-check: $(wc -l <"$work/names") files, the same to the last byte in both folders"
