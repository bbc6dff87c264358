#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# userns.sh: the action's second step: user namespaces for $LRUN where AppArmor restricts them, as $USERNS says: by a profile for this
# program, by the switch of the whole runner, or not at all. Where nothing restricts them, nothing is done. AppArmor knows programs by
# their paths, so the profile gets the real one.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
switch=${RESTRICTS:-/proc/sys/kernel/apparmor_restrict_unprivileged_userns}
refuse() { echo "::error title=lrun::$1" && exit 1; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

case $USERNS in profile | sysctl | none) ;; *) refuse "userns: '$USERNS' is not one of profile, sysctl, none" ;; esac
if [ ! -e "$switch" ] || [ "$(cat "$switch")" = 0 ]; then
    echo "AppArmor does not restrict user namespaces here"
elif [ "$USERNS" = profile ]; then
    path=$(realpath "$LRUN") profile=$(mktemp "${RUNNER_TEMP:-/tmp}/lrun-profile.XXXXXX")
    case $path in *[!a-zA-Z0-9/._+-]*) refuse "prefix: '$path' has characters that a profile of AppArmor's gives a meaning" ;; esac
    sed "s|^profile lrun [^ ]*|profile lrun $path|" "$here/../apparmor/lrun" >"$profile"
    grep -q "^profile lrun $path " "$profile" || refuse "packaging/apparmor/lrun has no line to put the path into"
    as_root install -m 644 "$profile" /etc/apparmor.d/lrun
    as_root apparmor_parser -r /etc/apparmor.d/lrun
    rm -f "$profile"
    echo "AppArmor's profile lrun lets $path make user namespaces"
elif [ "$USERNS" = sysctl ]; then
    as_root sysctl -w kernel.apparmor_restrict_unprivileged_userns=0
else
    echo "::warning title=lrun::AppArmor restricts user namespaces here, and userns is none"
fi
