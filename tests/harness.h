/* SPDX-License-Identifier: MIT */
/*
 * What every test program is made of: a table of suites handed to
 * harness_main(), which runs them (see runner.h) and looks after each case
 * whether it left a descriptor or memory behind. A case that hangs is ended.
 *
 *	static const struct test_case words[] = { TEST(empty), TEST(long_one), { 0 } };
 *	static const struct test_suite suites[] = { { "words", words }, { 0 } };
 *
 *	int main(int argc, char **argv)
 *	{
 *		return harness_main(argc, argv, suites);
 *	}
 *
 * "test_words long" runs only the cases that have "long" in "suite/case".
 */
#ifndef TESTS_HARNESS_H
#define TESTS_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/portable.h"

struct test_case {
	const char *name; /* NULL ends the table */
	void (*run)(void);
	const void *data; /* what harness_data() gives while it runs */
};

struct test_suite {
	const char *name; /* NULL ends the table */
	const struct test_case *cases;
};

#define TEST(function) { #function, function, NULL }

/* The exit status: 0 if something ran and nothing failed. */
int harness_main(int argc, char **argv, const struct test_suite *suites);

/* Of the case that runs. */
const char *harness_name(void);
const void *harness_data(void);

/* Checks that failed so far. */
unsigned int harness_failures(void);

/* What the next failures are about, printed with them; NULL ends it. */
PRINTF_LIKE(1, 2)
void harness_about(const char *format, ...);

/* Pseudo-random numbers. The seed is printed, BLEWIRE_SEED sets it. */
uint32_t harness_random(void);
uint32_t harness_below(uint32_t limit);

/* Checks that print what they saw; a failed one lets the case go on.
 * REQUIRE ends it. */
#define CHECK(condition) \
	harness_check(!!(condition), __LINE__, #condition, __FILE__, false)
#define REQUIRE(condition) \
	harness_check(!!(condition), __LINE__, #condition, __FILE__, true)
#define FAIL(what) harness_check(false, __LINE__, what, __FILE__, false)
#define CHECK_INT(seen, expected)                                          \
	harness_check_int((long long)(seen), (long long)(expected), __LINE__, \
			  #seen, __FILE__)
#define CHECK_STR(seen, expected) \
	harness_check_str(seen, expected, __LINE__, #seen, __FILE__)
/* A name of the assigned numbers: none if the library was configured without. */
#define CHECK_NAME(seen, expected) CHECK_STR(seen, harness_named ? expected : NULL)
#define CHECK_MEM(seen, expected, len) \
	harness_check_mem(seen, expected, len, __LINE__, #seen, __FILE__)

extern const bool harness_named;

bool harness_check(bool good, int line, const char *what, const char *file,
		   bool fatal);
bool harness_check_int(long long seen, long long expected, int line,
		       const char *what, const char *file);
bool harness_check_str(const char *seen, const char *expected, int line,
		       const char *what, const char *file);
bool harness_check_mem(const void *seen, const void *expected, size_t len,
		       int line, const char *what, const char *file);

/* Descriptors open now, for a case that counts within itself. */
unsigned int harness_fds(void);

#endif
