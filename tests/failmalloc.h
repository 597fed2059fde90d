/* SPDX-License-Identifier: MIT */
/*
 * Allocations counted, followed and failed on demand. The linker sends every
 * malloc and the like of the library's and the test's objects through here
 * (--wrap, see local.mk), sanitizers included; those inside shared libraries
 * are not seen.
 */
#ifndef TESTS_FAILMALLOC_H
#define TESTS_FAILMALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * Runs scenario with its first allocation failing, then its second, ... until
 * it runs through untouched. It returns 0 when all went as without a failure
 * (it must the last time) or -ENOMEM when it was told so; anything else fails
 * the case. A scenario frees what it made in either case: memory or a
 * descriptor that one run leaves fails the case too. Returns how many
 * allocations the scenario makes.
 */
unsigned int fail_each(int (*scenario)(void *user), void *user);

/* The n-th allocation from now on fails, once; disarm tells whether it came. */
void failmalloc_arm(unsigned int n);
int failmalloc_disarm(void);

/* Whether it came already. */
int failmalloc_came(void);

/* What comes while it is held neither fails nor counts. */
void failmalloc_hold(bool hold);

/* From now on the first n allocations that count leave behind who made them;
 * with NULL no longer, and the number of all that would have is returned. */
size_t failmalloc_record(void **callers, size_t n);

/* Allocations that are not freed. list prints those since the last mark. */
size_t failmalloc_live(void);
void failmalloc_mark(void);
void failmalloc_list(FILE *out);

/* Allocations made so far: hot paths show that they make none. */
unsigned long failmalloc_count(void);

#endif
