#!/bin/sh
# One case of a test suite in each task:  sbatch -W --array=0-49 job.sh FUNCTION.zip OUT
# OUT gets a result and a report of each task. A task that lrun could not run (125), or that was killed, ends with 75: with RequeueExit=75 in
# slurm.conf it runs again. Whatever ran before then is overwritten, as if it had never been.
# Where tasks run on hosts that share a cache: LRUN_CACHE_BASE=/srv/lrun, see docs/machines.md.
#SBATCH --job-name=lrun
#SBATCH --requeue
#SBATCH --output=/dev/null
function=$1 out=$2 task=$SLURM_ARRAY_TASK_ID
: "${LRUN:=lrun}"
rm -f "$out/$task.json"
# shellcheck disable=SC2086
"$LRUN" exec ${LRUN_OPTIONS-} --report "$out/$task.json" --env "TASK=$task" "$function" -- ./case >"$out/$task.txt" 2>&1
code=$?
[ "$code" != 125 ] && [ "$code" -lt 128 ] || exit 75
exit "$code"
