#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# deps.sh [--list] run|all|dist: installs what building and running need; that and what tests, linters and measurements need; or that and
# what packages are made of and checked with (make dist). By apt only, and only what is missing: no network when all is there. --list
# prints the packages instead.
set -eu
list=
[ "${1-}" != --list ] || { list=yes; shift; }
# Building, the zips of examples/ (curl: one of them is a shell function), and Python functions. Node.js functions need nodejs, --net user passt: lrun names what is missing.
RUN="gcc make pkg-config libc6-dev libseccomp-dev libcap-dev libarchive-dev libcjson-dev libevent-dev libelf-dev zlib1g-dev
libdeflate-dev libssl-dev libyaml-dev zip curl python3"
TEST="libcriterion-dev unzip python3-pytest python3-pytest-xdist python3-pytest-rerunfailures python3-jsonschema man-db procps util-linux attr"
# Node's HTTP parser: a library of its own in newer releases, C sources in node-llhttp before.
if ! dpkg-query -W -f='${Status}' libllhttp-dev 2>/dev/null | grep -q 'ok installed'; then
    LLHTTP=node-llhttp
else
    LLHTTP=libllhttp-dev
fi
# For lint, fuzz, bench and some tests: root file systems, a JDK (a JVM and its compiler for Java functions), a debugger, others' policies, modules that must not leak in.
MORE="default-jdk-headless awscli python3-boto3 wrk passt autoconf automake cmake g++ gdb libtool golang-github-containers-common python3-yaml clang clang-tidy libclang-rt-dev gcc-aarch64-linux-gnu libc6-dev-arm64-cross mmdebstrap bubblewrap strace squashfs-tools libarchive-tools p7zip-full zstd qemu-user busybox-static cpio hostname umoci skopeo docker-registry postgresql python3-build python3-setuptools python3-wheel"
# Engines that start lrun on many machines; containers that it runs in; who reads its shell scripts.
MORE="$MORE slurmctld slurmd slurm-client parallel podman crun systemd-container shellcheck"
# Shells that complete command lines; the parser of the profile for AppArmor.
MORE="$MORE zsh fish apparmor"
# Test frameworks whose suites run inside; a proxy, and pip for an index behind it.
MORE="$MORE junit5 ninja-build tinyproxy-bin python3-pip-whl"
[ "$(uname -m)" != x86_64 ] || MORE="$MORE qemu-system-x86"
[ -x /usr/bin/node ] || [ -x /usr/bin/nodejs ] || [ -x /usr/local/bin/node ] || MORE="$MORE nodejs"
# For make dist: static parts of libarchive, Debian's tools, what is built for arm64; dh and lintian for the package.
DIST="libzstd-dev liblzma-dev libbz2-dev debhelper fakeroot lintian patch gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user mmdebstrap"
case ${1-} in
run) WANT="$RUN $LLHTTP" ;;
all) WANT="$RUN $LLHTTP $TEST $MORE" ;;
dist) WANT="$RUN $LLHTTP $DIST" ;;
*) echo "usage: deps.sh [--list] run|all|dist" >&2 && exit 2 ;;
esac
if [ -n "$list" ]; then
    # shellcheck disable=SC2086
    printf '%s\n' $WANT
    exit 0
fi
missing=
for p in $WANT; do
    case $p in
    libclang-rt-dev) p=$(dpkg-query -W -f='${Package}\n' 'libclang-rt-*-dev' 2>/dev/null | head -n 1); [ -n "$p" ] || p=libclang-rt-dev ;;
    esac
    dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing="$missing $p"
done
[ -z "$missing" ] && exit 0
SUDO=
[ "$(id -u)" = 0 ] || SUDO=sudo
echo "deps: installing$missing"
export DEBIAN_FRONTEND=noninteractive
$SUDO apt-get update -qq
available=
for p in $missing; do
    # A name that this release does not have: its newer or older form.
    case $p in
    # Not in every Ubuntu: what needs them is skipped, or not done.
    awscli | passt | golang-github-containers-common | python3-pytest-rerunfailures | umoci | skopeo | docker-registry) apt-cache show "$p" >/dev/null 2>&1 || continue ;;
    node-llhttp) apt-cache show node-llhttp >/dev/null 2>&1 || p=libllhttp-dev ;;
    libclang-rt-dev) apt-cache show libclang-rt-dev >/dev/null 2>&1 ||
        p=$(apt-cache depends clang | sed -n 's/.*Depends: clang-\([0-9]*\)$/libclang-rt-\1-dev/p' | head -n 1)
        apt-cache show "$p" >/dev/null 2>&1 || continue ;; # before LLVM 14 it was part of clang
    esac
    available="$available $p"
done
# shellcheck disable=SC2086
$SUDO apt-get install -y -qq --no-install-recommends $available >/dev/null
