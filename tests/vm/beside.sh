# SPDX-License-Identifier: MIT
# bluetoothd and the program at the same adapter, each with peers of its own, which are in the
# second guest, as bluetoothd takes every adapter of its kernel. Sourced by cases.
# shellcheck shell=bash

# bluetoothd takes no notice of a peer that is not discoverable.
on_adapter_of_bluetoothd() {
	other stop_daemon; air_of_host 0 1 && central 0 && other air_of_host 8 4 && other peers 8 11 tick 50 &&
		other setup 8 discoverable && other setup 9 discoverable && start_bluetoothd && ctl_until 'Changing power on succeeded' "select $central" "power on"
}

# ctl_either PATTERN LINE...: as ctl_until, without a complaint; what was said is in $work/said
ctl_either() {
	local pattern=$1 before
	shift
	before=$(wc -l <$ctl_log)
	ctl "$@"
	BLEWIRE_PATIENCE=$(($(limit_ms 60000) / 1000)) wait_until new_line "$before" "$pattern" ||
		complain "bluetoothctl does not say '$pattern'" || return
	tail -n +"$((before + 1))" $ctl_log | grep "$pattern" >"$work/said"
}

# One of its peers is forgotten, found, connected, and disconnected.
daemon_round() {
	local status=0
	ctl_either "Device $1" "scan on" || return
	ctl_either 'Connection successful\|Failed to connect\|not available' "connect $1" || return
	grep -q 'Connection successful' "$work/said" || { status=1; cat "$work/said" >&2; }
	[ $status != 0 ] || ctl_either 'Successful disconnected\|Failed to disconnect' "disconnect $1"
	ctl_either 'Discovery stopped\|Failed to stop' "scan off"
	ctl_either 'has been removed\|not available' "remove $1"
	return $status
}

# daemon_rounds COUNT: how many failed is in $failures
daemon_rounds() {
	local round
	failures=0
	for ((round = 0; round < $1; round++)); do
		daemon_round "$(address $((8 + round % 2)))" || failures=$((failures + 1))
	done
}

# our_rounds NUMBER: connects, subscribes, disconnects, until there are enough
our_rounds() {
	local rounds=0 failed=0
	until [ -e "$work/enough" ]; do
		blewire --timeout 60 notify "$(address "$1")/public" 2a37 -n 2 >"$work/ours.$1" 2>&1 ||
			{ failed=$((failed + 1)); tail -n 1 "$work/ours.$1"; }
		rounds=$((rounds + 1))
	done >&2
	echo "$rounds $failed" >"$work/rounds.$1"
}

bluetoothd_beside() {
	local count=${BLEWIRE_BESIDE_ROUNDS:-3} alone beside rounds=0 failed=0 number made bad loops=
	daemon_rounds "$count"
	alone=$failures
	rm -f "$work/enough"
	for number in 10 11; do
		our_rounds $number &
		loops="$loops $!"
	done
	daemon_rounds "$count"
	beside=$failures
	: >"$work/enough"
	# shellcheck disable=SC2086 # both
	wait $loops
	for number in 10 11; do
		read -r made bad <"$work/rounds.$number"
		rounds=$((rounds + made))
		failed=$((failed + bad))
		[ "$made" -gt 0 ] || fail "no round of ours with $number" || return
	done
	echo "  bluetoothd: $alone of $count failed alone, $beside of $count beside us; ours: $failed of $rounds"
	[ "$beside" -le "$alone" ] && [ "$failed" -le "$alone" ] || fail "more failures than alone: see above"
}
