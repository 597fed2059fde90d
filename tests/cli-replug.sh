#!/bin/sh
# SPDX-License-Identifier: MIT
# The program over a dongle that is pulled out and plugged in again.
. "${srcdir:-.}/tests/cli-cases.sh"

[ -x ./blewire-dongle-emulator ] || { echo "# built without libserialport: no dongles"; exit 77; }

port=$dir/dongle
./blewire-dongle-emulator "pty:$port" >/dev/null 2>&1 &
emulator=$!
trap 'kill $emulator 2>/dev/null; rm -rf "$dir"' EXIT
until_port() { wait_until test "$@" "$port" || bad="$bad; $* the port"; }
replug() { kill -USR1 $emulator; until_port "$@"; }
bad=
until_port -e

# begin ARGUMENT...: a scan over it, until it has printed something
begin() {
	bad=
	: >"$dir/out"
	: >"$dir/err"
	"$blewire" -a "$port" "$@" >"$dir/out" 2>"$dir/err" </dev/null &
	child=$!
	wait_until test -s "$dir/out" || bad="no output"
}

has_lines() { [ "$(grep -cE -- "$2" "$1")" -ge "$3" ]; }
until_there() { wait_until has_lines "$@" || bad="$bad; no $2"; }

# ended STATUS LINES: of standard error
ended() {
	wait $child
	status=$?
	[ $status -eq "$1" ] || bad="$bad; status $status instead of $1"
	[ "$(lines "$dir/err")" -eq "$2" ] || bad="$bad; not $2 lines on stderr"
}

# Whole objects, one a line
is_json() {
	[ -z "$json" ] || ! grep -vE '^\{"object":"report",.*\}$' "$dir/out" || bad="$bad; not JSON"
}

json=
[ $have_json = no ] || json=--json
begin $json scan --duplicates
for round in 1 2 3; do
	replug ! -e
	until_there "$dir/err" 'the dongle is gone .*; waiting until it is back$' $round
	replug -e
	until_there "$dir/err" "^blewire: $port is back: scanning again$" $round
	more=$(($(lines "$dir/out") + 20))
	until_there "$dir/out" . $more
done
kill -INT $child
ended 130 6
is_json
result "scan goes on over a re-plug"

begin $json scan
replug ! -e
until_there "$dir/err" 'waiting until' 1
kill -INT $child
ended 130 1
is_json
replug -e
result "Ctrl-C while it waits"

begin $json --timeout 1 scan
replug ! -e
ended 3 2
has_lines "$dir/err" "there is no $port: plug the dongle in" 1 || bad="$bad; no reason"
replug -e
result "--timeout limits the wait"

# Again with more time where the end came before the pull.
seconds=4
while
	begin $json scan -t $seconds
	replug ! -e
	wait $child
	status=$?
	[ $status -eq 0 ] && [ ! -s "$dir/err" ] && [ $seconds -lt "$BLEWIRE_PATIENCE" ]
do
	seconds=$((2 * seconds))
	replug -e
done
[ $status -eq 3 ] || bad="$bad; status $status instead of 3"
has_lines "$dir/err" "$port was not back in time" 1 || bad="$bad; no reason"
[ "$(lines "$dir/err")" -eq 2 ] || bad="$bad; not 2 lines on stderr"
replug -e
result "-t ends it while it waits"

kill $emulator
wait $emulator 2>/dev/null
trap 'rm -rf "$dir"' EXIT
finish
