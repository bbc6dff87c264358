#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# save.sh BOOTSTRAP IMAGE.tar: what docker build of the Dockerfile beside it, and docker save, would write; for machines without Docker.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
case $(uname -m) in x86_64) arch=amd64 ;; aarch64) arch=arm64 ;; esac
mkdir -p "$work/root/app" "$work/image"
cp "$1" "$work/root/app/bootstrap"
chmod -R a+rX "$work/root"
tar -C "$work/root" --owner=0 --group=0 --sort=name --mtime=@0 --format=ustar -cf "$work/layer.tar" app
layer=$(sha256sum <"$work/layer.tar" | cut -c1-64)
mv "$work/layer.tar" "$work/image/$layer.tar"
cat >"$work/config" <<END
{"architecture":"$arch","os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:$layer"]},
"config":{"Entrypoint":["/app/bootstrap"],"Cmd":["app.handler"],"WorkingDir":"/app","Env":["GREETING=hello"]}}
END
config=$(sha256sum <"$work/config" | cut -c1-64)
mv "$work/config" "$work/image/$config.json"
echo "[{\"Config\":\"$config.json\",\"RepoTags\":[\"hello:latest\"],\"Layers\":[\"$layer.tar\"]}]" >"$work/image/manifest.json"
tar -C "$work/image" --format=ustar -cf "$2" "$layer.tar" "$config.json" manifest.json
