#!/bin/sh
# SPDX-License-Identifier: MIT
# Each program of examples/ runs over the simulator and prints what its head says.
. "${srcdir:-.}/tests/needs-names.sh"
. "${srcdir:-.}/tests/patience.sh"
dir=$(mktemp -d) || exit 99
trap 'kill $child 2>/dev/null; rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM HUP
status=0 child=
belt=C0:FF:EE:00:18:0D sensor=C0:FF:EE:00:18:1A

# example NAME STATUS COMMAND...: it ends with this status; its output is in $dir/out
example() {
	name=$1 expected=$2
	shift 2
	bounded "$@" >"$dir/out" 2>"$dir/err"
	ended $?
}

# ended STATUS: of the example
ended() {
	seen=$1
	if [ $seen -eq "$expected" ]; then
		echo "ok: $name ends as it should"
	else
		echo "FAIL: $name ended with $seen"
		sed 's/^/    /' "$dir/out" "$dir/err"
		status=1
	fi
}

# begin NAME STATUS COMMAND...: the same for one that goes on until "stop"
begin() {
	name=$1 expected=$2
	shift 2
	: >"$dir/out"
	"$@" >"$dir/out" 2>"$dir/err" &
	child=$!
}

stop() {
	kill $child 2>/dev/null
	wait $child
	ended $?
	child=
}

has_lines() { [ "$(grep -c -E -x -e "$2" "$dir/out")" -ge "$1" ]; }

# prints COUNT PATTERN: so many lines, at least, of the last example's; one that goes on is waited for
prints() {
	if has_lines "$@" || { kill -0 "$child" 2>/dev/null && wait_until has_lines "$@"; }; then
		echo "ok: $name: $2"
	else
		echo "FAIL: $name did not print $1 times: $2"
		sed 's/^/    /' "$dir/out" "$dir/err"
		status=1
	fi
}

complains() {
	if grep -q -e "$1" "$dir/err"; then
		echo "ok: $name: $1"
	else
		echo "FAIL: $name did not complain: $1"
		sed 's/^/    /' "$dir/out" "$dir/err"
		status=1
	fi
}

example first 0 examples/first
prints 1 'Sim Environment: 2[0-9]\.[0-9]{2} degrees Celsius'

example scan 0 examples/scan sim 2
prints 1 "$belt/random +-[0-9]+ dBm \"Sim Heart Rate\", Heart Rate, Battery Service"
prints 1 "$sensor/random +-[0-9]+ dBm \"Sim Environment\".*"

example print 0 examples/print sim $belt
prints 1 'Heart Rate'
prints 1 '  @0x0017 Battery Level = [0-9a-f]{2}'
prints 1 '  @0x001b Heart Rate Measurement'

example subscribe 0 examples/subscribe sim 3
prints 3 '[0-9]{2,3} beats per minute'

example many 2 examples/many sim
complains '^usage: many ADAPTER ADDRESS'
# One that is not there keeps it from none of the others.
begin many 143 examples/many sim C0:00:00:00:00:99/random $belt $sensor
prints 2 "C0:00:00:00:00:99/random: .* could not be reached .*"
for address in $belt $sensor; do
	prints 1 "$address: connected"
	prints 2 "$address: [0-9]+ bytes from @0x[0-9a-f]{4}"
done
stop

example keep 1 examples/keep sim
complains '^keep: ADAPTER ADDRESS'
begin keep 143 examples/keep sim C0:00:00:00:00:99/random $belt $sensor
for address in $belt $sensor; do
	prints 1 "$address: up"
	prints 2 "$address: [0-9]+ bytes from @0x[0-9a-f]{4}"
done
stop

if grep -q 'define HAVE_EPOLL 1' config.h; then
	mkfifo "$dir/in"
	begin poll 0 sh -c "exec examples/poll sim $sensor <$dir/in"
	exec 9>"$dir/in"
	echo 'Stood here.' >&9
	prints 1 'written'
	prints 2 '2[0-9]\.[0-9]{2} degrees Celsius'
	echo 'And here.' >&9
	prints 2 'written'
	exec 9>&-
	wait $child
	ended $?
	child=
	if [ -x examples/glib ]; then
		begin glib 143 examples/glib sim $sensor 3600
		prints 2 '2[0-9]\.[0-9]{2} degrees Celsius'
		stop
		example glib 0 examples/glib sim $sensor 1
	else
		echo "SKIP: glib: built without GLib (Debian: libglib2.0-dev)"
	fi
else
	example poll 1 examples/poll </dev/null
	complains 'not supported'
	echo "SKIP: poll: the loop has no descriptor without epoll"
fi

# faint MS: a peripheral that hangs up after this time
faint() {
	cat >"$dir/faint.json" <<TEXT
{ "version": 1, "peripherals": [ { "name": "Faint", "address": "C0:00:00:00:00:02/random",
  "advertising": { "data": [ { "services": ["180d"] } ] },
  "services": [ { "uuid": "180d", "characteristics": [
    { "uuid": "2a37", "properties": ["notify"], "value": "0048", "interval_ms": 100 } ] } ],
  "faults": { "disconnect_after_ms": $1, "reason": 19 } } ] }
TEXT
}

# One that hangs up in the midst of its values has not sent all of them; a slow machine needs more
# time for the first of them. One that hangs up all the time is connected to again.
if grep -q 'define HAVE_JSON 1' config.h; then
	ms=1000
	until
		faint $ms
		bounded examples/subscribe "sim:$dir/faint.json" 1000 >"$dir/out" 2>"$dir/err"
		seen=$?
		has_lines 3 '72 beats per minute' || [ $ms -gt $((1000 * BLEWIRE_PATIENCE / 4)) ]
	do
		ms=$((2 * ms))
	done
	name=subscribe expected=1
	ended $seen
	prints 3 '72 beats per minute'
	complains '^subscribe: the connection ended: '
	cat >"$dir/fickle.json" <<'TEXT'
{ "version": 1, "peripherals": [ { "name": "Fickle", "address": "C0:00:00:00:00:01/random",
  "faults": { "disconnect_after_ms": 500, "reason": 19 } } ] }
TEXT
	faint 500 # its values come again after each loss
	begin keep 143 examples/keep "sim:$dir/faint.json" C0:00:00:00:00:02
	prints 2 'C0:00:00:00:00:02: connection to .* lost: the peer ended the connection \(0x13\); again in .*'
	prints 3 'C0:00:00:00:00:02: up'
	prints 6 'C0:00:00:00:00:02: 2 bytes from @0x[0-9a-f]{4}'
	stop
	begin many 143 examples/many "sim:$dir/fickle.json" C0:00:00:00:00:01
	prints 2 'C0:00:00:00:00:01: the peer ended the connection'
	prints 3 'C0:00:00:00:00:01: connected'
	stop
fi

# by_line NAME COMMAND...: what arrives first in a file is a line, and not a full buffer of 4096
by_line() {
	name=$1
	shift
	: >"$dir/lines"
	"$@" >>"$dir/lines" 2>"$dir/err" </dev/null &
	wait_until test -s "$dir/lines"
	size=$(wc -c <"$dir/lines")
	kill $! 2>/dev/null
	wait $! 2>/dev/null
	if [ $((size % 4096)) -ne 0 ]; then
		echo "ok: $name writes line by line"
	else
		echo "FAIL: $name wrote $size bytes at once"
		status=1
	fi
}
by_line scan examples/scan sim 1000
by_line subscribe examples/subscribe sim 100000
by_line many examples/many sim $belt
by_line keep examples/keep sim $belt

names='scan print subscribe'
if [ -x examples/glib ] && grep -q 'define HAVE_EPOLL 1' config.h; then
	names="$names glib"
fi
for name in $names; do
	example $name 1 examples/$name no-such-adapter
	complains "^$name: .*no-such-adapter"
done
exit $status
