# SPDX-License-Identifier: MIT
# shellcheck shell=sh disable=SC2034 # its variables are for those who read it
# What the tests of the program have in common: ways to state a case, and the
# peripherals that it is about. BLEWIRE names another program than the one just
# built.
. "${srcdir:-.}/tests/patience.sh"
blewire=${BLEWIRE:-./blewire}
# The same with a frozen clock: see tests/frozen.c. Only for what waits for nothing but simulated
# peripherals.
frozen=${BLEWIRE:-./tests/frozen}
# The program itself where ./blewire is libtool's script: a shell that still works would lose a
# signal.
if [ -z "${BLEWIRE:-}" ] && [ -x .libs/blewire ]; then
	blewire=.libs/blewire
	LD_LIBRARY_PATH=$PWD/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
	export LD_LIBRARY_PATH
fi
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
	case " $* " in
	*" -a sim"*) program=$frozen ;;
	*) program=$blewire ;;
	esac
	bad=
	bounded "$program" "$@" >"$dir/out" 2>"$dir/err" </dev/null
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

# must COMMAND...: for a case that only checks the output of the last run
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
# It has one of each, and the company with the longest name.
cat >"$dir/one.json" <<'END'
{ "version": 1, "peripherals": [ { "name": "One", "address": "C0:00:00:00:00:05/random", "generic": false,
  "advertising": { "interval_ms": 100, "data": [ { "name": "One" }, { "manufacturer": 65535, "data": "01" } ] },
  "services": [ { "uuid": "180f", "characteristics": [
    { "uuid": "2a19", "properties": ["read", "notify"], "value": "2a" } ] } ] } ] }
END
one=C0:00:00:00:00:05
sim=sim:$dir/sim.json
evil=C0:00:00:00:00:01
leaver=C0:00:00:00:00:02
sleeper=C0:00:00:00:00:03
heart=C0:FF:EE:00:18:0D
weather=C0:FF:EE:00:18:1A
own=12345678-0000-4000-8000-0000000000
vendor=-7a11-4c5e-9d3b-62c0ffee0001
