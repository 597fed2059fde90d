# SPDX-License-Identifier: MIT
# Cases for two guests in one air (see "two"): the program in the first; in the second, where it
# has every adapter, Debian's bluetoothd. Sourced by cases.
# shellcheck shell=bash

on_two_guests() {
	air_of_host 0 2 && central 0 && other air_of_host 8 2 || return
	there=other
	daemon=
	daemon_number=8
}

# What bluetoothd's machine has vanishes with it, and no controller says goodbye.
other_machine_vanishes() {
	local process status
	with_bluetoothd || return
	"$program" -a "$central" notify "$daemon" "$(uuid 3)" >"$work/out" 2>"$work/err" &
	process=$!
	wait_until has_link 0 || fail "no link: $(cat "$work/err")" || return
	other pull_adapter || return
	wait $process
	status=$?
	[ $status = 5 ] || fail "it ended with $status, not 5: $(cat "$work/err")" || return
	complains 'connection' || return
	daemon=
}

has_link() { ! no_links "$1"; }
