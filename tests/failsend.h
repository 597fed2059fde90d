/* SPDX-License-Identifier: MIT */
/*
 * sendto() made to fail on demand, as failmalloc.h does it for allocations: the
 * kernel's own reasons cannot be had from a socket pair.
 */
#ifndef TESTS_FAILSEND_H
#define TESTS_FAILSEND_H

/* The next times calls fail with error, a positive errno. */
void failsend_arm(int error, unsigned int times);

/* How many of them are still to fail; none does any more. */
unsigned int failsend_disarm(void);

#endif
