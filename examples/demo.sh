#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# demo.sh BUILD: the main job on real zips: two layers that bring the same file, and a function that shows which one won.
set -eu
lrun=$1/lrun zips=$1/examples
say() { printf '\n\033[1m$ %s\033[0m\n' "$*"; }
[ -t 1 ] || say() { printf '\n$ %s\n' "$*"; }
say "lrun --layers first.zip,second.zip function.zip"
"$lrun" --layers "$zips/first.zip,$zips/second.zip" "$zips/function.zip"
echo
say "lrun -e '{\"n\":1}' -e '{\"n\":2}' hello-c.zip"
"$lrun" -e '{"n":1}' -e '{"n":2}' "$zips/hello-c.zip"
say "lrun -e '{\"name\":\"you\"}' python.zip     # no bootstrap: lambda_function.py tells"
"$lrun" -e '{"name":"you"}' "$zips/python.zip"
echo
if [ -x /usr/bin/node ] || [ -x /usr/local/bin/node ]; then
    say "lrun node.zip"
    "$lrun" "$zips/node.zip"
    echo
fi
say "lrun image.tar     # a container image, as docker save writes it"
"$lrun" "$zips/image.tar"
echo
say "lrun exec --volume tests:/mnt/tests --out results adder.zip -- /mnt/tests/run.sh"
results=$(mktemp -d)/results
"$lrun" exec --volume "$(cd "$(dirname "$0")" && pwd)/exec-tests/tests:/mnt/tests" --out "$results" "$zips/adder.zip" -- /mnt/tests/run.sh
cat "$results/junit.xml"
rm -rf "$(dirname "$results")"
