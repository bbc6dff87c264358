#!/bin/sh
# Runs a submission, /tmp/in/main.py, on the numbers of standard input and compares its answer: the sum.
numbers=$(cat)
expected=0
for n in $numbers; do expected=$((expected + n)); done
answer=$(echo "$numbers" | /usr/bin/python3 /tmp/in/main.py) || exit 2
[ "$answer" = "$expected" ] || { echo "expected $expected, got $answer"; exit 1; }
echo right
