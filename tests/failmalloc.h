/* SPDX-License-Identifier: MIT */
/*
 * Counts and follows allocations, and makes them fail on demand. The linker sends
 * every malloc() and its kin of the library's and the test's objects here (--wrap,
 * see local.mk); those inside shared libraries are not seen.
 */
#ifndef TESTS_FAILMALLOC_H
#define TESTS_FAILMALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * Runs scenario with its first allocation failing, then its second, ... until no
 * allocation fails. scenario returns 0 if it succeeded, as it must the last time,
 * or -ENOMEM; any other result fails the case. It frees what it made in either
 * case: memory or a descriptor left by one run fails the case too. Returns the
 * number of allocations that scenario makes.
 */
unsigned int fail_each(int (*scenario)(void *user), void *user);

/* Makes the n-th allocation from now on fail, once. disarm returns whether it
 * was reached. */
void failmalloc_arm(unsigned int n);
int failmalloc_disarm(void);

/* Whether it was reached already. */
int failmalloc_came(void);

/* Allocations while hold is set neither fail nor count. */
void failmalloc_hold(bool hold);

/* Records the callers of the next n counted allocations. With NULL: stops, and
 * returns how many allocations there were. */
size_t failmalloc_record(void **callers, size_t n);

/* Allocations that are not freed yet. list prints those since the last mark. */
size_t failmalloc_live(void);
void failmalloc_mark(void);
void failmalloc_list(FILE *out);

/* Allocations made so far, for hot paths, which must make none. */
unsigned long failmalloc_count(void);

#endif
