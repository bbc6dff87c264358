#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# index.sh LRUN HOSTS FUNCTION CMD...: a command in the function's environment that reaches the package index at HOSTS and nothing else.
# HOSTS is HOST:PORT,..., e.g. pypi.org:443,files.pythonhosted.org:443; port 443 is TLS, another plain HTTP. One door leads to tinyproxy
# (Debian: tinyproxy-bin) on a free port of 127.0.0.1, which lets these hosts through and writes a log line for each request. It runs as
# whoever starts this, or as nobody in place of root, and ends with the command, whose exit status this returns.
set -eu
[ $# -ge 4 ] || { sed -n '3,6s/^# //p' "$0" >&2; exit 2; }
lrun=$1 hosts=$2 function=$3
shift 3
case ,$hosts, in
*[!A-Za-z0-9.:,-]* | *,,* | *,:* | *:,*) echo "index.sh: HOSTS is HOST:PORT,..., not '$hosts'" >&2 && exit 2 ;;
esac
if printf '%s\n' "$hosts" | tr ',' '\n' | grep -qv ':'; then
    echo "index.sh: each of HOSTS needs a port: '$hosts'" >&2 && exit 2
fi
work=$(mktemp -d)
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')

# What is let through, as regular expressions of what a client asks for: HOST:443 to be connected to, or an absolute URL.
printf '%s\n' "$hosts" | tr ',' '\n' | sed -e 's/[.]/\\./g' -e '/:443$/s/.*/^&$/' -e '/:443[$]$/!s,.*,^http://&/,' -e 's,:80/$,(:80)?/,' >"$work/filter"
{
    printf 'Port %s\nListen 127.0.0.1\nAllow 127.0.0.1\nConnectPort 443\n' "$port"
    printf 'Filter "%s"\nFilterURLs On\nFilterType ere\nFilterDefaultDeny Yes\nFilterCaseSensitive On\n' "$work/filter"
    printf 'MaxClients 50\nTimeout 60\nDisableViaHeader Yes\nLogFile "%s"\nLogLevel Connect\n' "$work/log"
    [ "$(id -u)" != 0 ] || printf 'User nobody\n'
} >"$work/conf"
if [ "$(id -u)" = 0 ]; then chown nobody "$work"; fi
tinyproxy -d -c "$work/conf" >"$work/out" 2>&1 &
proxy=$!
trap 'kill $proxy 2>/dev/null || true; wait $proxy 2>/dev/null || true; rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
tries=0
until curl -s -o "$work/page" "http://127.0.0.1:$port/"; do
    tries=$((tries + 1))
    if [ $tries = 100 ] || ! kill -0 $proxy 2>/dev/null; then
        cat "$work/out" "$work/log" >&2
        exit 125
    fi
    sleep 0.1
done
status=0
# shellcheck disable=SC2086 # options are words
"$lrun" exec ${LRUN_OPTIONS-} --net "allow=127.0.0.1:$port" --env "http_proxy=http://127.0.0.1:$port" --env "https_proxy=http://127.0.0.1:$port" \
    "$function" -- "$@" || status=$?
[ ! "${INDEX_LOG-}" ] || cp "$work/log" "$INDEX_LOG"
exit $status
