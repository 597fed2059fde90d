# SPDX-License-Identifier: MIT
# Peers that attack (peer_hostile.c), from raw L2CAP sockets of the far kernel and below them:
# the program and a client of the library (attacked.c) live through it, say what is true, and
# serve an honest peer beside. Controller 1 attacks, 2 is honest. Sourced by cases.
# shellcheck shell=bash

peers_that_attack() { air 3 && peripheral_plain 1 && peripheral_plain 2 && central 0; }

# attacks STATUS PATTERN MODE...: what the client says of each step fits the pattern, each in one
# line: "N times STEP: SENTENCE"; the program's info ends with this status. "-" as status: with
# any of those that the program has for peers.
attacks() {
	local status=$1 pattern=$2 got
	shift 2
	answer_with 1 "$@" || return
	bounded "$tools/attacked" -t 3000 "$central" "$(address 1)/public" "$(address 2)/public" 3 \
		>"$work/attacked" 2>&1 || fail "$*: $(tail -n 20 "$work/attacked")" || return
	sed -n "s/^[0-9]* times /  $1: /p" "$work/attacked" | sort -u
	! grep -E '^[0-9]+ times ' "$work/attacked" | grep -Ev "^[0-9]+ times [a-z ]*: (done|$pattern)\$" ||
		fail "$*: not expected: $(cat "$work/attacked")" || return
	bounded "$program" -a "$central" --timeout 5 info "$peer" >"$work/out" 2>"$work/err"
	got=$?
	case $status,$got in
	"$got",*|-,[0456]) ;;
	*) fail "$*: info ended with $got: $(cat "$work/err")"; return ;;
	esac
	[ $got = 0 ] || [ "$(wc -l <"$work/err")" = 1 ] || fail "$*: not one line: $(cat "$work/err")"
}

with_an_honest_peer() { answer_with 2 tick 50; }

# What must not change anything: each step succeeds as with an honest peer.
noise_of_a_peer() {
	with_an_honest_peer && attacks 0 '-' lengths && attacks 0 '-' fragments && attacks 0 '-' mtu-twice
}

more_noise() {
	local mtu
	with_an_honest_peer && attacks 0 '-' deluge 2000 && attacks - '.*' unasked || return
	# With an MTU of 23 a long value takes Prepare Write, which this peer has not.
	for mtu in 0 22 23 65535; do
		attacks 0 'the peer does not support this request' mtu $mtu || return
	done
	attacks - '.*' garbage 1
}

# In the middle of each procedure, whichever PDU that is.
peer_that_leaves_each_procedure() {
	local number
	with_an_honest_peer || return
	for number in 1 2 3 5 8 11 14; do attacks - '.*' hangup-at $number || return; done
}

half_closed_peer() {
	local number
	with_an_honest_peer || return
	for number in 1 4; do attacks - '.*' half-close $number || return; done
}

# Just within the limit of a request: the exchange of the MTU and the read.
peer_that_answers_after_29_s() {
	with_an_honest_peer && answer_with 1 late 29000 || return
	expect 4 blewire --timeout 5 read "$peer" @6 && complains 'did not answer' || return
	# Anew: the other one would take up the next link only once it has slept.
	answer_with 1 late 29000 && expect 0 blewire --timeout 100 read "$peer" @6
}

connects_300() {
	with_an_honest_peer && answer_with 1 answer || return
	expect 0 bounded "$tools/attacked" -c -t 60000 "$central" "$(address 1)/public" "$(address 2)/public" 300
	local status=$?
	sed 's/^/  /' "$work/out"
	[ $status = 0 ] && grep -qx '300 times connect: done' "$work/out" &&
		grep -qx '300 times read: done' "$work/out"
}
