#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# build-layers.sh [scipy|python|node|java]...: makes built/*.zip, the layers that layer-map.json names, of packages of Debian (apt), PyPI (pip)
# and npm. Nothing is installed; what is there already is not made again. Needs zip, and what is named: apt, pip, npm, javac and jar.
set -eu
cd "$(dirname "$0")"
mkdir -p built
python=$(basename "$(readlink -f /usr/bin/python3)")
work=$(mktemp -d "$PWD/built/tmp.XXXXXX")
trap 'rm -rf "$work"' EXIT

fetch() { # Debian's packages, into $work/root
    rm -rf "$work/debs" "$work/root"
    mkdir -p "$work/debs" "$work/root"
    chmod 777 "$work" "$work/debs" # apt fetches as a user of its own
    (cd "$work/debs" && apt-get download -qq "$@")
    for d in "$work"/debs/*.deb; do dpkg-deb -x "$d" "$work/root"; done
}

pack() { # name: of what is in $work/layer
    (cd "$work/layer" && zip -q -r -y "$work/$1.zip" .)
    mv "$work/$1.zip" built/
    rm -rf "$work/layer"
    echo "built/$1.zip"
}

scipy() {
    [ -f built/scipy.zip ] && return
    fetch python3-numpy python3-scipy python3-decorator libblas3 liblapack3 libgfortran5 libquadmath0 liblbfgsb0
    mkdir -p "$work/layer/python/lib/$python" "$work/layer/lib"
    cp -r "$work/root/usr/lib/python3/dist-packages" "$work/layer/python/lib/$python/site-packages"
    find "$work/root/usr/lib" -name '*.so.*' -not -path '*/python3/*' -exec cp -a {} "$work/layer/lib/" \;
    find "$work/layer" -name tests -type d -prune -exec rm -rf {} + # AWS's limit is 250 MB
    pack scipy
}

python() {
    [ -f built/iopipe-python.zip ] && return
    python3 -m pip install -q --no-compile --disable-pip-version-check --root-user-action=ignore --no-deps --target "$work/layer/python" iopipe
    pack iopipe-python
}

node() {
    [ -f built/iopipe-node.zip ] && return
    mkdir -p "$work/layer/nodejs"
    npm install --silent --no-audit --no-fund --prefix "$work/layer/nodejs" @iopipe/iopipe
    pack iopipe-node
}

java() {
    [ -f built/iopipe-java.zip ] && [ -f built/trace-java.jar ] && return
    fetch libgoogle-gson-java
    mkdir -p "$work/layer/java/lib" built/trace-java
    cp "$work/root/usr/share/java/gson.jar" "$work/layer/java/lib/"
    javac --release 17 -d built/trace-java -cp "$work/layer/java/lib/gson.jar" src/trace-java/example/Trace.java
    jar --create --file built/trace-java.jar -C built/trace-java .
    pack iopipe-java
}

[ $# -gt 0 ] || set -- scipy python node java
for layer in "$@"; do "$layer"; done
