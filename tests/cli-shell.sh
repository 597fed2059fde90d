#!/bin/sh
# SPDX-License-Identifier: MIT
# The shell over the simulator, with a script on standard input.
. "${srcdir:-.}/tests/needs-names.sh"
. "${srcdir:-.}/tests/cli-cases.sh"

HOME=$dir/home
XDG_STATE_HOME=$dir/state
export HOME XDG_STATE_HOME
mkdir "$HOME"

# -- Scripts ----------------------------------------------------------------------------

# script NAME STATUS PATTERN ERRORS OPTION...: with the script in $dir/script; PATTERN on
# stdout, so many lines on stderr
script() {
	name=$1 wanted=$2 pattern=$3 errors=$4
	shift 4
	bad=
	bounded "$frozen" "$@" shell <"$dir/script" >"$dir/out" 2>"$dir/err"
	status=$?
	[ $status -eq "$wanted" ] || bad="status $status instead of $wanted"
	[ -z "$pattern" ] || grep -qE -- "$pattern" "$dir/out" || bad="$bad; no $pattern on stdout"
	[ "$(lines "$dir/err")" -eq "$errors" ] || bad="$bad; not $errors lines on stderr"
	grep -q blewire\> "$dir/out" && bad="$bad; a prompt"
	result "$name"
}

# one NAME STATUS PATTERN LINE...: PATTERN on stderr, its last line
one() {
	name=$1 wanted=$2 pattern=$3
	shift 3
	printf '%s\n' "$@" >"$dir/script"
	bad=
	bounded "$frozen" -a sim shell <"$dir/script" >"$dir/out" 2>"$dir/err"
	status=$?
	[ $status -eq "$wanted" ] || bad="status $status instead of $wanted"
	grep -qE -- "^blewire: .*$pattern" "$dir/err" || bad="$bad; no $pattern on stderr"
	[ "$(lines "$dir/err")" -eq 1 ] || bad="$bad; not one line on stderr"
	result "$name"
}

cat >"$dir/script" <<EOF
# what a script may do

  connect $weather   # the type is found out
read temperature -f i16
read "temperature" --format=i16
read temperature/2901 -f text
write b1e00002$vendor "text:stood  here" --read -f text
rssi
params --interval 50
info
disconnect
connect $heart
read body_sensor_location
EOF
script "script" 0 "^connected to $weather/random: MTU 247, 6 services, 15 characteristics$" 0 -a sim
must [ "$(sed -n '2,7p' "$dir/out" | sed 's/^-[0-9]*$/rssi/' | tr '\n' '|')" = \
	"2100|2100|Temperature of the air|stood  here|rssi|interval 50.00 ms, latency 0, timeout 5000 ms|" ]
result "script: the commands, one after the other"
must grep -q "^6 services, 15 characteristics, 15 descriptors; 10 requests to discover them, 39 with" "$dir/out"
result "script: info counts its own requests"
must [ "$(tail -n 1 "$dir/out")" = 01 ]
result "script: another connection"
printf 'connect %s\nread 2a38' $heart >"$dir/script"
script "script: no newline at the end" 0 "^01$" 0 -a sim
printf '' >"$dir/script"
script "script: empty" 0 "" 0 -a sim
printf 'quit\nfrob\n' >"$dir/script"
script "script: quit ends it" 0 "" 0 -a sim
printf 'connect %s\nread 2a4d\nread 2a38\nread 2a37\nfrob\n' $heart >"$dir/script"
script "script: the status of the first that failed" 4 "^01$" 3 -a sim
printf 'connect %s\nnotify 2a6e 2a6f\nwait 1.5\nunnotify 2a6e\nwait 0.1\nread 2a24 -f text\nwait 1.5\n' \
	$weather >"$dir/script"
script "script: notifications go on" 0 "^[0-9:.]{12}  @0x001b  [0-9a-f]{4}$" 0 -a sim
must [ "$(sed -n '/^B/,$p' "$dir/out" | grep -c @0x001b)" -eq 0 ]
result "script: and end"
printf 'connect %s\nnotify 2a6e -n 2\nread 2a38\n' $weather >"$dir/script"
script "script: notifications that are waited for" 4 "@0x001b" 1 -a sim
must [ "$(grep -c @0x001b "$dir/out")" -eq 2 ]
result "script: as many as were asked for"
printf 'scan -t 0.7\ndevices\nscan\nwait 0.5\nscan off\n' >"$dir/script"
script "script: scan" 0 "^$heart/random  +-[0-9]+  \"Sim Heart Rate\"$" 0 -a sim
must [ "$(grep -c "Sim Env" "$dir/out")" -ge 3 ]
result "script: scan, devices, scan"
printf 'connect %s\nnotify 2a6e\ndisconnect\nconnect\nread temperature -f i16\nwait 1.5\n' \
	$weather >"$dir/script"
script "script: connect again after disconnect" 0 "^2100$" 0 -a sim
must [ "$(grep -c "^connected to $weather/random: " "$dir/out")" -eq 2 ]
result "script: to the one of before"
must [ "$(sed '1,/^2100/d' "$dir/out" | grep -c @0x001b)" -eq 0 ]
result "script: what was subscribed ended with disconnect"
printf 'connect %s\ndisconnect\nconnect %s\ndisconnect\nconnect\nread 2a38\n' \
	$weather $heart >"$dir/script"
script "script: connect again to the last of two" 0 "^01$" 0 -a sim
printf 'connect %s\ndisconnect\nconnect %s --timeout 0.5\nconnect --timeout 0.5\nread 2a38\n' \
	$heart C0:00:00:00:00:99 >"$dir/script"
script "script: connect again to one that is not there" 4 "" 3 -a sim
[ "$(grep -c "^blewire: .*C0:00:00:00:00:99" "$dir/err")" -eq 3 ] || bad="of another one"
grep -q "^blewire: not connected: .* connect alone for C0:00:00:00:00:99 again$" "$dir/err" ||
	bad="$bad; not told how"
result "script: and to no other"
one "script: connect again while connected" 2 "disconnect comes first" "connect $heart" connect
one "script: not connected" 5 "not connected: connect ADDRESS comes first$" "read 2a19"
one "script: nothing to disconnect" 5 "not connected" disconnect
one "script: connected already" 2 "disconnect comes first" "connect $heart" "connect $weather"
one "script: unknown command" 2 'unknown command "frob": see help' frob
one "script: unknown option" 2 "unknown option --frob: see help read" "read --frob"
one "script: no -a" 2 "unknown option -a: see help scan" "scan -a sim"
one "script: missing argument" 2 "read wants CHARACTERISTIC.*: see help read" "connect $heart" read
one "script: too many arguments" 2 '"x" is one argument too many: see help rssi' "connect $heart" "rssi x"
one "script: hints that hold here" 4 "no characteristic 2a4d: info lists" "connect $heart" "read 2a4d"
one "script: hints of types" 2 "a name that info shows" "connect $heart" "read frob"
one "script: hints of errors" 6 "0x02.: info shows what can be read" "connect $heart" "read 2a37"
one "script: nothing to connect to" 2 "connect wants ADDRESS" connect
one "script: an open quote" 2 'a closing " is missing' 'read "x'
one "script: an escape" 2 '\\x1b' "$(printf 'fr\033[31mob')"
one "script: scan wants" 2 'on or off, not "maybe"' "scan maybe"
one "script: wait wants" 2 'wait wants a number of seconds.*not "x"' "wait x"
one "script: not subscribed" 4 "2a37 is not subscribed" "connect $heart" "unnotify 2a37"
one "script: help of nothing" 2 'unknown command "frob"' "help frob"
one "script: notify --reconnect" 2 "for the command line alone" "notify 2a19 -r"
one "script: nobody there" 4 "C0:00:00:00:00:99" "connect C0:00:00:00:00:99 --timeout 0.5"
one "script: the time holds for one command" 2 "unknown command" "connect $heart --timeout 9" frob
one "script: a line too long" 2 "more than 4094 bytes" "$(printf '%05000d' 0)"
printf 'fr\0ob\n' >"$dir/script"
script "script: a NUL" 2 "" 1 -a sim
fails "shell: no adapter" 3 "frob" -a frob shell
fails "shell: an argument" 2 "one argument too many" -a sim shell x
for command in scan devices connect disconnect info read write notify unnotify rssi params wait adapters help quit exit; do
	printf 'help %s\n' $command >"$dir/script"
	script "help of $command" 0 "^Usage: $command" 0 -a sim
done
if [ $have_json = yes ]; then
	printf 'connect %s\n' $one >"$dir/script"
	script "script: one of each" 0 "^connected to $one/random: MTU 247, 1 service, 1 characteristic$" 0 -a "sim:$dir/one.json"
	printf 'connect %s\nread 2a19\nwait 2\nread 2a19\n' $sleeper >"$dir/script"
	script "script: the connection goes" 5 "^the connection to $sleeper/public was lost: connection timeout$" 1 -a "$sim"
	printf 'connect %s\nnotify 2a19 -t 5\nread 2a19\n' $sleeper >"$dir/script"
	script "script: the connection goes in a command" 5 "@0x" 2 -a "$sim"
	# It leaves 900 ms after each connect.
	printf 'connect %s\nnotify 2a19\nwait 2\nread 2a19\nwait 0.1\nconnect\nwait 0.7\n' \
		$sleeper >"$dir/script"
	script "script: connect again" 5 "" 1 -a "$sim"
	grep -q "not connected to $sleeper/public any more: connect alone" "$dir/err" ||
		bad="$bad; not told how"
	[ "$(grep -c "^connected to $sleeper/public" "$dir/out")" -eq 2 ] || bad="$bad; not again"
	[ "$(sed '1,/was lost/d' "$dir/out" | grep -c "@0x")" -ge 2 ] || bad="$bad; no values"
	result "script: what was subscribed goes on"
	printf 'connect %s\nnotify 2a19\nwait 2\nconnect %s\nunnotify 2a19\nwait 0.5\n' \
		$sleeper $sleeper >"$dir/script"
	script "script: connect again, by its address" 0 "was lost" 0 -a "$sim"
	must [ "$(sed '1,/was lost/d' "$dir/out" | grep -c "@0x")" -le 1 ]
	result "script: and ended there"
	printf 'connect %s\nnotify 2a19\nwait 2\nconnect %s\nread @0x100\n' \
		$sleeper $evil >"$dir/script"
	script "script: connect to another one" 0 "^61621b$" 0 -a "$sim"
	# A typing error does not end the subscriptions.
	printf 'connect %s\nnotify 2a19\nwait 2\nconnect C0:FF\nconnect\nwait 0.7\n' \
		$sleeper >"$dir/script"
	script "script: connect to no address after a loss" 2 '' 1 -a "$sim"
	grep -q '"C0:FF" is not an address' "$dir/err" || bad="$bad; not told so"
	[ "$(sed '1,/was lost/d' "$dir/out" | grep -c "@0x")" -ge 2 ] || bad="$bad; no values"
	result "script: and what was subscribed goes on all the same"
	printf 'connect %s\nwait 2\n' $sleeper >"$dir/script"
	script "script: JSON of it" 0 '"object":"disconnected","address":"C0:00:00:00:00:03","address_type":"public","reason":8,"message":"connection timeout"' \
		0 -a "$sim" --json
	must grep -q '^{"object":"connected","address":"C0:00:00:00:00:03","address_type":"public","mtu":' "$dir/out"
	result "script: JSON of the connect"
	printf 'scan -t 0.5\ndevices --json\n' >"$dir/script"
	script "script: JSON for one command" 0 '^\{"object":"device","address":"C0:FF:EE:00:18:0D","address_type":"random","rssi":-[0-9]+,"name":"Sim Heart Rate"\}$' 0 -a sim
fi
# The pipe is open until a value has come.
: >"$dir/out"
bad=
(printf 'connect %s\nnotify 2a6e\n' $weather; wait_until grep -q @0x001b "$dir/out") |
	bounded "$blewire" -a sim shell >"$dir/out" 2>"$dir/err" || bad="status $?"
grep -q "@0x001b" "$dir/out" || bad="$bad; nothing came"
result "script: a pipe that stays open"
# The pipe is open until the program has ended.
bad=
mkfifo "$dir/open"
"$blewire" -a sim shell <"$dir/open" >"$dir/out" 2>"$dir/err" &
shell=$!
exec 9>"$dir/open"
echo "connect $heart" >&9
wait_until grep -q '^connected' "$dir/out" || bad="it did not begin"
kill -INT $shell
wait $shell
status=$?
exec 9>&-
[ $status -eq 130 ] || bad="$bad; status $status instead of 130"
result "script: Ctrl-C ends it"

# -- A dongle that comes back ---------------------------------------------------------------

# until_there FILE PATTERN COUNT: waits until so many lines of the file have it
has_lines() { [ "$(grep -cE -- "$2" "$1")" -ge "$3" ]; }
until_there() { wait_until has_lines "$@" || bad="$bad; no $2"; }

# until_port EXISTS: waits until the port is there ("-e"), or is not ("! -e")
until_port() { wait_until test "$@" "$dir/dongle" || bad="$bad; $* the port"; }

if [ -x ./blewire-dongle-emulator ]; then
	bad=
	./blewire-dongle-emulator "pty:$dir/dongle" >/dev/null 2>&1 &
	emulator=$!
	trap 'kill $emulator 2>/dev/null; rm -rf "$dir"' EXIT
	until_port -e
	mkfifo "$dir/lines"
	bounded "$blewire" -a "$dir/dongle" shell <"$dir/lines" >"$dir/out" 2>"$dir/err" &
	shell=$!
	exec 9>"$dir/lines"
	echo "connect $heart" >&9
	until_there "$dir/out" "^connected to $heart" 1
	kill -USR1 $emulator
	until_there "$dir/out" "lost.*the dongle is gone" 1
	until_port ! -e
	echo connect >&9
	until_there "$dir/err" "was taken away: open it again" 1
	echo connect >&9
	until_there "$dir/err" "there is no $dir/dongle: plug the dongle in" 1
	kill -USR1 $emulator
	until_port -e
	printf '%s\n' connect "read body_sensor_location" "scan -t 1" >&9
	until_there "$dir/out" "^connected to $heart" 2
	until_there "$dir/out" "^01$" 1
	until_there "$dir/out" "Sim Environment" 1
	exec 9>&-
	wait $shell
	status=$?
	[ $status -eq 3 ] || bad="$bad; status $status"
	[ "$(lines "$dir/err")" -eq 2 ] || bad="$bad; not two lines on stderr"
	kill $emulator
	wait $emulator 2>/dev/null
	trap 'rm -rf "$dir"' EXIT
	result "a dongle that was pulled is used again once it is back"
else
	echo "# built without libserialport: no dongles"
fi

finish
