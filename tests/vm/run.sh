#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh BUILD: boots Debian's cloud kernel under software emulation with lrun in it, and judges what guest.sh prints.
set -eu
build=$(cd "$1" && pwd) here=$(cd "$(dirname "$0")" && pwd) top=$(cd "$(dirname "$0")/../.." && pwd)
vm=$build/vm root=$build/vm/root
[ "$(uname -m)" = x86_64 ] || { echo "check-vm: x86-64 only"; exit 0; }
mkdir -p "$vm"

if ! ls "$vm"/kernel/boot/vmlinuz-* >/dev/null 2>&1; then
    package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-.*\)/\1/p' | head -n 1)
    (cd "$vm" && apt-get download -qq "$package" && dpkg -x linux-image-*.deb kernel && rm -f linux-image-*.deb)
fi

# The root file system: busybox, lrun and what it starts with their libraries, the worker.
rm -rf "$root" && mkdir -p "$root/usr/bin" "$root/usr/lib" "$root/usr/sbin" "$root/usr/lib64" "$root/modules" "$root/tests" "$root/home/user" "$root/etc" "$root/dev" "$root/proc" "$root/run" "$root/sys" "$root/tmp" "$root/var" "$root/root"
ln -s usr/bin "$root/bin" && ln -s usr/sbin "$root/sbin" && ln -s usr/lib "$root/lib" && ln -s usr/lib64 "$root/lib64"
cp /bin/busybox "$root/usr/bin/busybox" && ln -s busybox "$root/usr/bin/sh" && ln -s busybox "$root/usr/bin/true"
cp "$build/lrun" "$build/lrun-unpack" "$build/lrun-policy" "$build/lrun-project" "$build/lrun-relay" "$root/usr/bin/"
for library in $(ldd "$build/lrun-unpack" "$build/lrun-policy" "$build/lrun-project" "$build/lrun-relay" | grep -oE '/[^ ]+\.so[^ ]*' | sort -u); do
    mkdir -p "$root/$(dirname "$(realpath -m "/usr/${library#/usr}" 2>/dev/null || echo "$library")")"
    case $library in /lib/* | /lib64/*) to=/usr$library ;; *) to=$library ;; esac
    mkdir -p "$root/$(dirname "$to")" && cp -L "$library" "$root/$to"
done
find "$vm/kernel" -name overlay.ko* -exec cp {} "$root/modules/" \;
[ -f "$root/modules/overlay.ko" ] || xz -dk "$root"/modules/overlay.ko.xz
printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home/user:/bin/sh\n' >"$root/etc/passwd"
printf 'root:x:0:\nuser:x:1000:\n' >"$root/etc/group"
cp "$here/init" "$root/init" && cp "$here/guest.sh" "$root/tests/" && chmod 755 "$root/init" "$root/tests/guest.sh"
mkdir -p "$vm/worker" && cc -O2 -static -D_GNU_SOURCE -I"$top" -o "$vm/worker/bootstrap" "$here/worker.c" -lpthread
rm -f "$root/tests/worker.zip" && (cd "$vm/worker" && zip -q -X "$root/tests/worker.zip" bootstrap)
chmod 644 "$root/tests/worker.zip"
# Owners are set in the archive: whoever builds it need not be root.
(cd "$root" && find . -print0 | sort -z | cpio --null -o -H newc --quiet -R 0:0 | gzip -1 >"$vm/initramfs.gz")

timeout "${VM_SECONDS:-900}" qemu-system-x86_64 -machine q35 -cpu max -accel tcg,thread=multi -smp 2 -m 2048 -nographic -no-reboot -nodefaults -serial stdio \
    -kernel "$(echo "$vm"/kernel/boot/vmlinuz-*)" -initrd "$vm/initramfs.gz" -append "console=ttyS0 quiet panic=-1 init=/init rdinit=/init" </dev/null >"$vm/log" 2>&1 || echo "qemu ended with $?" >>"$vm/log"
tr -d '\r' <"$vm/log" | grep -E '^(ok|FAIL|kernel|absent|end)' || true
passed=$(grep -c '^ok ' "$vm/log" || true) failed=$(grep -c '^FAIL ' "$vm/log" || true)
grep -q '^end' "$vm/log" || { tail -n 30 "$vm/log"; failed=$((failed + 1)); echo "the machine did not come to its end"; }
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
