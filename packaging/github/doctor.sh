#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# doctor.sh: the action's last step: whether $LRUN works on this runner. What it needs and does not find is an error of the step, with the
# remedy in doctor's words; the rest is in the log. The whole of it goes into the step's summary.
set -uo pipefail
escape() { printf '%s' "$1" | sed -e 's/%/%25/g' -e 's/\r/%0D/g'; }
text=$("$LRUN" doctor)
status=$?
printf '%s\n' "$text"
while IFS= read -r line; do
    case $line in
    failed*) echo "::error title=lrun doctor::$(escape "${line#failed}" | sed 's/^ *//')" ;;
    esac
done <<<"$text"
{ echo "### lrun doctor" && echo '```' && printf '%s\n' "$text" && echo '```'; } >>"${GITHUB_STEP_SUMMARY:-/dev/null}"
exit "$status"
