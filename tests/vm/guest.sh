#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# guest.sh: what a container cannot show, on another kernel: cgroups that are one's own, an ordinary user without help from root,
# user namespaces that are switched off. Each line "ok NAME" or "FAIL NAME: what was seen".
export PATH=/usr/bin
busybox mount -t proc proc /proc
busybox mount -t sysfs sys /sys
busybox mount -t devtmpfs dev /dev
busybox mount -t cgroup2 cgroup /sys/fs/cgroup
busybox chmod 1777 /tmp
busybox chown 1000:1000 /home/user
for m in overlay; do busybox insmod /modules/$m.ko; done
alias grep='busybox grep' sed='busybox sed'
echo "kernel $(busybox uname -r)"

ok() { echo "ok $1"; }
bad() { echo "FAIL $1: $(echo "$2" | busybox tr '\n' '|' | busybox cut -c1-1500)"; }
has() { # name, extended regular expression, text
    if echo "$3" | grep -qE "$2"; then ok "$1"; else bad "$1" "$3"; fi
}
between() { # name, low, high, number
    if [ "${4:-x}" -ge "$2" ] 2>/dev/null && [ "$4" -le "$3" ]; then ok "$1 ($4)"; else bad "$1" "$4, not within $2 and $3"; fi
}

# Delegated as systemd does it: a directory of the user's, with the controllers, and the shell in a part of it.
CG=/sys/fs/cgroup
for c in memory pids cpu; do echo +$c >$CG/cgroup.subtree_control; done
busybox mkdir -p $CG/user/shell $CG/roots
for c in memory pids cpu; do echo +$c >$CG/user/cgroup.subtree_control; done
busybox chown -R 1000:1000 $CG/user
user() { # as an ordinary user, in the delegated cgroup
    busybox sh -c 'echo $$ >'$CG'/user/shell/cgroup.procs; cd /home/user; exec busybox su user -s /bin/sh -c "$1"' sh "$*"
}
root() { busybox sh -c "$*"; }
busybox='\["sh is not bash: the host has no bash","awk is not gawk: the host has no gawk"\]' # all that this small system lacks
report() { echo "$1" | grep '"schema":"lrun.report/1"'; }
field() { report "$1" | sed -n "s/.*\"$2\":\([0-9.]*\).*/\1/p"; }

run_all() { # who, prefix of lrun's options
    who=$1 run=$2
    out=$($run 'lrun -q '$3' -e 1 /tests/worker.zip'); has "$who: an invocation" '^0$' "$out"
    out=$($run 'lrun exec '$3' /tests/worker.zip -- /usr/bin/busybox id'); has "$who: a command" 'uid=993.* gid=990' "$out"
    out=$($run 'lrun '$3' --memory 128 --timeout 60 --report - -e "\"hog\"" /tests/worker.zip 2>&1'); has "$who: out of memory, in Lambda's words" 'Runtime.ExitError.*signal: killed' "$out"
    has "$who: the report says so" '"reason":"out-of-memory"' "$out"
    has "$who: by the cgroup" '"oomKilled":true' "$out"
    has "$who: nothing is degraded" "\"degraded\":$busybox" "$out"
    has "$who: why" 'why: the function exceeded its 128 MB.*LR-001' "$out"
    peak=$(field "$out" cgroupPeakBytes); between "$who: memory.peak of 128 MB, with room for /tmp" 120000000 675000000 "$peak"
    for kind in 'private file' shared 'mapped memfd' memfd segment /dev/shm; do
        out=$($run 'lrun '$3' --memory 128 --timeout 200 --shm 400 -e "\"hold '"$kind"'\"" /tests/worker.zip 2>&1'); has "$who: $kind counts" 'Runtime.ExitError.*signal: killed' "$out"
    done
    for kind in 'mapped tmp' tmp; do
        out=$($run 'lrun -q '$3' --memory 128 --timeout 200 -e "\"hold '"$kind"'\"" /tests/worker.zip 2>&1'); has "$who: $kind does not count" '^160$' "$out"
    done
    out=$($run 'lrun '$3' --memory 512 --report - -e 1 /tests/worker.zip 2>&1'); has "$who: REPORT has the memory used" 'Max Memory Used: [1-9][0-9]? MB' "$out"
    small=$($run 'lrun -q '$3' --memory 512 --timeout 60 -e "\"burn\"" /tests/worker.zip'); between "$who: CPU of 512 MB in 2 s" 450 750 "$small"
    whole=$($run 'lrun -q '$3' --memory 1769 --timeout 60 -e "\"burn\"" /tests/worker.zip'); between "$who: CPU of 1769 MB in 2 s" 1500 2100 "$whole"
    out=$($run 'lrun -q '$3' --timeout 120 --memory 1769 -e "\"forks\"" /tests/worker.zip 2>&1'); between "$who: processes" 900 1024 "$out"
    out=$($run 'lrun -q '$3' --pause 1500 -e "\"watch\"" -e "\"watch\"" --report - /tests/worker.zip 2>&1'); between "$who: frozen between events" 1200 30000 "$(echo "$out" | sed -n 2p)"
    has "$who: by the cgroup" "\"degraded\":$busybox" "$out"
    left=$(busybox find $CG -name 'lrun-*' | busybox wc -l); between "$who: no cgroup is left" 0 0 "$left"
}

run_all "ordinary user" user ""
run_all "root" root "--cgroup $CG/roots"

out=$(user lrun doctor); has "doctor finds nothing amiss" 'cgroup' "$out"
echo "$out" | grep -q '^failed' && bad "doctor: no failure" "$out" || ok "doctor: no failure"

# The date jumps a day on and two back while a function runs: its time is the monotonic clock's, so neither ends it nor keeps it.
jump() { busybox sleep 1; busybox date -s @$(($(busybox date +%s) + 86400)); busybox sleep 0.5; busybox date -s @$(($(busybox date +%s) - 172800)); }
jump >/dev/null & out=$(user 'lrun -q --timeout 30 -e "\"burn\"" /tests/worker.zip 2>&1'); wait; has "a date that jumps ends nothing" '^[0-9]+$' "$out"
jump >/dev/null & out=$(user 'lrun -q --timeout 1 -e "\"burn\"" /tests/worker.zip 2>&1'); wait; has "nor does it keep what is over time" 'timed out after 1.00 seconds' "$out"

# User namespaces switched off, as hosts do it: what is said must name the switch.
for switch in kernel/unprivileged_userns_clone user/max_user_namespaces kernel/apparmor_restrict_unprivileged_userns; do
    [ -f /proc/sys/$switch ] || { echo "absent /proc/sys/$switch"; continue; }
    old=$(busybox cat /proc/sys/$switch)
    case $switch in *apparmor*) echo 1 ;; *) echo 0 ;; esac >/proc/sys/$switch
    name=$(echo $switch | busybox tr / .)
    out=$(user 'lrun exec /tests/worker.zip -- /usr/bin/busybox true; echo status $?' 2>&1)
    has "$switch off: refused, and the switch is named" "$name" "$out"
    has "$switch off: 125" 'status 125' "$out"
    out=$(user lrun doctor 2>&1); has "$switch off: doctor names it too" "$name" "$out"
    echo "$old" >/proc/sys/$switch
done
out=$(user 'lrun exec /tests/worker.zip -- /usr/bin/busybox echo again' 2>&1); has "and on again" '^again$' "$out"

# What the kernel is asked for, by name, that older ones lack.
out=$(user 'lrun exec /tests/worker.zip -- /usr/bin/busybox cat /proc/self/mountinfo' 2>&1); has "layers below an overlay" ' / / ro,nosuid,nodev.* - overlay none ro,lowerdir=0:1:empty' "$out"
echo "end"
busybox poweroff -f
