# SPDX-License-Identifier: MIT
# Keepers over all that happens to their adapter and their peers: tests/vm/keep keeps one peer
# that is there, with its notifications, and one that is absent all the time. Sourced by cases.
# shellcheck shell=bash

keeper=
descriptors= # of the keeper's process, once it is up

kept_peers() { air 4 && peripheral_plain 1 "reference 1" && peripheral_plain 3 "reference 3" && central 0; }

has_at_least() { [ "$(grep -c -- "$2" "$1")" -ge "$3" ]; }

# keeps_say COUNT PATTERN: so many lines of it
keeps_say() {
	wait_until has_at_least "$work/keep" "$2" "$1" || fail "not $1 times '$2': $(tail -n 20 "$work/keep")"
}

as_many_descriptors() { [ "$(ls "/proc/$keeper/fd" | wc -l)" = "$descriptors" ]; }

# up_again COUNT: for the so manieth time, with values, and nothing is left of before
up_again() {
	keeps_say "$1" '^0 up' && keeps_say "$1" '^0 values' || return
	[ -n "$descriptors" ] || descriptors=$(ls "/proc/$keeper/fd" | wc -l)
	wait_until as_many_descriptors || fail "$descriptors descriptors became $(ls -l "/proc/$keeper/fd")"
}

# while_kept COMMAND...: it is up before, and ends well after
while_kept() {
	local status
	descriptors=
	answer_with 1 tick 50 || return
	"$tools/keep" "$central" "$peer" C0:00:00:00:00:99/random >"$work/keep" 2>&1 &
	keeper=$!
	up_again 1 && "$@"
	status=$?
	kill $keeper
	wait $keeper || fail "keep ended with $?: $(tail -n 20 "$work/keep")" || status=1
	grep '^0 down' "$work/keep" | sort | uniq -c | sed 's/^ */  /'
	! grep WRONG "$work/keep" >&2 || status=1
	! grep -q '^1 up' "$work/keep" || fail "who is absent is up" || status=1
	return $status
}

# The kernel gives the lowest index that is free: two controllers change theirs.
replug() {
	local before other first=2 second=0
	before=$(index 0) && other=$(index 2) || return
	[ "$before" -lt "$other" ] || first=0 second=2
	air_does pull 0 && air_does pull 2 && air_does plug $first && wait_until index $first &&
		air_does plug $second && wait_until index $second || return
	[ "$(index 0)" != "$before" ] || fail "it has the same index again"
}

replugged_with_another_index() { while_kept replugged; }
replugged() {
	local scan status=0 round
	"$program" -a "$central" scan --duplicates >"$work/scan" 2>"$work/scan.err" &
	scan=$!
	for round in 1 2; do
		replug && keeps_say $round '^0 down -107 .*was pulled out or reset' && up_again $((round + 1)) ||
			{ status=1; break; }
		wait_until has_at_least "$work/scan.err" 'is back: scanning again' $round ||
			{ fail "the scan: $(cat "$work/scan.err")"; status=1; break; }
		wait_until more_than "$(wc -l <"$work/scan")" "$work/scan" || { fail "no report"; status=1; break; }
	done
	kill -INT $scan
	wait $scan
	[ $? = 130 ] || fail "the scan: $(cat "$work/scan.err")" || return
	return $status
}

keeper_over_resets() { while_kept resets; }
resets() {
	local round
	for round in 1 2; do
		hciconfig "hci$(index 0)" reset && keeps_say $round '^0 down -107 .*was switched off or reset' &&
			up_again $((round + 1)) || return
	done
	# The keeper may be first to switch it on.
	hciconfig "hci$(index 0)" down && keeps_say 3 '^0 down -107' || return
	hciconfig "hci$(index 0)" up
	up_again 4
}

# The keeper may switch it on itself, and does.
keeper_over_power_off() { while_kept power_off; }
power_off() {
	setup 0 off && keeps_say 1 '^0 down -107 .*lost with its adapter: .* switched off' && up_again 2 && is_on 0 || return
	block 1 && keeps_say 1 '^0 down -107 .*lost with its adapter: .* blocked by rfkill' && block 0 && up_again 3
}

# By the kernel's test of its freezer: it ends the links, freezes all, and wakes up a second later.
keeper_over_suspend() { while_kept suspended; }
suspended() {
	echo freezer >/sys/power/pm_test && echo 0 >/sys/power/sync_on_suspend &&
		echo 1 >/sys/module/suspend/parameters/pm_test_delay || fail "no pm_test" || return
	echo mem >/sys/power/state && keeps_say 1 '^0 down -107' || return
	# The peer's kernel, which is the same one, may have left its advertising off.
	setup 1 no-advertising advertising && up_again 2
}
