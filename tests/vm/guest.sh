# SPDX-License-Identifier: MIT
# For scripts that run in the guest (". $BLEWIRE_VM/guest.sh"): virtual controllers, and
# peripherals made of Debian's own tools, so that what we test against is not ours.
#
# A controller is known by its NUMBER, 0 for the first that btvirt makes, and so by its
# address: the kernel hands out the hciN in any order. "index NUMBER" and "address NUMBER"
# translate. A function that fails says why on standard error and returns non-zero.
# shellcheck shell=bash

guest_files=/run/guest
air_control=$guest_files/air
tools=${BLEWIRE_VM_TOOLS:-$BLEWIRE_VM}
controllers_process=
daemon_process=

mkdir -p $guest_files
. "$(dirname "${BASH_SOURCE[0]}")/../patience.sh" # wait_until, bounded

# limit_ms MS: MS where the guest's clock counts instructions (see vm), which makes it the same on
# every machine; otherwise so much that only what never ends exceeds it
limit_ms() {
	case ${BLEWIRE_VM_CLOCK-} in
	instructions) echo "$1" ;;
	*) echo $((1000 * BLEWIRE_PATIENCE)) ;;
	esac
}

complain() { printf 'guest: %s\n' "$*" >&2; return 1; }

for tool in air relay setup peer sockets capture; do
	[ -x "$tools/$tool" ] || complain "$tools/$tool is not built"
done

# seconds since boot; for "how long did it take"
now() { cut -d ' ' -f 1 /proc/uptime; }

# ------------------------------------------------------------------------ controllers

# controllers [COUNT [OPTION...]]: starts btvirt with that many (2) dual-mode controllers in
# one air and waits for all. Further options go to btvirt, which takes -L for LE only.
# It shows an advertisement once to a scan, and is good for one link per central.
controllers() {
	local count=${1:-2}
	[ $# -eq 0 ] || shift
	start_controllers "$count" btvirt -l"$count" "$@"
}

# air [COUNT [OPTION...]]: the same with controllers of our own (air.c), LE only, which
# advertise on and on and hold many links. -e: extended commands only; -f N: the first N links
# end with 0x3e. The addresses are the same as btvirt's.
air() {
	local count=${1:-2}
	[ $# -eq 0 ] || shift
	[ -p $air_control ] || mkfifo $air_control || return
	start_controllers "$count" "$tools/air" -c $air_control "$@" "$count"
}

# air_of_host FIRST COUNT: so many controllers in the air of the host, where FIRST is the first
# one's number; 0 to 7 are of the first guest of "two", 8 to 15 of the second
air_of_host() {
	[ -p $air_control ] || mkfifo $air_control || return
	start_controllers "$2" "$tools/relay" -c $air_control "$1" "$2"
}

# air_does LINE: a line of control, such as "off 3", is done now; "air --help" has them all
air_does() {
	local before
	before=$(air_replies | wc -l)
	echo "$*" >$air_control
	wait_until air_replied "$before" && air_replies | tail -n 1 | grep -q ^done ||
		complain "the air: $(tail -n 3 $guest_files/controllers.log)"
}

air_replies() { grep -E '^(done|refused): ' $guest_files/controllers.log; }
air_replied() { [ "$(air_replies | wc -l)" -gt "$1" ]; }

# btvirt's controllers now and then never come up, above all on a busy machine; a second
# start helps. They are not what is under test.
start_controllers() {
	local count=$1 try
	shift
	for try in 1 2 3; do
		"$@" >$guest_files/controllers.log 2>&1 &
		controllers_process=$!
		BLEWIRE_PATIENCE=$(($(limit_ms 60000) / 1000)) wait_until all_there "$count" && return
		complain "start $try: no $count controllers: $(cat $guest_files/controllers.log)"
		dmesg | tail -n 5 >&2
		pull_adapter
	done
	return 1
}

all_there() { [ "$("$tools/setup" list | wc -l)" -ge "$1" ]; }

# The adapter vanishes as a dongle does that is pulled: with links up and operations pending.
# All controllers of this air go together.
pull_adapter() {
	kill "$controllers_process" && wait "$controllers_process" 2>/dev/null
	controllers_process=
	wait_until no_adapters || complain "an adapter is still there"
}

no_adapters() { [ -z "$(ls /sys/class/bluetooth)" ]; }

address() { printf '00:AA:01:%02X:00:%02X\n' "$1" "$1"; }

# addresses FIRST LAST: of these controllers, with commas between them
addresses() {
	local number
	for ((number = $1; number <= $2; number++)); do address $number; done | paste -sd ,
}

index() {
	"$tools/setup" list | awk -v address="$(address "$1")" '$2 == address { print $1; found = 1 }
		END { exit !found }' || complain "no controller $(address "$1")"
}

# setup NUMBER SETTING...: in this order; stops at the first that fails
setup() {
	local number=$1
	shift
	"$tools/setup" "$(address "$number")" "$@"
}

# central NUMBER: ready to scan and connect. A test of a bare adapter just does not call it.
central() { setup "$1" le no-bredr on; }

# peripheral_plain NUMBER [NAME [ADDRESS]]: advertises, connectable; no daemon, so nobody
# answers on CID 4 until a program listens there (see "peer"). With an ADDRESS, which must be
# static (two highest bits set), it has this random one.
peripheral_plain() {
	setup "$1" le no-bredr ${2:+"name=$2"} ${3:+"static=$3"} connectable advertising on
}

# peer NUMBER MODE...: starts peer.c on that controller, and waits until it listens. Its number
# is in $!, what it says in "peer_log NUMBER".
peer() {
	local number=$1 keep=
	shift
	! kernel_is_broken || keep=-k
	# Before it starts: what an earlier peer said there would pass for this one's.
	: >"$guest_files/peer.$number"
	"$tools/peer" $keep "$(address "$number")" "$@" >>"$guest_files/peer.$number" 2>&1 &
	wait_until grep -q listening "$guest_files/peer.$number" ||
		complain "no peer: $(cat "$guest_files/peer.$number")"
}

# peers FIRST LAST MODE...: peripheral_plain and "peer" on each of these controllers. One number
# is in $!, and each has its "peer_log NUMBER".
peers() {
	local first=$1 last=$2 number
	shift 2
	"$tools/setup" "$(addresses "$first" "$last")" le no-bredr connectable advertising on || return
	for ((number = first; number <= last; number++)); do : >"$guest_files/peer.$number"; done
	# shellcheck disable=SC2046 # an option or none
	"$tools/peer" $(! kernel_is_broken || echo -k) -o "$guest_files/peer" "$(addresses "$first" "$last")" "$@" &
	for ((number = first; number <= last; number++)); do
		wait_until grep -q listening "$guest_files/peer.$number" ||
			complain "no peer $number: $(cat "$guest_files/peer.$number")" || return
	done
}

# Closing an ATT socket whose link is gone kills the caller.
kernel_is_broken() { [[ $(uname -r) == 6.1.0-5[567]-* ]]; }

peer_log() { cat "$guest_files/peer.$1"; }

# The kernel keeps a link for two seconds after the last socket closed, and a program that
# starts to listen on CID 4 meanwhile does not get it.
no_links() { ! hcitool -i "hci$(index "$1")" con | grep -q LE; }
wait_no_links() { wait_until no_links "$1" || complain "links are still up"; }

# An active scan over a raw socket (hcitool lescan) keeps newer kernels from connecting until
# discovery is stopped; it is no error if there is nothing to stop.
stop_discovery() { setup "$1" stop-discovery 2>/dev/null || true; }

# capture FILE: everything between the kernel and the controllers from now on, as btsnoop, for
# wireshark or btmon -r. (btmon -w of Debian 12 crashes on ATT requests.)
capture() {
	"$tools/capture" "$1" &
	wait_until test -s "$1" || complain "no capture"
}

# unprivileged COMMAND...: as nobody, without any capability
unprivileged() {
	setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all --bounding-set=-all "$@"
}

# with_capability NAME COMMAND...: as nobody, with this one ("net_raw")
with_capability() {
	local name=$1
	shift
	setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps="+$name" \
		--ambient-caps="+$name" "$@"
}

# in_order COUNT FILE: as many values of "peer" in what "notify --json" printed, their running
# numbers from where they start, none left out.
in_order() {
	grep -o '"value":"[0-9a-f]*"' "$2" | cut -d '"' -f 4 | awk -v want="$1" '
		function octet(i) { return index("0123456789abcdef", substr($0, i, 1)) * 16 + \
			index("0123456789abcdef", substr($0, i + 1, 1)) - 17 }
		{ n = octet(1) + 256 * octet(3) + 65536 * octet(5)
		  if (NR > 1 && n != last + 1) bad = bad " " last "-" n
		  last = n }
		END { if (bad || NR != want) { print NR " values, gaps:" bad; exit 1 } }' >&2
}

# ------------------------------------------------------------------------- bluetoothd

ctl_log=$guest_files/bluetoothctl.log
ctl_pipe=$guest_files/bluetoothctl

# AutoEnable is off so that the central's adapter stays as the test set it: bluetoothd takes
# every adapter of the machine. It does switch all of them to LE only.
start_daemon() {
	[ -e /run/dbus/pid ] || dbus-daemon --system --fork || complain "no dbus-daemon" || return
	cat >$guest_files/main.conf <<-TEXT
		[General]
		Name = debian
		ControllerMode = le
		[Policy]
		AutoEnable = false
	TEXT
	/usr/libexec/bluetooth/bluetoothd -n -E -f $guest_files/main.conf \
		>$guest_files/bluetoothd.log 2>&1 &
	daemon_process=$!
	wait_until dbus-send --system --print-reply --dest=org.freedesktop.DBus / \
		org.freedesktop.DBus.GetNameOwner string:org.bluez ||
		complain "no bluetoothd: $(tail -n 3 $guest_files/bluetoothd.log)"
}

stop_daemon() {
	[ -z "$daemon_process" ] || { kill "$daemon_process" && wait "$daemon_process"; } 2>/dev/null
	daemon_process=
}

# start_daemon, and bluetoothctl with it: see "ctl"
start_bluetoothd() {
	start_daemon || return
	mkfifo $ctl_pipe
	# our own shell keeps the pipe open, or bluetoothctl would leave at its end
	exec 7<>$ctl_pipe
	# it has been seen to crash at its start
	start_bluetoothctl || start_bluetoothctl || start_bluetoothctl ||
		complain "bluetoothctl finds no bluetoothd: $(tail -n 3 $guest_files/bluetoothd.log)"
}

start_bluetoothctl() {
	local process
	stdbuf -oL bluetoothctl <&7 >$ctl_log 2>&1 &
	process=$!
	wait_until agent_or_gone $process
	grep -q 'Agent registered' $ctl_log
}

agent_or_gone() { grep -q 'Agent registered' $ctl_log || ! kill -0 "$1"; }

# ctl LINE...: types lines into bluetoothctl
ctl() { printf '%s\n' "$@" >&7; }

# ctl_until TEXT LINE...: the same, and waits for a new line of its output with TEXT
ctl_until() {
	local text=$1 before
	shift
	before=$(wc -l <$ctl_log)
	ctl "$@"
	wait_until new_line "$before" "$text" ||
		complain "bluetoothctl does not say '$text': $(tail -n 3 $ctl_log)"
}

new_line() { tail -n +"$(($1 + 1))" $ctl_log | grep -q "$2"; }

# bytes COUNT [FIRST]: as bluetoothctl takes a value; a space at the end would be one more byte
bytes() {
	local i
	printf '0x%02x' "${2:-0}"
	for ((i = 1; i < $1; i++)); do printf ' 0x%02x' $(((${2:-0} + i) % 256)); done
}

uuid() { printf '12345678-1234-1234-1234-%012x\n' "$1"; }

# peripheral_bluetoothd NUMBER [NAME]: Debian's daemon with a service of ours, advertising its
# name (in the scan response) and the heart rate service's UUID.
#   uuid 0  the service
#   uuid 1  read, write; 3 bytes 00 01 02; with a user description, "hello"
#   uuid 2  read, write; 400 bytes 00 01 02 ...
#   uuid 3  read, write, notify; 20 bytes
#   uuid 4  read, write, indicate; 20 bytes
#   uuid 5  read, write without response; 20 bytes
# A value takes what is not longer than it was at first. Writing 3 or 4 is what makes them
# notify or indicate (with the value written); bluetoothctl has no command for that. It hands
# its characteristics over in reverse, hence their order here, which gives rising handles.
peripheral_bluetoothd() {
	[ -e $ctl_pipe ] || start_bluetoothd || return
	ctl_until 'Changing power on succeeded' "select $(address "$1")" "power on" || return
	ctl_until 'Application registered' "menu gatt" \
		"register-service $(uuid 0)" yes \
		"register-characteristic $(uuid 5) read,write-without-response" "$(bytes 20)" \
		"register-characteristic $(uuid 4) read,write,indicate" "$(bytes 20)" \
		"register-characteristic $(uuid 3) read,write,notify" "$(bytes 20)" \
		"register-characteristic $(uuid 2) read,write" "$(bytes 400)" \
		"register-characteristic $(uuid 1) read,write" "$(bytes 3)" \
		"register-descriptor 00002901-0000-1000-8000-00805f9b34fb read" \
		"0x68 0x65 0x6c 0x6c 0x6f" \
		register-application || return
	ctl_until 'Advertising object registered' back "menu advertise" "name ${2:-blewire-peer}" \
		"uuids 0x180d" back "advertise on"
}

# The service above goes, and who subscribed to Service Changed gets an indication.
change_services() { ctl_until 'Application unregistered' "menu gatt" unregister-application back; }

# ctl_saw TEXT: bluetoothctl printed it, such as the bytes of a write: "01 02 03"
ctl_saw() { wait_until grep -q "$1" $ctl_log || complain "bluetoothctl did not see '$1'"; }

# ------------------------------------------------------------------------ two guests

# other COMMAND...: in the second guest of "two", by the shell that sourced this; its output and
# its status are ours
other() {
	local number
	number=$(find /out -name 'ask.*' | wc -l)
	printf '%q ' "$@" >"/out/ask"
	mv /out/ask "/out/ask.$number"
	wait_until test -e "/out/status.$number" || complain "the other guest does not answer" || return
	cat "/out/output.$number"
	return "$(cat "/out/status.$number")"
}

# The second guest's: until "two" says that it is the end.
do_as_asked() {
	local number=0
	until [ -e /out/end ]; do
		if [ -e "/out/ask.$number" ]; then
			eval "$(cat "/out/ask.$number")" >"/out/output.$number" 2>&1
			echo $? >"/out/status"
			mv /out/status "/out/status.$number"
			number=$((number + 1))
		else
			sleep 0.1
		fi
	done
}
