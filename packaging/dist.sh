#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# dist.sh BUILD VERSION all|x86_64|aarch64|deb: makes what is given away, into BUILD/dist. The same sources make the same bytes: times are
# the last commit's (or SOURCE_DATE_EPOCH), and no path, user, language or umask of this machine gets in. dist-check.sh shows it.
set -eu
umask 022
export LC_ALL=C TZ=UTC0
unset MAKEFLAGS MAKELEVEL MFLAGS MAKEOVERRIDES
build=$1 version=$2 what=$3
top=$(pwd)
here=$top/packaging
out=$build/dist
mkdir -p "$out"
export SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || dpkg-parsechangelog -l "$here/debian/changelog" -S Timestamp)}"
absent=
lacks() { echo "dist: left out: $*"; absent="$absent $1"; }

tarball() { # machine, strip, then the command that makes it: make and what is set for that machine
    machine=$1 strip=$2
    shift 2
    objects=$build/dist-$machine name=lrun-$version-linux-$machine
    stage=$objects/stage
    sh "$here/cjson.sh" "$build/cjson"
    set -- "$@" B="$objects" STATIC="$build/cjson" CFLAGS="-O2 -ffile-prefix-map=$top=." DESTDIR="$stage" PREFIX=/usr/local
    rm -rf "$objects"
    "$@" -s -j"$(nproc)" all 2>"$objects.log" || { cat "$objects.log" >&2; exit 1; } # what the linker warns of is explained in the Makefile
    "$@" -s install 2>>"$objects.log" || { cat "$objects.log" >&2; exit 1; }
    mv "$stage/usr/local" "$stage/$name"
    tree=$stage/$name
    "$strip" --strip-all "$tree/bin/lrun" "$tree"/libexec/lrun/*
    glibc=$(readelf --dyn-syms -W "$tree/libexec/lrun/lrun-relay" | grep -o '@GLIBC_[0-9.]*' | sed 's/@GLIBC_//' | sort -uV | tail -n 1)
    install -m 644 LICENSE "$tree/LICENSE"
    sed "s/@VERSION@/$version/; s/@ARCH@/$machine/; s/@GLIBC@/$glibc/" "$here/README.tarball" >"$tree/README"
    mkdir -p "$tree/share/doc/lrun/licences"
    cp README.md CHANGELOG.md docs/*.md docs/*.json "$tree/share/doc/lrun/"
    sysroot=
    [ "$machine" = "$(uname -m)" ] || sysroot=$build/arm64/root
    /usr/bin/python3 "$here/sbom.py" "$tree" "$objects" "$version" "$machine" "$glibc" "$build/cjson" $sysroot
    cp "$tree/share/doc/lrun/sbom.spdx.json" "$out/$name.spdx.json"
    tar -C "$stage" --sort=name --format=gnu --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" --mode=u+rw,go+rX,go-w -cf - "$name" | gzip -9n >"$out/$name.tar.gz"
    echo "dist: $out/$name.tar.gz"
}

for_arm64() {
    if [ "$(uname -m)" = aarch64 ]; then
        tarball aarch64 strip make
    elif command -v aarch64-linux-gnu-gcc >/dev/null && command -v qemu-aarch64 >/dev/null && [ -d "$build/arm64/root/usr" ]; then
        root=$(cd "$build/arm64/root" && pwd)
        tarball aarch64 aarch64-linux-gnu-strip make ARCH=aarch64 CC="aarch64-linux-gnu-gcc --sysroot=$root" RUN="qemu-aarch64 -L $root"
    else
        lacks "aarch64: needs gcc-aarch64-linux-gnu, qemu-user and mmdebstrap"
    fi
}

# Debian's own tools want a debian/ in the top folder: they get a copy of the sources, so that this one stays clean.
package() {
    command -v dh >/dev/null || { lacks "deb: needs debhelper"; return; }
    copy=$build/dist-deb/lrun
    rm -rf "$build/dist-deb"
    mkdir -p "$copy"
    tar -cf - --exclude=./build --exclude=./.git --exclude=__pycache__ --exclude=./debian . | tar -xf - -C "$copy"
    cp -r "$here/debian" "$copy/debian"
    [ "$(dpkg-parsechangelog -l "$copy/debian/changelog" -S Version)" = "$version" ] || { echo "dist: packaging/debian/changelog is of another version than $version, the Makefile's" >&2; exit 1; }
    chmod -R u+rwX,go+rX,go-w "$copy"
    (cd "$copy" && dpkg-buildpackage -us -uc -b -j"$(nproc)") >"$build/dist-deb.log" 2>&1 || { tail -n 30 "$build/dist-deb.log" >&2; exit 1; }
    cp "$build"/dist-deb/lrun_*.deb "$out/"
    echo "dist: $out/$(basename "$build"/dist-deb/lrun_*.deb)"
}

case $what in
x86_64) tarball x86_64 strip make ;;
aarch64) for_arm64 ;;
deb) package ;;
all)
    rm -rf "$out" && mkdir -p "$out"
    [ "$(uname -m)" != x86_64 ] && lacks "x86_64: made on x86-64 only" || tarball x86_64 strip make
    for_arm64
    package
    ;;
*) echo "usage: dist.sh BUILD VERSION all|x86_64|aarch64|deb" >&2 && exit 2 ;;
esac
(cd "$out" && find . -type f ! -name 'SHA256SUMS*' -printf '%f\n' | sort | xargs sha256sum >SHA256SUMS.new && mv SHA256SUMS.new SHA256SUMS)
[ -z "$absent" ] || [ "${LRUN_MUST_WORK:-}" != 1 ]
