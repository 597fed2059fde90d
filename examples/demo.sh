# SPDX-License-Identifier: MIT
# "./run demo", which sources this: the program's commands one after the other, each as one
# would type it.
# shellcheck shell=bash

blewire=build/release/blewire
demo_failed=0

heading() { printf '\n== %s ==\n' "$1"; }

# show ARGUMENT...: the command line and what it prints. In the background and waited for,
# so that a signal to this script need not wait for it.
show() {
	local word
	printf '$ blewire'
	for word; do
		case $word in
		*[!A-Za-z0-9_.,:/@%+=-]*) printf " '%s'" "$word" ;;
		*) printf ' %s' "$word" ;;
		esac
	done
	echo
	run_blewire "$@" || demo_failed=1
}

run_blewire() {
	local status
	"${privileged[@]}" "$blewire" "$@" 9>&- &
	children=$!
	wait "$children"
	status=$?
	children=
	return $status
}
privileged=()

demo_sim() {
	local sensor=C0:FF:EE:00:18:1A/random note=b1e00002-7a11-4c5e-9d3b-62c0ffee0001

	say "No radio is needed: the program simulates two sensors."
	heading "Scan: who is there?"
	show -a sim scan -t 2
	heading "Services: what does the environment sensor offer?"
	show -a sim info $sensor
	heading "Read: the temperature, in hundredths of a degree"
	show -a sim read $sensor temperature -f i16
	heading "Write: a note, and read it back over the same connection"
	show -a sim write $sensor $note 'text:Stood here.' --read -f text
	heading "Notifications: the temperature as it changes"
	show -a sim notify $sensor temperature -f i16 -n 4
	say
	say "The program is $blewire; \"$blewire --help\" tells more."
	say "On your own adapter and peripherals: ./run demo hci0"
}

# -- A real adapter -------------------------------------------------------------------------

# candidates ADAPTER: connectable addresses with their types, strongest first
candidates() {
	run_blewire -a "$1" --json scan -t 3 2>/dev/null |
		sed -n '/"connectable"/s/.*"address":"\([^"]*\)","address_type":"\([^"]*\)","rssi":\(-\{0,1\}[0-9]*\).*/\3 \1\/\2/p' |
		sort -rn | awk '!seen[$2]++ { print $2 }' | head -n 5
}

# characteristic INFO PROPERTY: the handle of the first one that can do it
characteristic() {
	awk -v property="$2" '/^@/ && match($0, /\[[^]]*\]/) {
		if (index(", " substr($0, RSTART + 1, RLENGTH - 2) ",", ", " property ","))
			{ print $1; exit }
	}' "$1"
}

demo_peripheral() { # ADAPTER ADDRESS; what it says of itself is in $scratch/info
	local adapter=$1 address=$2 handle

	heading "Read"
	handle=$(characteristic "$scratch/info" read)
	if [ -n "$handle" ]; then
		show -a "$adapter" read "$address" "$handle"
	else
		say "$address has nothing to read."
	fi
	heading "Write"
	say "Left out: only you know what a value means to your peripheral. It would be"
	say "$ blewire -a $adapter write $address CHARACTERISTIC VALUE"
	heading "Notifications, for 10 seconds"
	handle=$(characteristic "$scratch/info" notify)
	[ -n "$handle" ] || handle=$(characteristic "$scratch/info" indicate)
	if [ -n "$handle" ]; then
		show -a "$adapter" notify "$address" "$handle" -t 10
	else
		say "$address has no characteristic that notifies."
	fi
}

demo_adapter() { # ADAPTER [ADDRESS]
	local address list=${2-}

	make_scratch
	if [ "$(id -u)" != 0 ] && command -v sudo >/dev/null; then
		say "Scanning takes root's rights (or setcap, see the README), so this runs with sudo."
		sudo -v || exit 1
		privileged=(sudo)
	fi
	heading "Scan: who is there?"
	show -a "$1" scan -t 5
	[ $demo_failed -eq 0 ] || return
	[ -n "$list" ] || list=$(candidates "$1")
	heading "Services: what does one of them offer?"
	[ -n "$list" ] || { say "Nobody here lets itself be connected to. Wake a peripheral up and try again."; return; }
	for address in $list; do
		printf '$ blewire -a %s --timeout 6 info %s\n' "$1" "$address"
		run_blewire -a "$1" --timeout 6 info "$address" >"$scratch/info" && break
		address=
	done
	[ -n "$address" ] || {
		say "None of them could be connected to; they may be bound to another device."
		demo_failed=1
		return
	}
	cat "$scratch/info"
	demo_peripheral "$1" "$address"
}

demo() { # [ADAPTER [ADDRESS]]
	local started

	prepare_folder
	packages $packages_build
	started=$SECONDS
	printf 'Building in build/release'
	build release all -- --disable-shared || die "the program could not be built"
	say " ($((SECONDS - started)) s)"
	exec 9>&- # others may build while we show
	case ${1:-sim} in
	sim|sim:*) demo_sim "${1:-sim}" ;;
	*) demo_adapter "$@" ;;
	esac
	return $demo_failed
}
