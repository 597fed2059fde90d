#!/bin/sh
# SPDX-License-Identifier: MIT
# Checks the README: its program is examples/first.c, and each command line for the simulator
# prints what the README shows. Numbers may differ; a line "..." is any lines.
readme=${srcdir:-.}/README.md
. "${srcdir:-.}/tests/needs-names.sh"
. "${srcdir:-.}/tests/patience.sh"
. "${srcdir:-.}/tests/report.sh"
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' INT TERM HUP
PATH=$PWD:$PATH

# The block that starts with "```c", and the file from its first #include on
sed -n '/^```c$/,/^```$/p' "$readme" | sed '1d;$d' >"$dir/shown.c"
sed -n '/^#include/,$p' "${srcdir:-.}/examples/first.c" | diff "$dir/shown.c" - >"$dir/difference"
verdict "the program is examples/first.c" $?
cat "$dir/difference"

# Each "$ COMMAND" of the blocks that start with "```console", with the lines below it
awk -v dir="$dir" '
	/^```/ { inside = $0 == "```console"; file = ""; next }
	inside && /^\$ / { n++; file = dir "/" n; print substr($0, 3) >(file ".command"); next }
	inside && file && $0 != "" && !/^==/ { print >(file ".lines") }' "$readme"

tried=0
for command in "$dir"/*.command; do
	line=$(cat "$command")
	case $line in
	"blewire "*"-a sim "*) ;;
	./first) line=examples/first ;;
	*) continue ;;
	esac
	tried=$((tried + 1))
	bounded sh -c "$line" >"$dir/out" 2>&1 </dev/null
	good=$?
	numbers <"$dir/out" >"$dir/seen"
	[ ! -e "${command%.command}.lines" ] ||
		numbers <"${command%.command}.lines" >"$dir/shown"
	while read -r shown; do
		[ "$shown" = "..." ] || grep -qxF -- "$shown" "$dir/seen" ||
			{ echo "not printed: $shown"; good=1; }
	done <"$dir/shown"
	[ $good -eq 0 ] || sed 's/^/    /' "$dir/out"
	verdict "$line" $good
	: >"$dir/shown"
done
[ $tried -ge 5 ]
verdict "the README shows commands" $?
exit $status
