#!/bin/sh
# SPDX-License-Identifier: MIT
# The program from end to end over the simulator: every command in text and JSON,
# every exit status, wrong input.
. "${srcdir:-.}/tests/needs-names.sh"
. "${srcdir:-.}/tests/cli-cases.sh"

# -- Help and the command line -------------------------------------------------------

fine "help" "^  notify ADDRESS CHARACTERISTIC" --help
fine "version" "^blewire [0-9]+\.[0-9]+\.[0-9]+$" --version
for command in adapters scan info read write notify rssi params shell; do
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
fails "no adapter's name at all" 2 '--adapter wants the name of an adapter, not ""' -a "" scan
fails "an escape in an argument" 2 '\\x1b' -a sim info "$(printf '\033[31m')"

if [ $have_json = no ]; then
	echo "# built without json-c: no simulator files, no JSON"
	fine "scan" "^$heart/random" -a sim scan -t 0.4
	fine "info" "2a37 Heart Rate Measurement" -a sim info $heart
	fine "read" "^[0-9]+$" -a sim read $heart 2a19 -f u8
	fine "write" "" -a sim write $heart 2a39 01
	fine "notify" "  [0-9a-f]+$" -a sim notify $heart 2a37 -n 2
	fails "a file all the same" 3 "json-c" -a "$sim" scan
	fails "JSON all the same" 2 "without json-c" --json scan
	finish
fi

# -- Adapters and files ----------------------------------------------------------------

fine "adapters: the simulator" "^sim.*LE" -a sim adapters
json "adapters: JSON" . "object=adapter name:string backend=sim address:string
	powered:boolean low_energy:boolean extended_scanning:boolean" -a sim adapters
# Without Bluetooth sockets the error is another one.
fails "unknown adapter" 3 "hci99|sockets" -a hci99 scan -t 0.4
fails "no adapter's name" 3 "frob" -a frob scan -t 0.4
if ! "$blewire" adapters >/dev/null 2>&1; then
	fails "no adapter at all" 3 "blewire -a sim scan$" scan -t 0.4
	fails "no adapter to list" 3 "blewire -a sim adapters$" adapters
fi
if "$blewire" -a bled112 adapters 2>&1 | grep -q "no such adapter here"; then
	echo "# built without libserialport: no dongles"
else
	"$blewire" adapters 2>/dev/null | grep -q "^bled112" ||
		fails "no dongle" 3 "no dongle found|cannot be listed" -a bled112 scan -t 0.4
	fails "no dongle there" 3 "no dongle|cannot be listed" -a bled112:99-1.2 scan -t 0.4
	fails "no port" 3 "there is no /dev/ttyACM99" -a /dev/ttyACM99 scan -t 0.4
	fails "no port, by its short name" 3 "there is no /dev/ttyACM99" -a ttyACM99 scan -t 0.4
	fails "no port of this system" 3 "there is no COM99" -a COM99 scan -t 0.4
	fails "a directory for a port" 3 "$dir is a directory: name the dongle" -a "$dir" scan -t 0.4
	fails "not a port" 3 "/dev/null is not a serial port" -a /dev/null scan -t 0.4
fi
fails "missing file" 3 "missing.json\": No such file or directory; name a JSON file" \
	-a "sim:$dir/missing.json" scan -t 0.4
fails "no file's name" 3 '"sim:": .*; name a JSON file, or "sim" alone' -a sim: scan -t 0.4
fails "a directory for a file" 3 "$dir" -a "sim:$dir" scan -t 0.4
printf '{\n  "version": 1,\n  "peripherals": [ }\n' >"$dir/broken.json"
fails "malformed file" 3 "broken.json:3:[0-9]+: " -a "sim:$dir/broken.json" scan -t 0.4
printf '{ "version": 1, "peripherals": [ { "name": "x" } ] }' >"$dir/lacking.json"
fails "file that lacks an address" 3 "lacking.json: .*address" -a "sim:$dir/lacking.json" scan -t 0.4
BLEWIRE_ADAPTER=hci98
export BLEWIRE_ADAPTER
fails "adapter of the environment" 3 "hci98|sockets" scan -t 0.4
fine "-a goes before the environment" "^sim" -a sim adapters
BLEWIRE_ADAPTER=
run 3 scan -t 0.4
# A machine that has an adapter scans with it.
[ $status -ne 0 ] || bad=
grep -q "no such adapter here" "$dir/err" && bad="$bad; taken for a name"
result "an empty adapter of the environment is none"
unset BLEWIRE_ADAPTER

# -- Scan ----------------------------------------------------------------------------------

report="object=report time address:string address_type:string rssi:int tx_power name
	services:array manufacturer_data:array service_data:array event:array primary_phy:int
	secondary_phy sid data:string"
fine "scan" "^$heart/random +-[0-9]+  \"Sim Heart Rate\"  Heart Rate, Battery" -a sim scan -t 0.4
must grep -q "^$weather/random" "$dir/out"
result "scan: the other one, too"
must [ "$(lines "$dir/out")" -le 4 ]
result "scan: nothing twice"
fine "scan: duplicates" "$heart" -a sim scan -t 2 --duplicates
must [ "$(lines "$dir/out")" -gt 8 ]
result "scan: every report"
json "scan: JSON" . "$report" -a sim scan -t 0.4
fine "scan: by name" "Environment" -a sim scan -t 0.4 --name Envi
must [ "$(grep -c "$heart" "$dir/out")" -eq 0 ]
result "scan: no other name"
fine "scan: by service" "$heart" -a sim scan -t 0.4 --service 180d --service 1810
must [ "$(grep -c "$weather" "$dir/out")" -eq 0 ]
result "scan: no other service"
fine "scan: passive" "$heart" -a sim scan -t 0.4 --passive
must [ "$(grep -c "scan response" "$dir/out")" -eq 0 ]
result "scan: no scan response"
fine "scan: a file" "^$evil/random" -a "$sim" scan -t 0.4
must grep -qF '"\x1b[31m\xe2\x80\xae\xc2\x9b\\ grüß 温"' "$dir/out"
result "scan: a name that bites"
must [ "$(lines "$dir/out")" -le 6 ]
result "scan: nothing twice, empty scan responses neither"
fine "scan: by rssi" "$evil" -a "$sim" scan -t 0.4 --rssi -60
must [ "$(grep -c "$leaver" "$dir/out")" -eq 0 ]
result "scan: nothing weaker"
fine "scan: a company with a long name" '"One"  (company ffff|Bluetooth SIG Specification Reserved [.]{3})  data 04' \
	-a "sim:$dir/one.json" scan -t 0.4
json "scan: its whole name in JSON" manufacturer_data "company=65535 name data=01" -a "sim:$dir/one.json" scan -t 0.4
must grep -qE '"name":(null|"Bluetooth SIG .* Without Device ID Service Record\.")' "$dir/out"
result "scan: all of it"
json "scan: a name that bites, JSON" . "$report" -a "$sim" scan -t 0.4
must [ "$(grep -c '\\u001b\[31m\\u202e\\u009b' "$dir/out")" -gt 0 ]
result "scan: escaped in JSON, too"
LC_ALL=C
fine "scan: a locale without UTF-8" 'gr\\xc3\\xbc\\xc3\\x9f' -a "$sim" scan -t 0.4
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
must grep -q '"error":{"att":5,"message":"' "$dir/out"
result "info: why one cannot be read"
json "info: descriptors" services.characteristics.descriptors "handle:int uuid:string name
	value text integers error" -a sim info $weather
fine "info: one of each" "^1 service, 1 characteristic, 1 descriptor; [2-9] requests to discover them, " \
	-a "sim:$dir/one.json" info $one
fails "info: nobody there" 4 "C0:00:00:00:00:99 could not be reached" -a sim --timeout 0.5 info C0:00:00:00:00:99
# It waits longer than a terminal would get the message after.
fails "info: a file is not told that it waits" 4 "C0:00:00:00:00:99" -a sim --timeout 4 info C0:00:00:00:00:99
fails "info: the wrong type" 4 "$heart/public could not be reached" -a sim --timeout 0.5 info $heart/public
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
for name in 2901 description Description "user description" characteristic_user_description \
	"characteristic user descriptor"; do
	fine "read: the description as \"$name\"" "^Temperature of the air$" -a sim \
		read $weather "temperature/$name" -f text
done
fails "read: no descriptor's name" 2 '"descriptions" is not a descriptor' -a sim read $weather temperature/descriptions
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

# -- The cache ----------------------------------------------------------------------------------

# A peripheral with a Database Hash
cat >"$dir/hashed.json" <<'END'
{ "version": 1, "peripherals": [ {
  "name": "Hashed", "address": "C0:00:00:00:00:04/random", "advertising": { "interval_ms": 100 },
  "services": [
    { "uuid": "1801", "characteristics": [ { "uuid": "2b2a", "properties": ["read"],
      "value": "000102030405060708090a0b0c0d0e0f" } ] },
    { "uuid": "180f", "characteristics": [
      { "uuid": "2a19", "properties": ["read", "notify"], "value": "2a" } ] } ] } ] }
END
hashed=C0:00:00:00:00:04
spent() { sed -nE 's/.*"discovery_requests":([0-9]+).*/\1/p' "$dir/out"; }

umask 022
HOME=$dir/home
export HOME
mkdir "$HOME"
unset XDG_CACHE_HOME
run 0 --json -a "sim:$dir/hashed.json" info $hashed
plain=$(spent)
[ -z "$(ls -A "$HOME")" ] || bad="$bad; it kept something unasked"
result "cache: none unasked"
run 0 --json --cache -a "sim:$dir/hashed.json" info $hashed
mv "$dir/out" "$dir/first"
[ "$(stat -c %a "$HOME/.cache/blewire")" = 700 ] || bad="$bad; others may read the folder"
[ "$(stat -c %a "$HOME/.cache/blewire/c00000000004-random")" = 600 ] || bad="$bad; or the file"
result "cache: kept in the home folder, for its owner"
run 0 --json --cache -a "sim:$dir/hashed.json" info $hashed
[ "$(spent)" -eq 2 ] && [ "$plain" -gt 4 ] || bad="$bad; $(spent) requests, $plain without"
sed 's/"[a-z_]*requests":[0-9]*//g' "$dir/first" >"$dir/wanted"
sed 's/"[a-z_]*requests":[0-9]*//g' "$dir/out" | cmp -s - "$dir/wanted" || bad="$bad; another tree"
result "cache: the second time takes the MTU and the hash"
fine "cache: read" "^2a$" -a "sim:$dir/hashed.json" --cache read $hashed 2a19
run 0 -v --cache -a "sim:$dir/hashed.json" read $hashed 2a19
grep -q "; 2 requests so far" "$dir/err" || bad="$bad; not 2 requests"
result "cache: read asks for less"
printf 'junk' >"$HOME/.cache/blewire/c00000000004-random"
run 0 --json --cache -a "sim:$dir/hashed.json" info $hashed
[ "$(spent)" -gt 4 ] || bad="$bad; it believed a bad file"
result "cache: a damaged file is replaced"
XDG_CACHE_HOME=$dir/xdg
export XDG_CACHE_HOME
fine "cache: where XDG says" "^2a$" --cache -a "sim:$dir/hashed.json" read $hashed 2a19
must [ -f "$dir/xdg/blewire/c00000000004-random" ]
result "cache: is there"
fine "cache: in a folder" "^2a$" --cache-in "$dir/a/b" -a "sim:$dir/hashed.json" read $hashed 2a19
must [ "$(stat -c %a "$dir/a/b")" = 700 ]
result "cache: which is made"
fine "cache: of a peripheral without a hash" "^[0-9a-f]{2}$" --cache-in "$dir/c" -a sim read $heart 2a19
must [ -z "$(ls -A "$dir/c")" ]
result "cache: keeps nothing"
printf 'connect %s\nread 2a19\n' $hashed >"$dir/script"
bad=
bounded "$frozen" -v --cache -a "sim:$dir/hashed.json" shell <"$dir/script" >"$dir/out" 2>"$dir/err" ||
	bad="status $?"
grep -q "; 2 requests so far" "$dir/err" || bad="$bad; not 2 requests"
result "cache: of the shell"
# The first connect shows the file's name; then something else is put in its place.
store=$dir/odd
kept=$store/c00000000004-random
fine "cache: a file of this user" "^2a$" --cache-in "$store" -a "sim:$dir/hashed.json" read $hashed 2a19
told() { # told NAME PATTERN: -v tells it once, and the value is read all the same
	run 0 -v --cache-in "$store" -a "sim:$dir/hashed.json" read $hashed 2a19
	[ "$(grep -cE "^blewire: cache file $kept $2\$" "$dir/err")" -eq 1 ] || bad="$bad; not told"
	grep -q "^2a$" "$dir/out" || bad="$bad; no value"
	result "cache: $1"
}
chmod 0622 "$kept"
told "a file that others can write to is told" "is not read: it belongs to .* can write to it"
run 0 -v --cache-in "$store" -a "sim:$dir/hashed.json" read $hashed 2a19
grep -q "cache file" "$dir/err" && bad="$bad; told after it was replaced"
result "cache: and replaced"
rm "$kept" && mkdir "$kept" && touch -d 2001-01-01 "$store"
told "a folder in the file's place is told" "cannot be written: there is a folder in its place"
[ "$(stat -c %Y "$store")" -lt 1000000000 ] || bad="$bad; a temporary file was made"
result "cache: and nothing is written there"
fine "cache: without -v it is not told" "^2a$" --cache-in "$store" -a "sim:$dir/hashed.json" \
	read $hashed 2a19
fails "cache: a file in the folder's place" 1 "hashed.json cannot hold a cache: Not a directory$" \
	--cache-in "$dir/hashed.json" -a sim read $heart 2a19
fails "cache: no folder" 1 "/dev/null/x cannot hold a cache: " --cache-in /dev/null/x \
	-a sim read $heart 2a19
if [ -d /proc/self ]; then
	fails "cache: a folder that cannot be made" 1 \
		"/proc/x cannot hold a cache: No such file or directory$" --cache-in /proc/x \
		-a sim read $heart 2a19
fi
fails "cache: no name" 2 "wants a folder" --cache-in "" -a sim read $heart 2a19
unset XDG_CACHE_HOME HOME
fails "cache: no home" 1 "cannot hold a cache: .*: name one with --cache-in$" --cache -a sim read $heart 2a19
HOME=$dir/home
export HOME

# -- Write -----------------------------------------------------------------------------------------

fine "write" "" -a sim write $heart 2a39 01
must [ ! -s "$dir/out" ]
result "write: says nothing"
json "write: JSON" . "object=written address=$heart address_type=random handle:int uuid=2a39
	length=1 response=true" -a sim write $heart 2a39 u8:1
fine "write: 400 bytes" "" -a sim write $weather "b1e00002$vendor" "text:$(printf %0400d 7)"
fine "write: read back" "^stood here$" -a sim write $weather "b1e00002$vendor" \
	"text:stood here" --read -f text
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
fails "notify: one too few" 7 "0 of 1 value came" -a "sim:$dir/one.json" notify $one 2a19 -n 1 -t 0.3
fails "notify: it cannot" 4 "cannot notify or indicate" -a sim notify $heart 2a38
fails "notify: it cannot indicate" 4 "cannot indicate" -a sim notify $heart 2a37 --indicate
fails "notify: not there" 4 "no characteristic 2a4d" -a sim notify $heart 2a4d
fails "notify: the link goes" 5 "after [1-9][0-9]* values: the connection to .* was lost: connection timeout \(0x08\)" \
	-a "$sim" notify $sleeper 2a19

run 0 -a "$sim" notify $sleeper 2a19 -r -n 20
[ "$(lines "$dir/out")" -eq 20 ] || bad="$bad; not 20 values"
[ "$(grep -c "lost: connection timeout (0x08); next attempt in [01]\.[0-9] s" "$dir/err")" -ge 2 ] ||
	bad="$bad; not each loss is told"
[ "$(grep -c "$sleeper.*: connected again" "$dir/err")" -ge 2 ] || bad="$bad; nor each new connection"
result "notify: it reconnects"
run 0 -a "$sim" notify $sleeper 2a19 -r -t 5
[ "$(grep -c "connected again" "$dir/err")" -ge 1 ] || bad="$bad; it did not"
result "notify: it reconnects until the time is over"
fails "notify: it does not retry the first time" 4 "could not be reached" --timeout 0.5 -a sim notify C0:00:00:00:00:99 2a19 -r
fine "notify: several" "^[0-9:.]{12}  @0x001b  [0-9a-f]{4}$" -a sim notify $weather temperature 2a6f -n 4
must grep -qE '^[0-9:.]{12}  @0x0020  ' "$dir/out"
result "notify: the other one, too"
json "notify: several, JSON" . "$notification" -a sim notify $weather temperature 2a6f -n 3
must [ "$(objects)" -eq 3 ]
result "notify: so many of all"
fails "notify: one twice" 2 "2a6e and temperature are the same characteristic \(@0x001b\)" \
	-a sim notify $weather 2a6e temperature
fails "notify: one of several is not there" 4 "no characteristic 2a4d" -a sim notify $weather 2a6e 2a4d
fails "notify: one of several cannot" 4 "cannot notify" -a sim notify $heart 2a37 2a38

cat >"$dir/silent.json" <<'EOF'
{ "version": 1, "peripherals": [ { "name": "Silent", "address": "C0:00:00:00:00:04/random",
  "advertising": { "interval_ms": 50, "rssi": -50 }, "faults": { "silent_after_requests": 1 },
  "services": [ { "uuid": "180f", "characteristics": [ { "uuid": "2a19", "value": "2a",
    "properties": ["read", "write", "notify"] } ] } ] } ] }
EOF
silent=C0:00:00:00:00:04

# -- Descriptors, and by type ----------------------------------------------------------------------

fine "read: a descriptor" "^Temperature of the air$" -a sim read $weather 2a6e/2901 -f text
fine "read: a descriptor by names" "^0000$" -a sim read $weather \
	"temperature/client characteristic configuration"
fine "read: a descriptor of a handle" "^0000$" -a sim read $weather @0x1b/0x2902
fine "read: a name written otherwise" "^Temp" -a sim read $weather \
	temperature/characteristic_user_descriptor -f text
json "read: a descriptor, JSON" . "object=value address=$weather address_type=random handle=29
	uuid=2901 $value" -a sim read $weather 2a6e/2901
fine "write: a descriptor" "^0100$" -a sim write $weather 2a6e/2902 0100 --read
json "write: a descriptor, JSON" . "object=written address=$weather address_type=random handle=28
	uuid=2902 length=2 response=true" -a sim write $weather 2a6e/2902 0100
fails "read: no such descriptor" 4 "no descriptor 2a6e/2908: blewire info" -a sim read $weather 2a6e/2908
fails "read: no descriptor's name" 2 '"frob" is not a descriptor' -a sim read $weather 2a6e/frob
fails "read: nothing behind the slash" 2 '"" is not a descriptor' -a sim read $weather 2a6e/
fails "read: nothing before the slash" 2 '"" is not a characteristic' -a sim read $weather /2901
fails "read: a descriptor of none" 2 '"@0" is not a handle' -a sim read $weather @0/2901
fails "notify: a descriptor" 2 "descriptors send nothing" -a sim notify $weather 2a6e/2902
fine "read: by type" "^@0x001b  [0-9a-f]{4}$" -a sim read $weather temperature --by-type
fine "read: declarations" "^@0x0002  020300002a$" -a sim read $weather 2803 --by-type
must [ "$(lines "$dir/out")" -eq 15 ]
result "read: all of a type"
run 0 -v -a "$sim" read $evil 2a19 --by-type
grep -q discovered "$dir/err" && bad="$bad; it discovered"
[ "$(lines "$dir/out")" -eq 2 ] || bad="$bad; not both"
result "read: by type needs no discovery"
json "read: by type, JSON" . "object=value address=$evil address_type=random handle:int uuid=2a19
	value:string text integers:array" -a "$sim" read $evil 2a19 --by-type -f u8
must [ "$(objects)" -eq 2 ]
result "read: by type, an object each"
fails "read: nothing of the type" 4 "no attribute of type 2999" -a sim read $weather 2999 --by-type
fails "read: a type's name that several have" 2 'several kinds of attribute are called "device time"' \
	-a sim read $weather "device time" --by-type
fails "read: no type" 2 '"@0x0003" is not a type' -a sim read $weather @0x0003 --by-type
fails "read: by type, not permitted" 6 "ATT error 0x05" -a "$sim" read $evil ${own}ac --by-type

# -- The connection --------------------------------------------------------------------------------

fine "rssi" "^-[0-9]+$" -a sim rssi $heart
json "rssi: JSON" . "object=rssi address=$heart address_type=random rssi:int" -a sim rssi $heart
fails "rssi: nobody there" 4 "C0:00:00:00:00:99" -a sim --timeout 0.5 rssi C0:00:00:00:00:99
params="object=params address=$heart address_type=random"
fine "params" "^interval [0-9]+\.[0-9]{2} ms, latency [0-9]+, timeout [0-9]+ ms$" -a sim params $heart
json "params: JSON" . "$params interval_us:int latency:int timeout_ms:int" -a sim params $heart
json "params: a preset" . "$params interval_us=125000 latency=2 timeout_ms=6000" \
	-a sim params $heart --preset low-power
json "params: one by one" . "$params interval_us=50000 latency=1 timeout_ms=4000" \
	-a sim params $heart --interval 7.5-50 --latency 1 --supervision 4
json "params: over a preset" . "$params interval_us=1000000 latency=0 timeout_ms=6000" \
	-a sim params $heart --preset low-power --interval 1000 --latency 0
fails "params: bad preset" 2 "--preset wants low-latency, balanced" -a sim params $heart --preset fast
for interval in 31 7 4001 50-30 30- -30 30-x 1e3 nan ""; do
	fails "params: bad interval \"$interval\"" 2 "--interval wants milliseconds" \
		-a sim params $heart "--interval=$interval"
done
fails "params: bad latency" 2 "--latency wants a count" -a sim params $heart --latency 500
fails "params: bad supervision" 2 "--supervision wants seconds" -a sim params $heart --supervision 33
fails "params: too short a supervision" 2 "too short: .* here 8000 ms" -a sim params $heart \
	--interval 4000 --supervision 0.1

# A dongle whose peripheral indicates Service Changed again and again, from the first read of a value
# on
if [ -x ./blewire-dongle-emulator ] && ! "$blewire" -a bled112 adapters 2>&1 | grep -q "no such adapter here"; then
	./blewire-dongle-emulator -e 60 -x "evt attclient_attribute_value 18- before 8009040500080002040100ffff" \
		"$dir/dongle" >/dev/null 2>&1 &
	dongle=$!
	wait_until test -S "$dir/dongle"
	fails "info: the services change meanwhile" 1 "the services of .* changed while they were read: try again" \
		-a "$dir/dongle" info $heart/random
	kill $dongle
	wait $dongle 2>/dev/null
else
	echo "# built without libserialport: no dongle whose peripheral changes"
fi

# -- The time of an operation -----------------------------------------------------------------------

# Less than the 30 s after which a peripheral counts as gone passes on the program's clock.
BLEWIRE_ELAPSED=$dir/elapsed
export BLEWIRE_ELAPSED
for arguments in "info $silent" "read $silent @3 --timeout 1" "read $silent 2a19 --by-type" \
	"write $silent @3 01" "notify $silent 2a19"; do
	echo 30000 >"$dir/elapsed"
	# shellcheck disable=SC2086
	fails "time: $arguments" 7 "did not answer in time: give it longer with --timeout" -a "sim:$dir/silent.json" \
		--timeout 0.6 $arguments
	must [ "$(cat "$dir/elapsed")" -lt 10000 ]
	result "time: $arguments: in time"
done

# A peripheral that takes its time for each answer, and a time for the whole command: wherever that
# ends, the command ends with it.
cat >"$dir/slow.json" <<'EOF'
{ "version": 1, "peripherals": [ { "name": "Slow", "address": "C0:00:00:00:00:05/random",
  "latency_ms": 400, "advertising": { "interval_ms": 50, "rssi": -50 },
  "services": [ { "uuid": "180f", "characteristics": [
    { "uuid": "2a19", "value": "2a", "interval_ms": 100, "properties": ["read", "write", "notify"] },
    { "uuid": "2a1a", "value": "2a", "properties": ["read", "write"] },
    { "uuid": "2a1b", "value": { "ramp": 512 }, "properties": ["read", "write"] } ] } ] } ] }
EOF
slow=C0:00:00:00:00:05
for arguments in "info $slow" "read $slow 2a1b" "read $slow 2803 --by-type" "write $slow 2a1a 01 --read" \
	"notify $slow 2a19 -n 3" "params $slow --preset low-power"; do
	bad= ends=
	for limit in 200 600 1000 1500 2000 2500 3000 3500 4000 4500 9000; do
		echo 30000 >"$dir/elapsed"
		# shellcheck disable=SC2086
		bounded "$frozen" -a "sim:$dir/slow.json" --timeout "$((limit / 1000)).$(printf %03d $((limit % 1000)))" \
			$arguments >"$dir/out" 2>"$dir/err"
		ended=$?
		case $ended in 0 | 4 | 7) ;; *) bad="$bad; status $ended after $limit ms" ;; esac
		[ $ended -eq 0 ] || [ "$(cat "$dir/elapsed")" -le $((limit + 2)) ] ||
			bad="$bad; $(cat "$dir/elapsed") ms instead of $limit"
		ends="$ends $ended"
	done
	# The connect is not done in time, then what follows it, then all is.
	case $ends in *" 4 "*" 7 "*" 0" | " 4 "*" 0 0 0 0 0 0 0 0") ;; *) bad="$bad; ended with$ends" ;; esac
	result "time: $arguments: the whole of it"
done
# A line of the shell has a time of its own.
printf 'connect %s\nread 2a1b --timeout 0.3\nread 2a19\n' $slow >"$dir/script"
bad=
bounded "$frozen" -a "sim:$dir/slow.json" shell <"$dir/script" >"$dir/out" 2>"$dir/err"
[ $? -eq 7 ] || bad="; another status"
must grep -q '^2a$' "$dir/out"
result "time: of one line"
unset BLEWIRE_ELAPSED

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

finish
