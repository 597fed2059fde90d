/* SPDX-License-Identifier: MIT */
/*
 * Runs the tables of harness.h, with CUnit (runner_cunit.c) or, where there is no
 * CUnit, by itself (runner_plain.c); configure chooses. process_posix.c and
 * process_windows.c have the functions that depend on the system.
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

/* After this many seconds, prints name, the case that hangs, and ends the process with
 * status 99. 0 cancels that. name must be valid until then. */
void process_watch(unsigned int seconds, const char *name);

/* This process is a child from now on. */
void harness_enter_child(void);

/* A number that no other process has. */
uint32_t process_number(void);

/* process_mark_open() records which descriptors, or HANDLEs, are open.
 * process_check_open() calls left for each one that was opened later and is still open. */
void process_mark_open(void);
void process_check_open(void (*left)(const char *what));

#endif
