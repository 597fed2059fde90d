# SPDX-License-Identifier: MIT
# A long run: eight peers kept by one process, with a scan beside, disturbed at random; soak.c
# says what has to hold. BLEWIRE_SOAK_SECONDS of the guest's time, 20 by default, and a first
# pass in which each thing happens once. Sourced by cases.
# shellcheck shell=bash

soak_peers=8
soak_log=$guest_files/soak
declare -A soak_returns=() # by peer: when, in seconds of uptime, and which command

# All the others advertise while they are not connected; this one always does.
whole_soak_air() {
	local number
	air $((soak_peers + 2)) && central 0 || return
	for ((number = 1; number <= soak_peers; number++)); do
		setup $number le no-bredr connectable advertising on && start_peer $number || return
	done
	peripheral_plain $((soak_peers + 1)) heard
}

start_peer() { peer "$1" tick 200 && peers[$1]=$!; }
stop_peer() { kill -KILL "${peers[$1]}" && { wait "${peers[$1]}" 2>/dev/null; unset "peers[$1]"; }; }

tell() { echo "$*" >&9; }

# for_a_while PEER TENTHS COMMAND...: that ends what was done to it
for_a_while() {
	local number=$1 tenths=$2 now
	shift 2
	look_at_clock
	soak_returns[$number]="$((now + tenths)) $*"
}

# Sets now, in tenths of seconds; starts no program
look_at_clock() {
	local up
	read -r up _ </proc/uptime
	now=$((10#${up/./} / 10))
}

# come_back [all]: those whose time it is
come_back() {
	local number when command now
	look_at_clock
	for number in "${!soak_returns[@]}"; do
		read -r when command <<<"${soak_returns[$number]}"
		[ "${1-}" = all ] || [ "$when" -le "$now" ] || continue
		$command && tell back "$number" || return
		unset "soak_returns[$number]"
	done
}

# As air_does, which waits for the reply, and so starts ten programs: too many for an emulated
# machine that does this all the time. Refusals are looked for at the end.
tell_air() { echo "$*" >$air_control; }

plugs_in() { tell_air plug 0 && wait_until index 0 && setup 0 le no-bredr on; }
restarts() { start_peer "$1" && tell_air on "$1"; }

# disturb WHAT PEER TENTHS: 0 is the central
disturb() {
	local number=$2
	# The program says itself when that is over; nothing else is done to the adapter meanwhile.
	[ "$1" != reset ] || { tell reset && for_a_while 0 20 true; return; }
	tell gone "$number"
	case $1 in
	cut) tell_air cut "$number" ;;
	fails) tell_air fail "$number" 1 && tell_air cut "$number" ;;
	leaves) tell_air off "$number" && for_a_while "$number" "$3" tell_air on "$number" ;;
	deaf) tell_air deaf "$number" && tell_air cut "$number" &&
		for_a_while "$number" "$3" tell_air on "$number" ;;
	quiet) setup "$number" no-advertising && tell_air cut "$number" &&
		for_a_while "$number" "$3" setup "$number" advertising ;;
	killed) tell_air off "$number" && stop_peer "$number" &&
		for_a_while "$number" "$3" restarts "$number" ;;
	crashed) stop_peer "$number" && for_a_while "$number" "$3" start_peer "$number" ;;
	power) wait_until setup 0 off && wait_until setup 0 on ;;
	pulled) tell_air pull 0 && for_a_while 0 "$3" plugs_in ;;
	esac || return
	[ -n "${soak_returns[$number]-}" ] || tell back "$number"
}

soak_kinds=(cut leaves killed quiet fails deaf crashed reset power pulled)
# how often, of 32
soak_odds=(cut cut cut cut cut cut leaves leaves leaves leaves killed killed killed killed killed
	quiet quiet quiet quiet fails fails fails fails deaf deaf crashed crashed reset reset
	power power pulled)

disturb_at_random() {
	local kind=${soak_odds[RANDOM % 32]} number=$((1 + RANDOM % soak_peers)) tenths=$((RANDOM % 50))
	case $kind in reset|power|pulled) number=0 ;; esac
	[ -n "${soak_returns[$number]-}" ] || [ -n "${soak_returns[0]-}" ] || disturb $kind $number $tenths
}

settles() {
	local before
	come_back all || return
	before=$(soak_settled)
	tell settle
	wait_until soak_settled_or_gone "$before" && kill -0 "$soak_process" ||
		fail "not all are up again: $(tail -n 40 "$soak_log")" || return
	! grep -q MISTAKE "$soak_log" ||
		fail "$(grep -B 40 MISTAKE "$soak_log" | tail -n 60)" || return
	[ "${BLEWIRE_SOAK_SECONDS:-20}" -lt 60 ] || say_settled
}

say_settled() { grep ^settled: "$soak_log" | tail -n 1 | sed "s/^/  after $(cut -d . -f 1 /proc/uptime) s /"; }

soak_settled() { grep -c ^settled: "$soak_log"; }
soak_settled_or_gone() { [ "$(soak_settled)" -gt "$1" ] || gone "$soak_process"; }

soaks() {
	local seconds=${BLEWIRE_SOAK_SECONDS:-20} end round kind now
	settles || return
	for ((round = 0; round < ${#soak_kinds[@]}; round++)); do
		kind=${soak_kinds[round]}
		case $kind in
		reset|power|pulled) come_back all && sleep 1 && disturb $kind 0 10 ;;
		*) disturb $kind $((1 + round)) 10 && sleep 0.5 && come_back ;;
		esac || fail "$kind" || return
	done
	settles || return
	look_at_clock
	end=$((now + 10 * seconds))
	round=0
	while look_at_clock && [ "$now" -lt $end ]; do
		disturb_at_random || fail "cannot disturb" || return
		sleep 0.$((RANDOM % 10))
		come_back || fail "cannot bring back" || return
		[ $((++round % 50)) != 0 ] || settles || return
	done
	settles
}

# begin_soak FIRST LAST: the peers that are kept
begin_soak() {
	local seed=${BLEWIRE_SOAK_SEED:-1}
	echo "  seed $seed"
	RANDOM=$seed
	soak_returns=()
	rm -f "$work/soak.in"
	mkfifo "$work/soak.in" || return
	exec 9<>"$work/soak.in"
	: >"$soak_log" # before it is counted in
	# shellcheck disable=SC2046 # several
	"$tools/soak" "$central" "$(limit_ms 45000)" $(kept_addresses "$1" "$2") \
		<"$work/soak.in" >"$soak_log" 2>&1 9>&- &
	soak_process=$!
}

kept_addresses() {
	local number
	for ((number = $1; number <= $2; number++)); do echo "$(address "$number")/public"; done
}

# end_soak STATUS: of what was done
end_soak() {
	local status=$1 number
	tell end
	wait $soak_process || status=1
	exec 9>&-
	say_settled
	grep '^scan: ' "$soak_log" | sort | uniq -c
	[ $status = 0 ] || fail "$(grep -B 8 MISTAKE "$soak_log" | head -n 120; tail -n 5 "$soak_log")" || return
	! grep ^refused: $guest_files/controllers.log >&2 || return
	for ((number = 0; number <= soak_peers; number++)); do
		wait_no_links $number && wait_until air_has_no_link $number ||
			fail "controller $number has a link" || return
	done
}

soak() {
	begin_soak 1 $soak_peers || return
	soaks
	end_soak $?
}

# Another program of ours is killed in mid-scan and in mid-connect, and with links up, while we
# connect to one of ours. Nothing of that is told to us, and our scan goes on.
one_of_two_programs_is_killed() {
	begin_soak 1 4 || return
	survives
	end_soak $?
}

survives() {
	local round victim
	settles && mkfifo "$work/victim.in" || return
	exec 6<>"$work/victim.in"
	tell_air off 8 # so that it has a connect pending all the time
	for ((round = 0; round < 12; round++)); do
		# shellcheck disable=SC2046 # several
		"$tools/soak" "$central" 0 $(kept_addresses 5 8) <"$work/victim.in" >"$work/victim" 2>&1 6>&- 9>&- &
		victim=$!
		[ $((round % 3)) = 0 ] || wait_until grep -q ' up, ' "$work/victim" ||
			fail "the other is not up: $(cat "$work/victim")" || return
		[ $((round % 3)) != 2 ] || disturb cut $((1 + round % 4))
		sleep 0.$((RANDOM % 10))
		kill -KILL $victim
		wait $victim 2>/dev/null
		settles || return
	done
	exec 6>&-
	tell_air on 8
}

air_has_no_link() { air_does idle "$1" 2>/dev/null; }
