#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# layers.sh BUILD: layers made of Debian's packages, which are fetched by apt and not installed: BUILD/real/numpy.zip with
# NumPy and SciPy as Lambda wants them, BUILD/real/pytest.zip with pytest. Nothing is done where they are there already.
set -eu
mkdir -p "$1/real"
real=$(cd "$1/real" && pwd)
python=$(basename "$(readlink -f /usr/bin/python3)")

fetch() { # directory, packages
    mkdir -p "$1/debs" "$1/root"
    chmod 777 "$1/debs" # apt fetches as a user of its own
    to=$1
    shift
    (cd "$to/debs" && apt-get download -qq "$@")
    for d in "$to"/debs/*.deb; do dpkg-deb -x "$d" "$to/root"; done
}

layer() { # name, packages: modules into python/lib/PYTHON/site-packages, shared libraries into lib
    [ -f "$real/$1.zip" ] && return
    work=$(mktemp -d "$real/tmp.XXXXXX")
    name=$1
    shift
    fetch "$work" "$@"
    mkdir -p "$work/layer/python/lib/$python" "$work/layer/lib"
    cp -r "$work/root/usr/lib/python3/dist-packages" "$work/layer/python/lib/$python/site-packages"
    for d in "$work/root/usr/lib/$(gcc -print-multiarch)" "$work/root/usr/lib/$(gcc -print-multiarch)/blas" "$work/root/usr/lib/$(gcc -print-multiarch)/lapack"; do
        [ -d "$d" ] && find "$d" -maxdepth 1 -name '*.so.*' -exec cp -a {} "$work/layer/lib/" \;
    done
    find "$work/layer" -name tests -type d -prune -exec rm -rf {} +
    (cd "$work/layer" && zip -q -r -y "$work/$name.zip" .)
    mv "$work/$name.zip" "$real/$name.zip"
    rm -rf "$work"
}

layer numpy python3-numpy python3-scipy python3-decorator libblas3 liblapack3 libgfortran5 libquadmath0 liblbfgsb0
layer pytest python3-pytest python3-pluggy python3-iniconfig python3-packaging python3-attr
