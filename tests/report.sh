# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# A line for each case of a script, which ends with "exit $status". For sh and bash.
status=0

verdict() { # NAME STATUS
	if [ "$2" -eq 0 ]; then
		echo "ok: $1"
	else
		echo "FAIL: $1"
		status=1
	fi
}

# check NAME COMMAND...: its output is shown if it fails
check() {
	report_name=$1
	shift
	report_output=$("$@" 2>&1)
	report_status=$?
	verdict "$report_name" $report_status
	[ $report_status -eq 0 ] || printf '%s\n' "$report_output"
}

# Makes lines comparable that differ in their numbers only
numbers() { sed -e 's/-\{0,1\}[0-9][0-9.]*/N/g' -e 's/  */ /g'; }
