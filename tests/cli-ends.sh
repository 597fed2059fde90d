#!/bin/sh
# SPDX-License-Identifier: MIT
# The program from end to end over the simulator: signals at any moment, output that
# breaks, the table on a terminal, the manual.
. "${srcdir:-.}/tests/needs-names.sh"
. "${srcdir:-.}/tests/cli-cases.sh"

if [ $have_json = no ]; then
	echo "# built without json-c: these cases need simulator files"
	exit 77
fi

# -- Signals ----------------------------------------------------------------------------------------------

# ended NAME STATUS SIGNAL PATTERN ARGUMENT...: the signal comes once PATTERN was written
ended() {
	name=$1 wanted=$2 signal=$3 pattern=$4
	shift 4
	bad=
	: >"$dir/out"
	: >"$dir/err"
	"$blewire" "$@" >"$dir/out" 2>"$dir/err" </dev/null &
	child=$!
	wait_until grep -q -e "$pattern" "$dir/out" "$dir/err" || bad="no $pattern"
	kill -s "$signal" $child
	wait $child
	status=$?
	[ $status -eq "$wanted" ] || bad="$bad; status $status instead of $wanted"
	grep -v -e "$pattern" "$dir/err" >"$dir/n" && bad="$bad; something on stderr"
	result "$name"
}
ended "Ctrl-C in a scan" 130 INT $heart -a sim scan
ended "SIGTERM in a scan" 143 TERM $heart -a sim scan
ended "SIGHUP in a scan" 129 HUP $heart -a sim scan
ended "Ctrl-C while connecting" 130 INT 'connecting to' -v -a sim info C0:00:00:00:00:99
ended "SIGTERM while connecting" 143 TERM 'connecting to' -v -a sim read C0:00:00:00:00:99 2a00
ended "Ctrl-C in notify" 130 INT '  [0-9a-f]' -a "$sim" notify $evil @0x8
ended "SIGTERM in notify, JSON" 143 TERM notification -a "$sim" --json notify $evil @0x8
# At any moment, whatever it does then: before it catches signals, too
for moment in 0.03 0.06 0.09 0.12 0.15 0.18 0.21 0.24 0.27 0.30 0.35 0.40; do
	bad=
	timeout --preserve-status -s INT -k "$BLEWIRE_PATIENCE" $moment "$blewire" -a "$sim" \
		notify $evil @0x8 >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
	[ $status -eq 130 ] || bad="status $status instead of 130"
	[ -s "$dir/err" ] && bad="$bad; something on stderr"
	result "Ctrl-C after $moment s of notify"
done

# -- Output ---------------------------------------------------------------------------------------------------

bad=
{ bounded "$blewire" -a sim scan --duplicates 2>"$dir/err"; echo $? >"$dir/status"; } |
	head -n 1 >"$dir/out"
[ "$(cat "$dir/status")" -eq 141 ] || bad="status $(cat "$dir/status") instead of 141"
[ -s "$dir/err" ] && bad="$bad; something on stderr"
result "a reader that had enough"
bad=
# The one line comes at once; then nothing is printed, and still it ends.
{ bounded "$blewire" -a "$sim" scan --name Leaver 2>"$dir/err"; echo $? >"$dir/status"; } |
	head -n 1 >"$dir/out"
[ "$(cat "$dir/status")" -eq 141 ] || bad="status $(cat "$dir/status") instead of 141"
result "a reader that had enough before a silence"
for arguments in "scan -t 1" "info $heart" "read $heart 2a19" "--help"; do
	bad=
	# shellcheck disable=SC2086
	bounded "$frozen" -a sim $arguments >/dev/full 2>"$dir/err"
	status=$?
	: >"$dir/out"
	[ $status -eq 1 ] || bad="status $status instead of 1"
	grep -q "^blewire: cannot write the output: No space left" "$dir/err" ||
		bad="$bad; no word of it"
	result "a full disk: $arguments"
done
bad=
bounded "$blewire" -a sim read $heart 2a19 >&- 2>"$dir/err"
status=$?
[ $status -eq 1 ] || bad="status $status instead of 1"
result "no standard output at all"

# -- The table ----------------------------------------------------------------------------------------------------

esc=$(printf '\033')

# table NAME STATUS COLUMNS LINES STEPS COMMAND...: what a terminal of this size gets while the
# steps are done (see pty.c)
table() {
	name=$1 wanted=$2 columns=$3 rows=$4 steps=$5
	shift 5
	bad=
	printf '%s\nend %s\n' "$steps" "$wanted" |
		TERM=xterm ./tests/pty "$columns" "$rows" "$@" >"$dir/out" 2>"$dir/err" ||
		bad=$(cat "$dir/err")
	grep -q "$esc\[?1049h" "$dir/out" || bad="$bad; no table"
	# The screen is given back once, after everything else that is done to it.
	[ "$(grep -c "$esc\[?1049l" "$dir/out")" -eq 1 ] || bad="$bad; the screen was kept"
	[ "$(grep -c "$esc\[?25h" "$dir/out")" -eq 1 ] || bad="$bad; the cursor was kept"
	# The table that stays, without the sequences before it
	sed -n "s/^.*$esc\[?1049l//;T;:a;p;n;ba" "$dir/out" | tr -d '\r' | grep -v '^$' >"$dir/left"
	while IFS= read -r line; do
		[ "$(printf %s "$line" | wc -L)" -le "$columns" ] || bad="$bad; wider than $columns: $line"
	done <"$dir/left"
	result "$name"
}

table "table" 0 100 24 "" "$frozen" -a sim scan -t 1
must grep -q "^$heart/random .*Sim Heart Rate  *Heart Rate, Battery" "$dir/left"
result "table: it stays printed"
table "table: narrow, wide characters" 0 50 24 "" "$frozen" -a "$sim" scan -t 1
must [ "$(lines "$dir/left")" -eq 4 ]
result "table: a line a device"
table "table: very narrow" 0 10 24 "" "$frozen" -a "$sim" scan -t 0.6
table "table: low" 0 80 4 "" "$frozen" -a "$sim" scan -t 0.6
must grep -q "and 2 more" "$dir/out"
result "table: tells of what does not fit"
table "table: by rssi" 0 80 24 "" "$frozen" -a "$sim" scan -t 1 --sort rssi
must [ "$(sed -n 's/^\(C0:[0-9:]*\).*/\1/p' "$dir/left" | tr '\n' ' ')" = "$evil $leaver $sleeper " ]
result "table: the strongest first"
must [ "$(grep -c "$esc\[31m" "$dir/out")" -eq 0 ]
result "table: a name that bites"
table "table: Ctrl-C gives the screen back" 130 80 24 "expect \e[?1049h
expect Sim Heart
send \x03" "$blewire" -a sim scan
# As wide as the terminal is in the end
table "table: grows narrower" 130 90 24 "expect \e[?1049h
expect Sim Heart
size 60 24
expect Sim Heart
expect Sim Heart
send \x03" "$blewire" -a sim scan
must [ "$(wc -L <"$dir/left")" -le 60 ]
result "table: and is no wider than the terminal then"
bad=
printf '%s\n' 'expect \e[?1049h' 'signal TSTP' 'expect \e[?1049l' 'signal CONT' 'expect \e[?1049h' \
	'signal INT' 'expect \e[?1049l' 'end 130' |
	TERM=xterm ./tests/pty 80 24 "$blewire" -a sim scan >"$dir/out" 2>"$dir/err" || bad=$(cat "$dir/err")
seen=$(grep -o '?1049[hl]' "$dir/out" | tr -d '?1049\n')
[ "$seen" = hlhl ] || bad="$bad; the screen was taken and given back as $seen"
result "table: Ctrl-Z gives the screen back for the while"
bad=
echo "end 0" | TERM=xterm ./tests/pty 80 24 "$frozen" -a sim --json scan -t 0.5 \
	>"$dir/out" 2>"$dir/err" || bad=$(cat "$dir/err")
grep -q "$esc\[" "$dir/out" && bad="$bad; a sequence among JSON"
result "JSON on a terminal is JSON"
bad=
echo "end 0" | TERM=dumb ./tests/pty 80 24 "$frozen" -a sim scan -t 0.5 \
	>"$dir/out" 2>"$dir/err" || bad=$(cat "$dir/err")
grep -q "$esc\[" "$dir/out" && bad="$bad; a sequence"
result "no table on a dumb terminal"

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
for command in "" adapters scan info read write notify rssi params shell; do
	# shellcheck disable=SC2086
	"$blewire" $command --help | grep -oE -- '^  (-.,|   ) --[a-z-]+' | sed 's/.* //' |
		sort -u >"$dir/out"
	while IFS= read -r option; do
		grep -qF -- "$option" "$dir/man" || bad="$bad; not in the manual: $option"
	done <"$dir/out"
done
result "the manual has every option"
sed -n '/^says what it is:$/{n;p;}' "$dir/man" | grep -o '[a-z]*' | grep -vx or | sort >"$dir/out"
grep '^## ' "$src/doc/json.md" | grep -o '`[a-z]*`' | tr -d '`' | sort >"$dir/n"
grep -oh 'js_new("[a-z]*")' "$src"/cli/*.c | cut -d '"' -f 2 | sort -u >"$dir/made"
bad=$(comm -3 "$dir/n" "$dir/out")$(comm -13 "$dir/n" "$dir/made")
[ -s "$dir/made" ] || bad="$bad; no objects in the program"
result "the manual and doc/json.md have the same objects, and all that there are"
if command -v man >/dev/null; then
	: >"$dir/out"
	MANWIDTH=80 man --warnings -l "$src/doc/blewire.1" 2>"$dir/err" >/dev/null
	must [ ! -s "$dir/err" ]
	result "the manual is well-formed"
fi

finish
