#!/bin/bash
# SPDX-License-Identifier: MIT
# The program trusts no peripheral. Text from the air is escaped on a terminal, privileges are
# dropped before the first connect, and nobody else can read the program's files.
# shellcheck source-path=SCRIPTDIR
. "${srcdir:-.}/tests/cli-cases.sh"

# -- A peripheral all of whose texts bite ---------------------------------------------------------

bite='\u001b[2J\u001b]0;x\u0007\u009b31m\u202e\u2066\r\n\t\u007f\\\"\u0085'
cat >"$dir/bite.json" <<END2
{ "version": 1, "peripherals": [ {
  "name": "${bite}N",
  "address": "C0:00:00:00:00:0B/random",
  "advertising": { "interval_ms": 50, "rssi": -40 },
  "services": [
    { "uuid": "12345678-0000-4000-8000-0000000000ba", "characteristics": [
      { "uuid": "12345678-0000-4000-8000-0000000000bb", "properties": ["read", "write", "notify"],
        "value": "1b5b324a009b07ff410d", "max": 512, "on_write": true,
        "descriptors": [ { "uuid": "2901", "value": { "text": "$bite" } } ] } ] } ] } ] }
END2
biting=C0:00:00:00:00:0B
bitten=12345678-0000-4000-8000-0000000000bb

# unbitten FILE: it has nothing that is unsafe on a terminal: controls other than line feeds, in
# one octet or as UTF-8, and characters that change the direction of text
unbitten() {
	! LC_ALL=C grep -qP '[\x00-\x08\x0b-\x1f\x7f]' "$1" &&
		! LC_ALL=C grep -qP '\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]|\xe2\x81[\xa6-\xa9]' "$1"
}

# bites NAME STATUS ARGUMENT...
bites() {
	name=$1
	shift
	run "$@"
	unbitten "$dir/out" || bad="$bad; it bites on stdout"
	unbitten "$dir/err" || bad="$bad; it bites on stderr"
	result "bites: $name"
}

if [ -x "$jsonlines" ]; then
	for json in "" --json; do
		bites "scan $json" 0 -v $json -a "sim:$dir/bite.json" scan -t 1
		must [ -s "$dir/out" ]
		result "bites: scan $json, and it was seen"
		bites "info $json" 0 -v $json -a "sim:$dir/bite.json" info $biting
		must grep -q 2901 "$dir/out"
		result "bites: info $json has the description"
		for format in hex text u8; do
			bites "read -f $format $json" 0 $json -a "sim:$dir/bite.json" \
				read $biting $bitten -f $format
		done
		bites "a descriptor $json" 0 $json -a "sim:$dir/bite.json" \
			read $biting $bitten/2901 -f text
		bites "no such name $json" 2 $json -a "sim:$dir/bite.json" --timeout 0.3 \
			read $biting "$(printf '\033[2Jx')"
	done
	printf 'scan -t 1\nconnect %s\ninfo\nread 2a00 -f text\nread %s -f text\nread %s/2901 -f text\n' \
		$biting $bitten $bitten >"$dir/lines"
	bad=
	bounded "$frozen" -a "sim:$dir/bite.json" shell <"$dir/lines" >"$dir/out" 2>"$dir/err" ||
		bad="status $?"
	unbitten "$dir/out" || bad="$bad; it bites on stdout"
	unbitten "$dir/err" || bad="$bad; it bites on stderr"
	grep -q 2901 "$dir/out" || bad="$bad; no info"
	result "bites: the shell"
	if [ -x tests/pty ]; then
		bad=
		echo "end 0" | TERM=xterm ./tests/pty 120 24 "$frozen" -a "sim:$dir/bite.json" scan -t 1 \
			>"$dir/raw" 2>"$dir/err" || bad="status $?"
		# Without the table's own sequences
		sed 's/\x1b\[?[0-9]*[hl]//g; s/\x1b\[[HKJ]//g' "$dir/raw" | tr -d '\r' >"$dir/out"
		unbitten "$dir/out" || bad="$bad; it bites"
		grep -q '\\x1b\[2J' "$dir/out" || bad="$bad; no such name"
		result "bites: the table"
	fi
else
	echo "ok $((n += 1)) # SKIP bites: built without json-c"
fi

# -- Privileges -----------------------------------------------------------------------------------

# capability NAME: of the running program, from the kernel
capability() { sed -n "s/^$1:[[:space:]]*//p" "/proc/$child/status" 2>/dev/null; }

if ! grep -q '^#define HAVE_CAP_NG 1' config.h 2>/dev/null; then
	echo "ok $((n += 1)) # SKIP privileges: built without libcap-ng"
elif [ "$(id -u)" != 0 ]; then
	echo "ok $((n += 1)) # SKIP privileges: only root has some to give up"
else
	for arguments in "notify $heart 2a37" scan; do
		bad=
		: >"$dir/out"
		# shellcheck disable=SC2086
		"$blewire" -a sim $arguments >"$dir/out" 2>"$dir/err" &
		child=$!
		wait_until test -s "$dir/out" || bad="it did not begin"
		for set in CapInh CapPrm CapEff CapAmb CapBnd; do
			[ "$(capability $set)" = 0000000000000000 ] ||
				bad="$bad; $set is $(capability $set)"
		done
		[ "$(capability NoNewPrivs)" = 1 ] || bad="$bad; new privileges are to be had"
		kill -INT $child
		wait $child
		result "privileges: ${arguments%% *}"
	done
	# A program without capabilities works, too. Skipped if nobody may not read this folder.
	nobody="setpriv --reuid=65534 --regid=65534 --clear-groups"
	if $nobody "$(pwd)/$blewire" --version >/dev/null 2>&1; then
		bad=
		$nobody --inh-caps=-all --bounding-set=-all \
			"$(pwd)/$blewire" -a sim read $heart 2a19 >"$dir/out" 2>"$dir/err" ||
			bad="status $?"
		result "privileges: none to begin with"
	else
		echo "SKIP: privileges: none to begin with: nobody may not use this folder"
	fi
fi

# -- Files ----------------------------------------------------------------------------------------

bad=
(umask 0 && XDG_CACHE_HOME="$dir/cache" bounded "$blewire" --cache -a sim info $heart) \
	>"$dir/out" 2>"$dir/err" || bad="status $?"
[ "$(stat -c %a "$dir/cache/blewire")" = 700 ] || bad="$bad; the folder is open to others"
for file in "$dir"/cache/blewire/*; do
	[ ! -e "$file" ] || [ "$(stat -c %a "$file")" = 600 ] || bad="$bad; $file is open to others"
done
result "files: a cache is this user's alone"

[ $failed -eq 0 ] || echo "# $failed of $n failed"
[ $failed -eq 0 ]
