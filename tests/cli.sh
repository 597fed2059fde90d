#!/bin/sh
# SPDX-License-Identifier: MIT
# The program from end to end over the simulator: every command, text and JSON,
# every exit status, wrong input, signals at any moment, broken output, the
# table on a terminal. BLEWIRE names another program than the one just built.
blewire=${BLEWIRE:-./blewire}
jsonlines=./tests/jsonlines
src=${srcdir:-.}
LC_ALL=C.UTF-8
export LC_ALL
unset BLEWIRE_ADAPTER

dir=$(mktemp -d) || exit 99
[ -x "$blewire" ] || { echo "Bail out! $blewire is missing"; exit 99; }
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM HUP
n=0
failed=0

# -- What cases are made of ---------------------------------------------------

# result NAME: the case's name, after "&&" or "||" decided $bad
result() {
	n=$((n + 1))
	if [ -z "$bad" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		printf '%s\n' "$bad" | sed 's/^/#   /'
		sed 's/^/#   stdout: /' "$dir/out" | cut -c 1-200 | head -20
		sed 's/^/#   stderr: /' "$dir/err" | head -20
		failed=$((failed + 1))
	fi
}

lines() { wc -l <"$1" | tr -d ' '; }

# run STATUS ARGUMENT...: output goes to $dir/out and $dir/err
run() {
	wanted=$1
	shift
	bad=
	timeout 60 "$blewire" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
	[ $status -eq "$wanted" ] || bad="status $status instead of $wanted"
}

# fine NAME PATTERN ARGUMENT...: status 0, nothing on stderr, stdout has PATTERN
fine() {
	name=$1 pattern=$2
	shift 2
	run 0 "$@"
	[ -s "$dir/err" ] && bad="$bad; something on stderr"
	[ -z "$pattern" ] || grep -qE -- "$pattern" "$dir/out" || bad="$bad; no $pattern on stdout"
	result "$name"
}

# fails NAME STATUS PATTERN ARGUMENT...: one line on stderr that has PATTERN
fails() {
	name=$1 wanted=$2 pattern=$3
	shift 3
	run "$wanted" "$@"
	[ "$(lines "$dir/err")" -eq 1 ] || bad="$bad; not one line on stderr"
	grep -qE -- "^blewire: .*$pattern" "$dir/err" || bad="$bad; no $pattern on stderr"
	grep -q '[[:cntrl:]]' "$dir/err" && bad="$bad; a control character"
	result "$name"
}

if "$blewire" --help | grep -q -- --json; then have_json=yes; else have_json=no; fi

# json NAME PATH "FIELD..." ARGUMENT...: the objects have these fields
json() {
	name=$1 path=$2 fields=$3
	shift 3
	run 0 --json "$@"
	# shellcheck disable=SC2086
	$jsonlines "$path" $fields <"$dir/out" >"$dir/n" 2>>"$dir/err" ||
		bad="$bad; not the JSON that doc/json.md promises"
	result "$name"
}

# How many objects the last json saw
objects() { cat "$dir/n"; }

# must COMMAND...: for a case that only judges what the last run left
must() {
	bad=
	"$@" || bad="failed: $*"
}

finish() {
	echo "1..$n"
	[ $failed -eq 0 ] || echo "# $failed of $n failed"
	[ $failed -eq 0 ]
	exit
}

# -- Peripherals -----------------------------------------------------------------

cat >"$dir/sim.json" <<'END'
{
  "version": 1,
  "peripherals": [
    {
      "name": "\u001b[31m\u202e\u009b\\ gr\u00fc\u00df \u6e29",
      "address": "C0:00:00:00:00:01/random",
      "advertising": { "interval_ms": 100, "rssi": -40 },
      "services": [
        { "uuid": "180f", "characteristics": [
          { "uuid": "2a19", "properties": ["read", "notify"], "value": "2a",
            "interval_ms": 50, "generator": { "kind": "counter", "size": 1, "max": 200, "step": 1 } } ] },
        { "uuid": "180f", "characteristics": [
          { "uuid": "2a19", "properties": ["read"], "value": "63" } ] },
        { "uuid": "12345678-0000-4000-8000-0000000000aa", "characteristics": [
          { "uuid": "12345678-0000-4000-8000-0000000000ab", "handle": 255,
            "properties": ["read", "write"], "value": {"text": "ab\u001b"}, "max": 512 },
          { "uuid": "12345678-0000-4000-8000-0000000000ac", "properties": ["read"], "value": "00",
            "read_error": 5 },
          { "uuid": "12345678-0000-4000-8000-0000000000ad", "properties": ["write-without-response"],
            "value": "00", "max": 512 },
          { "uuid": "12345678-0000-4000-8000-0000000000ae", "properties": ["write", "indicate"],
            "value": "00", "max": 8, "on_write": true },
          { "uuid": "12345678-0000-4000-8000-0000000000af", "properties": ["read", "write"],
            "value": "00", "max": 2, "fixed": true } ] } ]
    },
    {
      "name": "Leaver",
      "address": "C0:00:00:00:00:02/random",
      "advertising": { "interval_ms": 100, "rssi": -80 },
      "faults": { "disconnect_after_requests": 3, "reason": 19 },
      "services": [ { "uuid": "180f", "characteristics": [
        { "uuid": "2a19", "properties": ["read", "notify"], "value": "2a" } ] } ]
    },
    {
      "name": "Sleeper",
      "address": "C0:00:00:00:00:03/public",
      "advertising": { "interval_ms": 100, "rssi": -90 },
      "faults": { "disconnect_after_ms": 900, "reason": 8 },
      "services": [ { "uuid": "180f", "characteristics": [
        { "uuid": "2a19", "properties": ["read", "notify"], "value": "2a",
          "interval_ms": 200, "generator": { "kind": "counter", "size": 1, "max": 200, "step": 1 } } ] } ]
    }
  ]
}
END
sim=sim:$dir/sim.json
evil=C0:00:00:00:00:01
leaver=C0:00:00:00:00:02
sleeper=C0:00:00:00:00:03
heart=C0:FF:EE:00:18:0D
weather=C0:FF:EE:00:18:1A
own=12345678-0000-4000-8000-0000000000
vendor=-7a11-4c5e-9d3b-62c0ffee0001

# -- Help and the command line -------------------------------------------------------

fine "help" "^  notify ADDRESS CHARACTERISTIC" --help
fine "version" "^blewire [0-9]+\.[0-9]+\.[0-9]+$" --version
for command in adapters scan info read write notify; do
	fine "help of $command" "^Usage: blewire \[OPTION\]... $command" "$command" --help
	fine "help of $command, asked before" "^Usage: .* $command" --help "$command"
done
fails "no command" 2 "a command is missing"
fails "unknown command" 2 'unknown command "frob"' frob
fails "unknown option" 2 "unknown option --frob: see blewire --help" --frob scan
fails "unknown option of a command" 2 "unknown option --frob: see blewire scan" scan --frob
fails "unknown letter" 2 "unknown option -q" scan -q
fails "option without its value" 2 "--time wants a value" scan -t
fails "flag with a value" 2 "--passive takes no value" scan --passive=1
fails "missing argument" 2 "read wants ADDRESS CHARACTERISTIC" -a sim read $heart
fails "no argument" 2 "info wants ADDRESS" -a sim info
fails "too many arguments" 2 '"x" is one argument too many' -a sim info $heart x
fails "dashes end options" 2 '"--json" is one argument too many' -a sim scan -- --json
fails "bad time" 2 '--time wants a number of seconds.*not "1s"' -a sim scan -t 1s
fails "bad timeout" 2 '--timeout wants' --timeout -1 scan
fails "bad rssi" 2 "--rssi wants dBm" -a sim scan --rssi 70
fails "bad service" 2 "--service wants a UUID" -a sim scan --service heart
fails "bad sort" 2 "--sort wants seen or rssi" -a sim scan --sort name
fails "bad count" 2 "--count wants a count" -a sim notify $heart 2a37 -n 0
fails "bad format" 2 "--format wants one of hex" -a sim read $heart 2a19 -f u64
fails "bad address" 2 '"C0:FF" is not an address' -a sim info C0:FF
fails "bad address type" 2 "is not an address" -a sim info $heart/static
fails "bad UUID" 2 '"2a3" is not a characteristic' -a sim read $heart 2a3
fails "unknown name" 2 '"heart ache" is not a characteristic' -a sim read $heart "heart ache"
fails "bad handle" 2 '"@0x10000" is not a handle' -a sim read $heart @0x10000
fails "hex that is not hex" 2 '"zz" is not hex' -a sim write $heart 2a39 zz
fails "odd digits" 2 "digits come in pairs" -a sim write $heart 2a39 123
fails "integer out of range" 2 '"256" is not a number from 0 to 255' -a sim write $heart 2a39 u8:256
fails "value too long" 2 "512 bytes at most" -a sim write $heart 2a39 "text:$(printf %0513d 0)"
fails "an escape in an argument" 2 '\\x1b' -a sim info "$(printf '\033[31m')"

if [ $have_json = no ]; then
	echo "# built without json-c: no simulator files, no JSON"
	fine "scan" "^$heart/random" -a sim scan -t 1
	fine "info" "2a37 Heart Rate Measurement" -a sim info $heart
	fine "read" "^[0-9]+$" -a sim read $heart 2a19 -f u8
	fine "write" "" -a sim write $heart 2a39 01
	fine "notify" "  [0-9a-f]+$" -a sim notify $heart 2a37 -n 2
	fails "a file all the same" 3 "json-c" -a "$sim" scan
	fails "JSON all the same" 2 "unknown option --json" --json scan
	finish
fi

# -- Adapters and files ----------------------------------------------------------------

fine "adapters: the simulator" "^sim.*LE" -a sim adapters
json "adapters: JSON" . "object=adapter name:string backend=sim address:string
	powered:boolean low_energy:boolean extended_scanning:boolean" -a sim adapters
# Without Bluetooth sockets nothing can be said of hci99.
fails "unknown adapter" 3 "hci99|sockets" -a hci99 scan -t 1
fails "no adapter's name" 3 "frob" -a frob scan -t 1
if ! "$blewire" adapters >/dev/null 2>&1; then
	fails "no adapter at all" 3 "blewire -a sim scan$" scan -t 1
	fails "no adapter to list" 3 "blewire -a sim adapters$" adapters
fi
fails "missing file" 3 "missing.json" -a "sim:$dir/missing.json" scan -t 1
fails "a directory for a file" 3 "$dir" -a "sim:$dir" scan -t 1
printf '{\n  "version": 1,\n  "peripherals": [ }\n' >"$dir/broken.json"
fails "malformed file" 3 "broken.json:3:[0-9]+: " -a "sim:$dir/broken.json" scan -t 1
printf '{ "version": 1, "peripherals": [ { "name": "x" } ] }' >"$dir/lacking.json"
fails "file that lacks an address" 3 "lacking.json: .*address" -a "sim:$dir/lacking.json" scan -t 1
BLEWIRE_ADAPTER=hci98
export BLEWIRE_ADAPTER
fails "adapter of the environment" 3 "hci98|sockets" scan -t 1
fine "-a goes before the environment" "^sim" -a sim adapters
unset BLEWIRE_ADAPTER

# -- Scan ----------------------------------------------------------------------------------

report="object=report time address:string address_type:string rssi:int tx_power name
	services:array manufacturer_data:array service_data:array event:array primary_phy:int
	secondary_phy sid data:string"
fine "scan" "^$heart/random +-[0-9]+  \"Sim Heart Rate\"  Heart Rate, Battery" -a sim scan -t 1
must grep -q "^$weather/random" "$dir/out"
result "scan: the other one, too"
must [ "$(lines "$dir/out")" -le 4 ]
result "scan: nothing twice"
fine "scan: duplicates" "$heart" -a sim scan -t 2 --duplicates
must [ "$(lines "$dir/out")" -gt 8 ]
result "scan: every report"
json "scan: JSON" . "$report" -a sim scan -t 1
fine "scan: by name" "Environment" -a sim scan -t 1 --name Envi
must [ "$(grep -c "$heart" "$dir/out")" -eq 0 ]
result "scan: no other name"
fine "scan: by service" "$heart" -a sim scan -t 1 --service 180d --service 1810
must [ "$(grep -c "$weather" "$dir/out")" -eq 0 ]
result "scan: no other service"
fine "scan: passive" "$heart" -a sim scan -t 1 --passive
must [ "$(grep -c "scan response" "$dir/out")" -eq 0 ]
result "scan: no scan response"
fine "scan: a file" "^$evil/random" -a "$sim" scan -t 1
must grep -qF '"\x1b[31m\xe2\x80\xae\xc2\x9b\\ grüß 温"' "$dir/out"
result "scan: a name that bites"
must [ "$(lines "$dir/out")" -le 6 ]
result "scan: nothing twice, empty scan responses neither"
fine "scan: by rssi" "$evil" -a "$sim" scan -t 1 --rssi -60
must [ "$(grep -c "$leaver" "$dir/out")" -eq 0 ]
result "scan: nothing weaker"
json "scan: a name that bites, JSON" . "$report" -a "$sim" scan -t 1
must [ "$(grep -c '\\u001b\[31m\\u202e\\u009b' "$dir/out")" -gt 0 ]
result "scan: escaped in JSON, too"
LC_ALL=C
fine "scan: a locale without UTF-8" 'gr\\xc3\\xbc\\xc3\\x9f' -a "$sim" scan -t 1
LC_ALL=C.UTF-8

# -- Info -------------------------------------------------------------------------------------

fine "info" "^@0x[0-9a-f]{4}  primary service 180d Heart Rate, to 0x" -a sim info $heart
must grep -qE '^@0x[0-9a-f]{4}    2a37 Heart Rate Measurement \[notify\]$' "$dir/out"
result "info: a characteristic"
must grep -qE '^@0x[0-9a-f]{4}      2902 .* = 0000$' "$dir/out"
result "info: a descriptor with its value"
must grep -qE '2a00 Device Name \[read.*\] = 53696d.* "Sim Heart Rate"$' "$dir/out"
result "info: text"
fine "info: a file" "\(unreadable: .*pairing" -a "$sim" info $evil/random
must grep -qE "$own""ab \[read, write\] = 61621b$" "$dir/out"
result "info: no text where it is none"
must grep -q '^@0x0100 ' "$dir/out"
result "info: a handle of the file's choice"
json "info: JSON" . "object=peripheral address=$weather address_type=random mtu:int
	discovery_requests:int services:array requests:int" -a sim info $weather
json "info: services" services "handle:int end:int primary=true uuid:string name
	includes:array characteristics:array" -a sim info $weather
json "info: characteristics" services.characteristics "handle:int value_handle:int uuid:string
	name properties:array value text integers error descriptors:array" -a "$sim" info $evil
json "info: descriptors" services.characteristics.descriptors "handle:int uuid:string name
	value text integers error" -a sim info $weather
fails "info: nobody there" 4 "C0:00:00:00:00:99" -a sim --timeout 0.5 info C0:00:00:00:00:99
fails "info: the wrong type" 4 "$heart" -a sim --timeout 0.5 info $heart/public
fails "info: gone in mid-discovery" 5 "discovery: the connection to .* was lost: the peer ended" -a "$sim" info $leaver

# -- Read ---------------------------------------------------------------------------------------

value="value:string text integers"
fine "read" "^[0-9a-f]{2}$" -a sim read $heart 2a19
fine "read: as an integer" "^[0-9]+$" -a sim read $heart 0x2A19 -f u8
fine "read: by long UUID" "^[0-9a-f]{2}$" -a sim read $heart 00002a19-0000-1000-8000-00805f9b34fb
fine "read: by name" "^01$" -a sim read $heart "body sensor location"
fine "read: text" '^ab\\x1b$' -a "$sim" read $evil @256 -f text
fine "read: by handle" "^61621b$" -a "$sim" read $evil @0x100
fine "read: options at the end" "^61621b$" read $evil @0x100 -a "$sim"
run 0 -v -a "$sim" read $evil @0x100
grep -q discovered "$dir/err" && bad="$bad; it discovered"
result "read: by handle needs no discovery"
json "read: JSON" . "object=value address=$evil address_type=random handle=256 uuid $value" \
	-a "$sim" read $evil @256
json "read: JSON with integers" . "object=value address=$heart address_type=random handle:int uuid=2a19
	value:string text integers:array" -a sim read $heart 2a19 -f u8
fails "read: not there" 4 "no characteristic 2a4d: blewire info $heart" -a sim read $heart 2a4d
fails "read: there twice" 4 "has 2 characteristics 2a19: choose one of @0x[0-9a-f]+ .*, @0x" \
	-a "$sim" read $evil 2a19
fails "read: not permitted" 6 "ATT error 0x02" -a sim read $heart 2a37
fails "read: no such handle" 6 "ATT error 0x01" -a sim read $heart @0xfff0
fails "read: wants pairing" 6 "ATT error 0x05.*pair" -a "$sim" read $evil ${own}ac

# -- Write -----------------------------------------------------------------------------------------

fine "write" "" -a sim write $heart 2a39 01
must [ ! -s "$dir/out" ]
result "write: says nothing"
json "write: JSON" . "object=written address=$heart address_type=random handle:int uuid=2a39
	length=1 response=true" -a sim write $heart 2a39 u8:1
fine "write: 400 bytes" "" -a sim write $weather "b1e00002$vendor" "text:$(printf %0400d 7)"
json "write: without response" . "object=written address=$evil address_type=random handle:int
	uuid=${own}ad length=3 response=false" -a "$sim" write $evil ${own}ad 0a:0b:0c --no-response
fails "write: too long without response" 2 "" -a "$sim" write $evil ${own}ad \
	"text:$(printf %0300d 7)" --no-response
fails "write: the peer refuses" 6 "ATT error 0x80" -a sim write $heart 2a39 02
fails "write: wrong length" 6 "ATT error 0x0d" -a "$sim" write $evil ${own}af 01
fails "write: only without response" 6 "--no-response.*ATT error 0x03" -a "$sim" write $evil ${own}ad 01
fails "write: there twice" 4 "choose one of" -a "$sim" write $evil 2a19 01

# -- Notify --------------------------------------------------------------------------------------------

notification="object=notification address:string address_type:string time sequence:int handle:int
	uuid:string value:string text integers"
fine "notify" "^[0-9:.]{12}  [0-9a-f]{2}$" -a "$sim" notify $evil @0x8 -n 5
must [ "$(lines "$dir/out")" -eq 5 ]
result "notify: as many as were asked for"
json "notify: JSON" . "$notification" -a "$sim" notify $evil @0x8 -n 5 -f u8
must [ "$(objects)" -eq 5 ]
result "notify: as many objects"
fine "notify: until the time is over" "  [0-9]+$" -a "$sim" notify $evil @0x8 -t 0.5 -f u8
fine "notify: indications" "  [0-9a-f]{8}$" -a sim notify $weather "b1e00004$vendor" -n 1
fails "notify: too little in time" 7 "[0-9]+ of 100 values" -a "$sim" notify $evil @0x8 -n 100 -t 0.5
fails "notify: it cannot" 4 "cannot notify or indicate" -a sim notify $heart 2a38
fails "notify: it cannot indicate" 4 "cannot indicate" -a sim notify $heart 2a37 --indicate
fails "notify: not there" 4 "no characteristic 2a4d" -a sim notify $heart 2a4d
fails "notify: the link goes" 5 "after [1-9][0-9]* values: the connection to .* was lost: connection timeout \(0x08\)" \
	-a "$sim" notify $sleeper 2a19

# -- Errors in JSON -----------------------------------------------------------------------------------

# json_fails NAME STATUS FIELDS ARGUMENT...
json_fails() {
	name=$1 wanted=$2 fields=$3
	shift 3
	run "$wanted" --json "$@"
	# shellcheck disable=SC2086
	$jsonlines . object=error status="$wanted" $fields <"$dir/out" >"$dir/n" 2>>"$dir/err" ||
		bad="$bad; not the error that doc/json.md promises"
	[ "$(lines "$dir/err")" -eq 1 ] || bad="$bad; not one line on stderr"
	result "$name"
}
json_fails "error: usage" 2 "reason=usage message:string att=null" -a sim info C0
json_fails "error: adapter" 3 "reason=adapter message:string att=null" -a hci99 scan
json_fails "error: not found" 4 "reason=not-found message:string att=null" -a sim read $heart 2a4d
json_fails "error: connection" 5 "reason=connection message:string att=null" -a "$sim" info $leaver
json_fails "error: ATT" 6 "reason=att message:string att=128" -a sim write $heart 2a39 02

# -- Signals ----------------------------------------------------------------------------------------------

# ended NAME STATUS SIGNAL SECONDS ARGUMENT...
ended() {
	name=$1 wanted=$2 signal=$3 seconds=$4
	shift 4
	bad=
	timeout --preserve-status -s "$signal" -k 10 "$seconds" "$blewire" "$@" \
		>"$dir/out" 2>"$dir/err" </dev/null
	status=$?
	[ $status -eq "$wanted" ] || bad="status $status instead of $wanted"
	[ -s "$dir/err" ] && bad="$bad; something on stderr"
	result "$name"
}
ended "Ctrl-C in a scan" 130 INT 0.7 -a sim scan
ended "SIGTERM in a scan" 143 TERM 0.7 -a sim scan
ended "SIGHUP in a scan" 129 HUP 0.7 -a sim scan
ended "Ctrl-C while connecting" 130 INT 0.5 -a sim info C0:00:00:00:00:99
ended "SIGTERM while connecting" 143 TERM 0.5 -a sim read C0:00:00:00:00:99 2a00
ended "Ctrl-C in notify" 130 INT 1 -a "$sim" notify $evil @0x8
ended "SIGTERM in notify, JSON" 143 TERM 1 -a "$sim" --json notify $evil @0x8
for moment in 0.03 0.06 0.09 0.12 0.15 0.18 0.21 0.24 0.27 0.30 0.35 0.40; do
	ended "Ctrl-C after $moment s of notify" 130 INT $moment -a "$sim" notify $evil @0x8
done

# -- Output ---------------------------------------------------------------------------------------------------

bad=
{ timeout 20 "$blewire" -a sim scan --duplicates 2>"$dir/err"; echo $? >"$dir/status"; } |
	head -n 1 >"$dir/out"
[ "$(cat "$dir/status")" -eq 141 ] || bad="status $(cat "$dir/status") instead of 141"
[ -s "$dir/err" ] && bad="$bad; something on stderr"
result "a reader that had enough"
bad=
# The one line comes at once; then nothing is printed, and still it ends.
{ timeout 20 "$blewire" -a "$sim" scan --name Leaver 2>"$dir/err"; echo $? >"$dir/status"; } |
	head -n 1 >"$dir/out"
[ "$(cat "$dir/status")" -eq 141 ] || bad="status $(cat "$dir/status") instead of 141"
result "a reader that had enough before a silence"
for arguments in "scan -t 1" "info $heart" "read $heart 2a19" "--help"; do
	bad=
	# shellcheck disable=SC2086
	timeout 20 "$blewire" -a sim $arguments >/dev/full 2>"$dir/err"
	status=$?
	: >"$dir/out"
	[ $status -eq 1 ] || bad="status $status instead of 1"
	grep -q "^blewire: cannot write the output: No space left" "$dir/err" ||
		bad="$bad; no word of it"
	result "a full disk: $arguments"
done
bad=
timeout 20 "$blewire" -a sim read $heart 2a19 >&- 2>"$dir/err"
status=$?
[ $status -eq 1 ] || bad="status $status instead of 1"
result "no standard output at all"

# -- The table ----------------------------------------------------------------------------------------------------

if command -v script >/dev/null; then
	esc=$(printf '\033')

	# table NAME STATUS COLUMNS LINES COMMAND: what a terminal of this size gets
	table() {
		bad=
		TERM=xterm script -qec "stty cols $3 rows $4; $5" "$dir/out" >/dev/null 2>"$dir/err" </dev/null
		status=$?
		[ $status -eq "$2" ] || bad="status $status instead of $2"
		grep -q "$esc\[?1049h" "$dir/out" || bad="$bad; no table"
		# Given back: once, and as the last thing of its kind
		[ "$(grep -c "$esc\[?1049l" "$dir/out")" -eq 1 ] || bad="$bad; the screen was kept"
		[ "$(grep -c "$esc\[?25h" "$dir/out")" -eq 1 ] || bad="$bad; the cursor was kept"
		# The table that stays, without the sequences before it
		sed -n "s/^.*$esc\[?1049l//;T;:a;p;n;ba" "$dir/out" | tr -d '\r' |
			grep -vE '^(Script done.*)?$' >"$dir/left"
		while IFS= read -r line; do
			[ "$(printf %s "$line" | wc -L)" -le "$3" ] || bad="$bad; wider than $3: $line"
		done <"$dir/left"
		result "$1"
	}

	table "table" 0 100 24 "$blewire -a sim scan -t 1"
	must grep -q "^$heart/random .*Sim Heart Rate  *Heart Rate, Battery" "$dir/left"
	result "table: it stays printed"
	table "table: narrow, wide characters" 0 50 24 "$blewire -a $sim scan -t 1"
	must [ "$(lines "$dir/left")" -eq 4 ]
	result "table: a line a device"
	table "table: very narrow" 0 10 24 "$blewire -a $sim scan -t 0.6"
	table "table: low" 0 80 4 "$blewire -a $sim scan -t 0.6"
	must grep -q "and 2 more" "$dir/out"
	result "table: tells of what does not fit"
	table "table: by rssi" 0 80 24 "$blewire -a $sim scan -t 1 --sort rssi"
	must [ "$(sed -n 's/^\(C0:[0-9:]*\).*/\1/p' "$dir/left" | tr '\n' ' ')" = "$evil $leaver $sleeper " ]
	result "table: the strongest first"
	must [ "$(grep -c "$esc\[31m" "$dir/out")" -eq 0 ]
	result "table: a name that bites"
	table "table: Ctrl-C gives the screen back" 130 80 24 \
		"timeout --foreground --preserve-status -s INT 1 $blewire -a sim scan"
	table "table: grows narrower" 0 90 24 \
		"sh -c '(sleep 1; stty cols 90) & $blewire -a $sim scan -t 2; wait'"
	bad=
	TERM=xterm script -qec "$blewire -a sim --json scan -t 0.5" "$dir/out" >/dev/null 2>&1 </dev/null
	grep -q "$esc\[" "$dir/out" && bad="a sequence among JSON"
	result "JSON on a terminal is JSON"
	TERM=dumb script -qec "$blewire -a sim scan -t 0.5" "$dir/out" >/dev/null 2>&1 </dev/null
	bad=
	grep -q "$esc\[" "$dir/out" && bad="a sequence"
	result "no table on a dumb terminal"
else
	echo "# script (util-linux) is missing: the table is left out"
fi

# -- The manual ------------------------------------------------------------------------------------------------------

# plain: the page's text without its markup
sed -e '/^\.\\"/d; s/\\-/-/g; s/\\f[RBIP]//g; s/^\.[A-Z]* *//; s/"//g; s/ ,/,/g' \
	"$src/doc/blewire.1" | tr -s ' ' >"$dir/man"
bad=
"$blewire" --help | sed -n '/^Exit status/,$s/^ *\([0-9][0-9]*\)  \(.*\)/\2/p' >"$dir/out"
: >"$dir/err"
[ "$(lines "$dir/out")" -eq 8 ] || bad="the table of exit statuses has another length"
while IFS= read -r line; do
	grep -qxF -- "$line" "$dir/man" || bad="$bad; not in the manual: $line"
done <"$dir/out"
result "the manual has the exit statuses"
bad=
for command in "" adapters scan info read write notify; do
	# shellcheck disable=SC2086
	"$blewire" $command --help | grep -oE -- '^  (-.,|   ) --[a-z-]+' | sed 's/.* //' |
		sort -u >"$dir/out"
	while IFS= read -r option; do
		grep -qF -- "$option" "$dir/man" || bad="$bad; not in the manual: $option"
	done <"$dir/out"
done
result "the manual has every option"
if command -v man >/dev/null; then
	: >"$dir/out"
	MANWIDTH=80 man --warnings -l "$src/doc/blewire.1" 2>"$dir/err" >/dev/null
	must [ ! -s "$dir/err" ]
	result "the manual is well-formed"
fi
if command -v bash >/dev/null; then
	mkdir "$dir/bin"
	printf '#!/bin/sh\nexec "%s" "$@"\n' "$(realpath "$blewire")" >"$dir/bin/blewire"
	chmod +x "$dir/bin/blewire"
	# completes WORDS... -> the last one completed
	completes() {
		PATH=$dir/bin:$PATH bash -c '. "$1"; shift; COMP_WORDS=("$@")
			COMP_CWORD=$(($# - 1)); _blewire; echo "${COMPREPLY[*]}"' \
			bash "$src/cli/blewire.bash" "$@" 2>"$dir/err" >"$dir/out"
	}
	completes blewire ""
	must grep -qx "adapters scan info read write notify" "$dir/out"
	result "completion: commands"
	completes blewire -a sim scan --du
	must grep -qx -- "--duplicates" "$dir/out"
	result "completion: options"
	completes blewire read X Y -f u
	must grep -qx "u8 u16 u32" "$dir/out"
	result "completion: formats"
	completes blewire -a si
	must grep -qx "sim" "$dir/out"
	result "completion: adapters"
	completes blewire scan --name ""
	must grep -qx "" "$dir/out"
	result "completion: nothing where anything may stand"
fi

finish
