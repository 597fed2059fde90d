/* SPDX-License-Identifier: MIT */
/*
 * What the fuzz targets share. Each target is one file with one
 * LLVMFuzzerTestOneInput() that reads its octets as a small program: what is
 * sent, called, cancelled and freed, in this order. Where they are used up
 * everything is zero, which every target takes for "go on as is right", so that
 * each run comes to an end and can be held to what must be true by then.
 *
 * Linked with libFuzzer a target invents octets; linked with replay.c it runs
 * the files that it is given, with any compiler.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "blewire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The octets that are left. */
struct fuzz {
	const uint8_t *data;
	size_t len;
};

uint8_t fuzz_u8(struct fuzz *fuzz);
uint16_t fuzz_u16(struct fuzz *fuzz); /* little endian */
unsigned int fuzz_below(struct fuzz *fuzz, unsigned int limit); /* up to 256 */

/* So many octets as the first says, or the first two where max does not fit into
 * one; at most max, and what is left. */
struct ble_bytes fuzz_bytes(struct fuzz *fuzz, size_t max);

/* A block of memory of just that size, so that a sanitizer sees a read too far.
 * To be freed; never NULL. */
uint8_t *fuzz_copy(struct ble_bytes octets);
char *fuzz_text(struct fuzz *fuzz, size_t max); /* the same with a NUL behind it */

/* A UUID of 16 bits or of 128. */
struct ble_uuid fuzz_uuid(struct fuzz *fuzz);

/* Reads every octet, for the sanitizers. */
void fuzz_touch(struct ble_bytes octets);

/* What must be true whatever the octets are; ends the program where it is not. */
#define HOLDS(condition) \
	((condition) ? (void)0 : fuzz_broken(#condition, __FILE__, __LINE__))
void fuzz_broken(const char *what, const char *file, int line);

#endif
