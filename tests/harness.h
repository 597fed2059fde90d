/* SPDX-License-Identifier: MIT */
/*
 * Every test program is a table of suites for harness_main(), which runs them (see
 * runner.h) and checks after each case that it left no descriptor open and no
 * memory allocated. A case that hangs is ended (see patience.h).
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

#ifndef _WIN32
#include <sys/types.h>
#endif

#include "base/portable.h"

struct test_case {
	const char *name; /* NULL ends the table */
	void (*run)(void);
	const void *data; /* harness_data() returns it while the case runs */
};

struct test_suite {
	const char *name; /* NULL ends the table */
	const struct test_case *cases;
};

#define TEST(function) { #function, function, NULL }

/* Returns the exit status: 0 if at least one case ran and none failed. */
int harness_main(int argc, char **argv, const struct test_suite *suites);

/* Of the running case. */
const char *harness_name(void);
const void *harness_data(void);

/* Checks that failed so far. */
unsigned int harness_failures(void);

/* A text to print with the next failures; NULL ends it. */
PRINTF_LIKE(1, 2)
void harness_about(const char *format, ...);

/* Pseudo-random numbers. The seed is printed, BLEWIRE_SEED sets it. */
uint32_t harness_random(void);
uint32_t harness_below(uint32_t limit);

/* Checks that print what they saw. After a failed one the case continues, except
 * after REQUIRE. */
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
/* A name of an assigned number: NULL if the library was configured without names. */
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

/* Children of fork() that run checks. A failed one is printed by the child and fails
 * the parent's case; after a failed REQUIRE the child ends. */
#ifndef _WIN32
/* 0 in the child, which ends with harness_end_child(). */
pid_t harness_fork(void);
void harness_await_child(pid_t child);

/* Forks. True in the child; the parent first waits until the child has ended: what the
 * child does too much, it does before the parent goes on. */
bool harness_fork_first(void);

/* The same, with a child that only calls run. */
void harness_run_child(void (*run)(void));
#endif
_Noreturn void harness_end_child(void);

/* The number of open descriptors. */
unsigned int harness_fds(void);

#endif
