/* SPDX-License-Identifier: MIT */
/*
 * Counts allocations, finds those that are not freed, and makes them fail on demand.
 * In the objects of the library and the test, the linker replaces malloc(), free() and
 * their relatives by the functions here (--wrap, see local.mk). Allocations inside shared
 * libraries are not counted.
 */
#ifndef TESTS_FAILMALLOC_H
#define TESTS_FAILMALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * Runs scenario again and again: first its first allocation fails, then its second,
 * and so on, until none fails. scenario returns 0 or -ENOMEM, and in the last run 0;
 * any other result fails the case. It must free what it made in every run: memory or
 * a descriptor that one run left fails the case, too. Returns the number of
 * allocations that scenario makes.
 */
unsigned int fail_each(int (*scenario)(void *user), void *user);

/* Makes the n-th allocation from now on fail, once. failmalloc_disarm() ends that and
 * returns whether the allocation was reached. */
void failmalloc_arm(unsigned int n);
int failmalloc_disarm(void);

/* Whether it has been reached. */
int failmalloc_came(void);

/* While hold is set, allocations neither fail nor are counted. */
void failmalloc_hold(bool hold);

/* Records the callers of the next n counted allocations. With NULL, it stops that and
 * returns how many allocations there were. */
size_t failmalloc_record(void **callers, size_t n);

/* How many allocations are not freed. failmalloc_list() prints those that were made
 * after the last failmalloc_mark(). */
size_t failmalloc_live(void);
void failmalloc_mark(void);
void failmalloc_list(FILE *out);

/* How many allocations were made so far. For hot paths, which must make none. */
unsigned long failmalloc_count(void);

#endif
