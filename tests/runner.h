/* SPDX-License-Identifier: MIT */
/*
 * Runs the tables of harness.h: CUnit (runner_cunit.c), or a plain runner where
 * there is no CUnit (runner_plain.c); configure chooses. Also what the harness
 * needs of the system: process_posix.c or process_windows.c.
 */
#ifndef TESTS_RUNNER_H
#define TESTS_RUNNER_H

#include "tests/harness.h"

struct runner {
	const struct test_suite *suites;
	bool (*wanted)(const char *suite, const char *name);
	void (*before)(const char *suite, const struct test_case *tested);
	void (*after)(void);
};

/* Runs the wanted cases, with before and after around each. Returns the exit
 * status of harness_main(). */
int runner_run(const struct runner *runner);

/* A check of the running case. Does not return if a fatal one failed. */
void runner_note(bool good, bool fatal, int line, const char *text,
		 const char *file);
unsigned int runner_failures(void);

/* Ends this process with status 99 after this many seconds and names the case
 * that hangs; 0 cancels it. name must stay valid until then. */
void process_watch(unsigned int seconds, const char *name);

/* A number that no other process has. */
uint32_t process_number(void);

/* Remembers what is open; calls left for each descriptor, or HANDLE, that was
 * opened since then and still is open. */
void process_mark_open(void);
void process_check_open(void (*left)(const char *what));

#endif
