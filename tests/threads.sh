#!/bin/sh
# SPDX-License-Identifier: MIT
# ble_loop_post() under the thread sanitizer: the loop and tests/post_threads.c, with the way
# to wait that this build has. Runs in the build directory; srcdir and CC come from
# make check.
srcdir=${srcdir:-.}
cc=${CC:-cc}
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
trap 'exit 99' HUP INT TERM

# The sanitizer's memory map does not fit every layout that the kernel may choose.
fixed=
setarch -R true 2>/dev/null && fixed='setarch -R'

echo 'int main(void) { return 0; }' >"$dir/empty.c"
if ! $cc -fsanitize=thread -o "$dir/empty" "$dir/empty.c" 2>"$dir/log" ||
	! $fixed "$dir/empty" 2>>"$dir/log"; then
	echo "SKIP: no thread sanitizer here: $(tail -n 1 "$dir/log")"
	exit 77
fi

# run POLLER
run() {
	$cc -std=gnu11 -g -O1 -fsanitize=thread -I. -I"$srcdir" -I"$srcdir/api" -o "$dir/$1" \
		"$srcdir/tests/post_threads.c" "$srcdir/base/$1.c" "$srcdir/base/clock.c" \
		"$srcdir/base/error.c" "$srcdir/base/loop.c" "$srcdir/base/post.c" \
		"$srcdir/base/process.c" -lpthread || { echo "FAIL: $1: not built"; return 1; }
	TSAN_OPTIONS='halt_on_error=1 exitcode=66' $fixed "$dir/$1" >"$dir/log" 2>&1
	status=$?
	cat "$dir/log"
	[ $status -eq 0 ] || { echo "FAIL: $1: status $status"; return 1; }
	echo "ok: $1: no race was seen"
}

# The sanitizer has to catch a race, or it proves nothing.
cat >"$dir/race.c" <<'END'
#include <pthread.h>
static int shared;
static void *add(void *user) { for (int i = 0; i < 1000; i++) shared++; return user; }
int main(void)
{
	pthread_t thread;
	if (pthread_create(&thread, 0, add, 0)) return 1;
	add(0);
	return pthread_join(thread, 0);
}
END
$cc -g -fsanitize=thread -o "$dir/race" "$dir/race.c" -lpthread || exit 99
TSAN_OPTIONS='halt_on_error=1 exitcode=66' $fixed "$dir/race" >"$dir/log" 2>&1
[ $? -eq 66 ] || { echo "FAIL: a race was not caught"; cat "$dir/log"; exit 1; }

poller=poll
! grep -q '^#define HAVE_EPOLL 1' config.h || poller=epoll
run $poller
