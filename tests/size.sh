#!/bin/bash
# SPDX-License-Identifier: MIT
# Compares the size of the stripped library, as "size" counts its text, with its limits. They
# hold with gcc on x86_64 and configure's own CFLAGS; otherwise the sizes are only printed.
# usage: size.sh BUILD BUILD_WITHOUT_NAMES
set -u
WITH_NAMES=303104 WITHOUT_NAMES=188416
status=0

# one WHAT BUILD LIMIT
one() {
	local what=$1 build=$2 limit=$3 stripped text
	stripped=$(mktemp) || exit 1
	strip -o "$stripped" "$build"/.libs/libblewire.so && text=$(size "$stripped" | awk 'NR == 2 { print $1 }')
	rm -f "$stripped"
	if ! [ "${text:-0}" -gt 0 ]; then
		echo "FAIL: size $what: $build has no library to measure"
		status=1
	elif ! comparable "$build"; then
		echo "ok: size $what: $text bytes of text # SKIP no limit for this compiler and its flags"
	elif [ "$text" -gt "$limit" ]; then
		echo "FAIL: size $what: $text bytes of text, more than $limit"
		status=1
	else
		echo "ok: size $what: $text bytes of text, at most $limit"
	fi
}

comparable() {
	[ "$(uname -m)" = x86_64 ] &&
		grep -q '^OPTIMIZE = -Oz$' "$1/Makefile" &&
		grep -q '^CFLAGS = -g$' "$1/Makefile" &&
		grep -q '^SIZE_LDFLAGS = .*pack-relative-relocs' "$1/Makefile" &&
		[ "$(grep -c '^#define HAVE_\(HCI\|BGAPI\|JSON\) 1' "$1/config.h")" = 3 ] &&
		! $(sed -n 's/^CC = //p' "$1/Makefile") --version | grep -q clang
}

one "with all names" "$1" $WITH_NAMES
one "without names" "$2" $WITHOUT_NAMES
exit $status
