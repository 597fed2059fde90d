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
	TERM=xterm script -qec "sh -c '$blewire -a sim scan -t 3 & sleep 1
		kill -TSTP \$!; sleep 0.6; kill -CONT \$!; wait \$!'" \
		"$dir/out" >/dev/null 2>"$dir/err" </dev/null || bad="status $?"
	seen=$(grep -o '?1049[hl]' "$dir/out" | tr -d '?1049\n')
	[ "$seen" = hlhl ] || bad="$bad; the screen was taken and given back as $seen"
	result "table: Ctrl-Z gives the screen back for the while"
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
