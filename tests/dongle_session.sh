#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs the session in doc/dongle.md: each command in order in one shell, and the lines that the
# page shows under it must be printed. Numbers may differ; "..." stands for any lines, at least
# one. Then the emulator's own words: --help, --version, and errors, which are one line.
page=${srcdir:-.}/doc/dongle.md
. "${srcdir:-.}/tests/needs-names.sh"
. "${srcdir:-.}/tests/patience.sh"
. "${srcdir:-.}/tests/report.sh"
dir=$(mktemp -d) || exit 99
emulator=
trap '[ -z "$emulator" ] || kill "$emulator" 2>/dev/null; rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM HUP
PATH=$PWD:$PATH

speaks_or_gone() { [ -s out ] || ! kill -0 $emulator; }

# shown FILE: whether what the command printed, $dir/out, is what the page shows
shown() {
	numbers <"$dir/out" >"$dir/seen"
	while read -r expected; do
		if [ "$expected" = "..." ]; then
			[ -s "$dir/seen" ] || return 1
		else
			printf '%s\n' "$expected" | numbers >"$dir/line"
			grep -qxF -f "$dir/line" "$dir/seen" || { echo "not printed: $expected"; return 1; }
		fi
	done <"$1"
}

# Each "$ COMMAND" of the page, with the lines below it
awk -v dir="$dir" '
	/^```/ { inside = $0 == "```console"; file = ""; next }
	inside && /^\$ / { file = dir "/" ++n; print substr($0, 3) >(file ".command"); next }
	inside && file { print >(file ".lines") }
	END { print n + 0 >(dir "/count") }' "$page"

count=$(cat "$dir/count")
n=0
cd "$dir" || exit 99
while [ $n -lt "$count" ]; do
	n=$((n + 1))
	line=$(cat "$n.command")
	: >>"$n.lines"
	case $line in
	*" &")
		${line% &} >out 2>&1 &
		emulator=$!
		# Its line is printed before the link is looked for.
		wait_until speaks_or_gone
		good=0
		;;
	"kill %1")
		kill $emulator
		wait $emulator
		good=$?
		emulator=
		: >out
		[ ! -e dongle ] || good=1
		;;
	*)
		bounded sh -c "$line" >out 2>&1 </dev/null
		good=$?
		;;
	esac
	[ $good -ne 0 ] || shown "$n.lines" || good=1
	[ $good -eq 0 ] || sed 's/^/    /' out
	verdict "$line" $good
done
[ "$count" -ge 5 ]
verdict "the page shows a session" $?

# -- Its own words -------------------------------------------------------------------

blewire-dongle-emulator --help >out 2>err && grep -q '^usage: blewire-dongle-emulator ' out &&
	[ ! -s err ]
verdict "--help" $?
blewire-dongle-emulator --version >out 2>err && [ ! -s err ] &&
	[ "$(cut -d ' ' -f 2 out)" = "$(blewire --version | cut -d ' ' -f 2)" ]
verdict "--version is blewire's" $?

one_line() { # STATUS WORDS ARGUMENT...
	want=$1 words=$2
	shift 2
	bounded blewire-dongle-emulator "$@" >out 2>err
	[ $? -eq "$want" ] && [ ! -s out ] && [ "$(wc -l <err)" -eq 1 ] &&
		grep -q "^blewire-dongle-emulator: .*$words" err
	good=$?
	[ $good -eq 0 ] || sed 's/^/    /' err
	verdict "$*: one line, status $want" $good
}

: >file
one_line 2 "give one PLACE"
one_line 2 "unknown option --nonsense" --nonsense
one_line 2 "unknown option -z" -tz ./place
one_line 2 "missing behind --links" --links
one_line 2 "missing behind -n" -n
one_line 2 "from 1 to 8" -n 9 ./place
one_line 2 "not an address" -a x ./place
one_line 1 "not a rule: cmd nothing silence" -x "cmd nothing silence" ./place
one_line 1 "no-such-file" -f no-such-file ./place
one_line 1 "file\|json-c" -p file ./place
one_line 1 "file: cannot listen there" ./file
one_line 1 "./no/place: cannot listen there" ./no/place
one_line 1 "file: cannot make the link" pty:./file
one_line 2 "not 0 or 0x0216: 5" -l 5 ./place
one_line 2 "not like 1.3.2.122" -i 1.3.2.65536 ./place
one_line 2 "give one PLACE" ""
one_line 2 "missing behind pty:" pty:
one_line 1 "/dev/null: not a terminal" /dev/null
one_line 1 "/dev/zero: not a terminal" /dev/zero
one_line 1 ". Is a directory" -f . ./place
{ seq -f "# %g" 20000; echo "cmd nothing silence"; } >script
one_line 1 "not a rule: cmd nothing silence" -f script ./place

lost() { # ARGUMENT...: the same if what it prints cannot be written
	bounded blewire-dongle-emulator "$@" 2>err >/dev/full
	[ $? -eq 1 ] && [ "$(wc -l <err)" -eq 1 ] && grep -q "No space left on device" err
	verdict "$* >/dev/full: one line, status 1" $?
}

lost --help
lost --version
lost pty
lost pty:./link
[ ! -L link ]
verdict "no link is left" $?
[ -f file ]
verdict "the file is still there" $?
exit $status
