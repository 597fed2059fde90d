# SPDX-License-Identifier: MIT
# What several peers need of the air and of the kernel, seen with plain sockets, which share no
# code with the library: the ground that the library's own cases with several peers stand on.
# Controller 0 is the central, the others are peers of "peer.c"; sourced by cases.
# shellcheck shell=bash

sockets_process=
declare -A said=() # lines of each peer before that

# sockets ARGUMENT...: tests/vm/sockets on the central, in the background
sockets() {
	local number
	for number in 1 2 3; do said[$number]=$(peer_log $number | wc -l); done
	"$tools/sockets" "$@" >"$work/sockets" 2>&1 &
	sockets_process=$!
}

sockets_say() { wait_until grep -q -- "$1" "$work/sockets" || fail "not '$1': $(cat "$work/sockets")"; }
sockets_have_not() { ! grep -q -- "$1" "$work/sockets" || fail "'$1': $(cat "$work/sockets")"; }

show_sockets() { tail -n 1 "$work/sockets" | sed 's/^/  /'; }

end_sockets() {
	[ -z "$sockets_process" ] || { kill "$sockets_process"; wait "$sockets_process"; } 2>/dev/null
	sockets_process=
	wait_no_links 0
}

# peer_says NUMBER TEXT: since these sockets began
peer_says() { wait_until peer_has_said "$@" || fail "peer $1: $(peer_log "$1")"; }
peer_has_said() { peer_log "$1" | tail -n +$((said[$1] + 1)) | grep -q -- "$2"; }

# peers_in_air COUNT: in an air of their own, all answering
peers_in_air() { air $(($1 + 1)) && central 0 && peers 1 "$1" answer; }

# as_at_first COMMAND...: a case leaves nothing behind for the next
as_at_first() {
	local status number
	"$@"
	status=$?
	end_sockets
	for number in 1 2 3; do
		air_does on $number || return
	done
	return $status
}

connects_side_by_side() { as_at_first side_by_side 3; }

# side_by_side COUNT: the first is absent, and the others are connected while it is waited for
side_by_side() {
	local absent
	absent=$(address 1)
	air_does off 1 || return
	# shellcheck disable=SC2046 # several
	sockets -r -k -n $(($1 - 1)) "$central" $(tr , ' ' <<<"$(addresses 1 "$1")")
	sockets_say "^$(($1 - 1)) of $1 connected" && sockets_have_not "$absent" || return
	show_sockets
	air_does on 1 && sockets_say "$absent connected"
}

# The controller refuses to take so many into its accept list, so that the kernel scans without.
more_pending_than_the_accept_list_holds() { as_at_first more_pending; }
more_pending() {
	local number absent=()
	for ((number = 1; number <= 20; number++)); do
		absent+=("$(printf '00:BB:00:00:00:%02X' $number)")
	done
	sockets -r -n 3 "$central" "${absent[@]}" "$(address 1)" "$(address 2)" "$(address 3)"
	sockets_say '^3 of 23 connected' && show_sockets
}

# The controller's links are 16 and so many are connected; one more is refused or waits.
sixteen_links() {
	local status
	side_by_side 16
	status=$?
	end_sockets
	return $status
}

slow_peer() { as_at_first slow_peer_connects; }
slow_peer_connects() {
	local took
	air_does slow 1 100 || return
	sockets "$central" "$(address 1)"
	sockets_say '^1 of 1 connected' || return
	# 100 ticks are 3 s, of which a part passes before the program has started
	took=$(sed -n 's/^1 of 1 connected after \([0-9]*\) ms/\1/p' "$work/sockets")
	[ "$took" -ge 1000 ] || fail "connected after $took ms"
}

# A peer that another central has does not advertise; it is connected once that one lets it go.
taken_peer() {
	local other
	setup 2 le no-bredr no-advertising on || return
	"$tools/sockets" -k "$(address 2)" "$(address 1)" >"$work/other" 2>&1 &
	other=$!
	wait_until grep -q '1 of 1' "$work/other" || fail "$(cat "$work/other")" || return
	as_at_first taken_peer_is_free "$other" || return
	wait "$other" 2>/dev/null
	setup 2 advertising
}
taken_peer_is_free() {
	sockets -r -k -n 1 "$central" "$(address 1)" "$(address 3)"
	sockets_say "$(address 3) connected" && sockets_have_not "$(address 1)" || return
	kill "$1"
	sockets_say "$(address 1) connected"
}

# The kernel tries one peer at a time once it hears it: this one until it gives it up, after 4 s
# on 6.1 and 20 s on 6.12, or until its socket is closed.
deaf_peer() { as_at_first deaf_peer_is_given_up; }
deaf_peer_is_given_up() {
	local deaf
	deaf=$(address 2)
	air_does deaf 2 || return
	sockets -r "$central" "$(address 1)" "$deaf" "$(address 3)"
	sockets_say "$deaf failed .* Connection timed out" && sockets_say "$(address 1) connected" &&
		sockets_say "$(address 3) connected" && show_sockets
}

# Our own connects to the others do not wait for it so long: it gives way after a turn. Without
# CAP_NET_RAW nothing tells which peer it is, and every second pending connect gives way.
deaf_peer_gives_way() { as_at_first deaf_peer_takes_turns; }
deaf_peer_takes_turns() {
	local deaf limit=15 rights
	case ${BLEWIRE_VM_CLOCK-} in instructions) ;; *) limit=60 ;; esac
	deaf=$(address 2)
	air_does deaf 2 || return
	for rights in "" unprivileged_program "" unprivileged_program; do
		expect 0 $rights timeout "$BLEWIRE_PATIENCE" "$tools/several" -n 2 -t ${limit}000 "$central" \
			"$deaf/public" "$(address 1)/public" "$(address 3)/public" || return
		sed "s/^/  ${rights:-privileged} /" "$work/out"
		[ "$(grep -c ' connected$' "$work/out")" = 2 ] || fail "$(cat "$work/out")" || return
		end_sockets || return
	done
}

links_that_fail_at_one_peer() { as_at_first fails_at_one_peer; }
fails_at_one_peer() {
	air_does fail 1 1 || return
	sockets -k "$central" "$(address 1)" "$(address 2)"
	# 38 is ENOSYS, what the kernel makes of 0x3e
	sockets_say "$(address 1) failed .*: 38" && sockets_say "$(address 2) connected" && end_sockets || return
	sockets "$central" "$(address 1)"
	sockets_say '^1 of 1 connected'
}

out_of_reach() { as_at_first both_ends_time_out; }
both_ends_time_out() {
	sockets -r -k "$central" "$(address 1)" "$(address 2)"
	sockets_say '^2 of 2' || return
	air_does off 1 || return
	sockets_say "$(address 1) disconnected .* Connection timed out" &&
		peer_says 1 'disconnected: Connection timed out' &&
		sockets_have_not "$(address 2) disconnected" || return
	end_sockets
	air_does on 1 20 || return
	sockets -r "$central" "$(address 1)"
	sockets_say '^1 of 1' && end_sockets || return
	sockets -r -k "$central" "$(address 1)"
	sockets_say '^1 of 1' && air_does cut 1 && sockets_say "$(address 1) disconnected .* Connection timed out"
}

hci_reset() { hcitool -i "hci$(index "$1")" cmd 0x03 0x0003; }

# The far side learns of it, and advertises again.
reset_central() {
	local status=0
	sockets -r -k "$central" "$(address 1)" "$(address 2)"
	sockets_say '^2 of 2' && hci_reset 0 >/dev/null || return
	peer_says 1 'disconnected: Connection timed out' &&
		peer_says 2 'disconnected: Connection timed out' || status=1
	kill $sockets_process
	setup 0 off on && end_sockets || return
	sockets -r "$central" "$(address 1)" "$(address 2)"
	sockets_say '^2 of 2' && return $status
}

reset_peer() {
	sockets -r -k "$central" "$(address 1)" "$(address 2)"
	sockets_say '^2 of 2' && hci_reset 1 >/dev/null || return
	sockets_say "$(address 1) disconnected .* Connection timed out" &&
		sockets_have_not "$(address 2) disconnected" &&
		end_sockets && setup 1 off on || return
	sockets -r "$central" "$(address 1)"
	sockets_say '^1 of 1'
}

pulled_peer() {
	sockets -r -k "$central" "$(address 1)" "$(address 2)"
	sockets_say '^2 of 2' && air_does pull 1 || return
	sockets_say "$(address 1) disconnected .* Connection timed out" &&
		sockets_have_not "$(address 2) disconnected" || return
	end_sockets
	! index 1 2>/dev/null || fail "it is still there" || return
	air_does plug 1 && wait_until index 1 && peers 1 1 answer || return
	sockets -r "$central" "$(address 1)"
	sockets_say '^1 of 1'
}
