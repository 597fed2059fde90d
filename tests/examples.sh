#!/bin/sh
# SPDX-License-Identifier: MIT
# Each of examples/ runs over the simulator and prints what it promises.
. "${srcdir:-.}/tests/needs-names.sh"
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM HUP
status=0
belt=C0:FF:EE:00:18:0D sensor=C0:FF:EE:00:18:1A

# example NAME STATUS COMMAND...: it ends with this status; its output is in $dir/out
example() {
	name=$1 expected=$2
	shift 2
	timeout 60 "$@" >"$dir/out" 2>"$dir/err"
	seen=$?
	if [ $seen -eq "$expected" ]; then
		echo "ok: $name ends as it should"
	else
		echo "FAIL: $name ended with $seen"
		sed 's/^/    /' "$dir/out" "$dir/err"
		status=1
	fi
}

# prints COUNT PATTERN: so many lines, at least, of the last example's
prints() {
	if [ "$(grep -c -E -x -e "$2" "$dir/out")" -ge "$1" ]; then
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
# Interrupted, as it says. One that is not there keeps it from none of the others.
example many 124 timeout 14 examples/many sim C0:00:00:00:00:99/random $belt $sensor
prints 2 "C0:00:00:00:00:99/random: .* could not be reached .*"
for address in $belt $sensor; do
	prints 1 "$address: connected"
	prints 2 "$address: [0-9]+ bytes from @0x[0-9a-f]{4}"
done

if grep -q 'define HAVE_EPOLL 1' config.h; then
	mkfifo "$dir/in"
	(printf 'Stood here.\n'; sleep 3; printf 'And here.\n') >"$dir/in" &
	example poll 0 examples/poll sim $sensor <"$dir/in"
	prints 2 'written'
	prints 2 '2[0-9]\.[0-9]{2} degrees Celsius'
	if [ -x examples/glib ]; then
		example glib 0 examples/glib sim $sensor 4
		prints 2 '2[0-9]\.[0-9]{2} degrees Celsius'
	else
		echo "SKIP: glib: built without GLib (Debian: libglib2.0-dev)"
	fi
else
	example poll 1 examples/poll </dev/null
	complains 'not supported'
	echo "SKIP: poll: the loop has no descriptor without epoll"
fi

# One that hangs up all the time is connected to again, and one that hangs up in the midst
# of its values has not sent all of them.
if grep -q 'define HAVE_JSON 1' config.h; then
	cat >"$dir/faint.json" <<'TEXT'
{ "version": 1, "peripherals": [ { "name": "Faint", "address": "C0:00:00:00:00:02/random",
  "advertising": { "data": [ { "services": ["180d"] } ] },
  "services": [ { "uuid": "180d", "characteristics": [
    { "uuid": "2a37", "properties": ["notify"], "value": "0048", "interval_ms": 100 } ] } ],
  "faults": { "disconnect_after_ms": 2000, "reason": 19 } } ] }
TEXT
	example subscribe 1 examples/subscribe "sim:$dir/faint.json" 1000
	prints 3 '72 beats per minute'
	complains '^subscribe: the connection ended: '
	cat >"$dir/fickle.json" <<'TEXT'
{ "version": 1, "peripherals": [ { "name": "Fickle", "address": "C0:00:00:00:00:01/random",
  "faults": { "disconnect_after_ms": 500, "reason": 19 } } ] }
TEXT
	example many 124 timeout 4 examples/many "sim:$dir/fickle.json" C0:00:00:00:00:01
	prints 2 'C0:00:00:00:00:01: the peer ended the connection'
	prints 3 'C0:00:00:00:00:01: connected'
fi

names='scan print subscribe'
if [ -x examples/glib ] && grep -q 'define HAVE_EPOLL 1' config.h; then
	names="$names glib"
fi
for name in $names; do
	example $name 1 examples/$name no-such-adapter
	complains "^$name: .*no-such-adapter"
done
exit $status
