#!/bin/sh
# SPDX-License-Identifier: MIT
# Checks the harness: each of these cases must fail, with this text.
program=./tests/test_harness
status=0

caught() {
	output=$($program "$1" 2>&1)
	if [ $? -eq 0 ]; then
		echo "FAIL: $1 went through"
		status=1
	elif ! printf '%s\n' "$output" | grep -q "$2"; then
		printf '%s\n' "$output"
		echo "FAIL: $1 failed without the words '$2'"
		status=1
	else
		echo "ok: $1"
	fi
}

caught bad_check "is 2 (0x2), not 3"
caught bad_descriptor "left open: /dev/null"
caught bad_memory "1 allocations left behind"
caught bad_errno "allocation 1 fails.*result is -5"
caught bad_cleanup "allocation 2 fails.*live is"
caught bad_hang "this case hangs: harness/bad_hang"
caught bad_child "in a child.*1 + 1 == 3"
caught no_such_case "not every case ran"
$program >/dev/null 2>&1 || { echo "FAIL: the good cases"; status=1; }
exit $status
