/* SPDX-License-Identifier: MIT */
/* The structs of test_grown.c in the newer library, where each has one more member. */
#ifndef TESTS_GROWN_LIBRARY_H
#define TESTS_GROWN_LIBRARY_H

#include <stddef.h>
#include <stdint.h>

enum grown_struct {
	GROWN_SCAN, GROWN_CONNECT, GROWN_LINK, GROWN_WRITE, GROWN_KEEPER, GROWN_ADVERTISEMENT,
	GROWN_STRUCTS
};

size_t grown_size(enum grown_struct which);

/* The new member of a caller's struct. */
uint64_t grown_newer(enum grown_struct which, const void *caller);

#endif
