#!/bin/sh
# SPDX-License-Identifier: MIT
# The table of names is the same octets whatever awk, shell, locale and folder made it. Runs in
# the build directory; srcdir comes from make check.
srcdir=$(cd "${srcdir:-.}" && pwd) || exit 99
flags=$(sed -n 's/^NAMES_FLAGS = //p' Makefile)
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
trap 'exit 99' HUP INT TERM
status=0

[ -f base/names-table.h ] || { echo "SKIP: built without names"; exit 77; }

# same WHAT COMMAND...
same() {
	what=$1
	shift
	if "$@" >"$dir/table" && cmp -s "$dir/table" base/names-table.h; then
		echo "ok: $what"
	else
		echo "FAIL: $what: another table"
		status=1
	fi
}

for awk in mawk gawk original-awk 'busybox awk' 'gawk --posix'; do
	$awk 'BEGIN { exit 0 }' </dev/null 2>/dev/null || continue
	mkdir -p "$dir/bin"
	printf '#!/bin/sh\nexec %s "$@"\n' "$awk" >"$dir/bin/awk"
	chmod +x "$dir/bin/awk"
	same "$awk" env PATH="$dir/bin:$PATH" sh "$srcdir/base/names.sh" "$srcdir/base/assigned" $flags
done
for shell in dash bash 'busybox sh'; do
	$shell -c : 2>/dev/null || continue
	same "$shell" $shell "$srcdir/base/names.sh" "$srcdir/base/assigned" $flags
done
for locale in $(locale -a 2>/dev/null | grep -E '^(C|C\.utf8|tr_TR.*|de_DE.*|en_US.*)$'); do
	same "locale $locale" env LC_ALL="$locale" sh "$srcdir/base/names.sh" "$srcdir/base/assigned" $flags
done
cp -R "$srcdir/base/assigned" "$dir/other folder"
same "another folder" env -C / sh "$srcdir/base/names.sh" "$dir/other folder" $flags
exit $status
