#!/bin/sh
# Tests of the package in /var/task, run inside the sandbox. Writes JUnit XML to /tmp/out, which --out brings back.
failed=0 total=0 cases=
check() { # name, wanted, command...
    name=$1 want=$2
    shift 2
    got=$("$@") || got="exit $?"
    total=$((total + 1))
    if [ "$got" = "$want" ]; then
        cases="$cases<testcase name=\"$name\"/>"
    else
        failed=$((failed + 1))
        cases="$cases<testcase name=\"$name\"><failure message=\"wanted $want, got $got\"/></testcase>"
    fi
}
check adds_two 5 /var/task/adder 2 3
check adds_none 0 /var/task/adder
check adds_negative -1 /var/task/adder 2 -3
echo "<testsuite name=\"adder\" tests=\"$total\" failures=\"$failed\">$cases</testsuite>" >/tmp/out/junit.xml
[ "$failed" = 0 ]
