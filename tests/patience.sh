# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# How long a script waits for something that has to come. No test passes or fails by this time
# unless there is a fault: it only ends a wait that would never end. In C: tests/patience.h.

# In seconds: five minutes, and up to an hour on a slow machine. To start a program twenty times
# takes 50 ms where nothing else runs.
if [ -z "${BLEWIRE_PATIENCE:-}" ]; then
	patience_start=$(date +%s%N)
	for patience_i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		sleep 0
	done
	BLEWIRE_PATIENCE=$((300 * (($(date +%s%N) - patience_start) / 1000000) / 100))
	[ "$BLEWIRE_PATIENCE" -ge 300 ] || BLEWIRE_PATIENCE=300
	[ "$BLEWIRE_PATIENCE" -le 3600 ] || BLEWIRE_PATIENCE=3600
	export BLEWIRE_PATIENCE
fi

# bounded COMMAND...: with "timeout": 124 if it does not end
bounded() { timeout -k 10 "$BLEWIRE_PATIENCE" "$@"; }

# wait_until COMMAND...: until it succeeds, without its output; fails if it never does
wait_until() {
	patience_end=$(($(date +%s) + BLEWIRE_PATIENCE))
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -lt $patience_end ] || return 1
		sleep 0.05
	done
}
