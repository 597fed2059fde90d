/* SPDX-License-Identifier: MIT */
/* Runs the tables without CUnit: prints a line for each suite and case, what failed,
 * and how many passed and failed. */
#include "tests/runner.h"

#include <setjmp.h>
#include <stdio.h>

static jmp_buf end_of_case;
static unsigned int failures, checks;

void runner_note(bool good, bool fatal, int line, const char *text,
		 const char *file)
{
	checks++;
	if (good)
		return;
	failures++;
	printf("\n      %s:%d  - %s", file, line, text);
	if (fatal)
		longjmp(end_of_case, 1);
}

unsigned int runner_failures(void)
{
	return failures;
}

/* Whether it passed. A REQUIRE ends it, also one in before or after. */
static bool run_case(const struct runner *runner, const char *suite,
		     const struct test_case *tested)
{
	unsigned int had = failures;

	printf("  Test: %s ...", tested->name);
	fflush(stdout); /* a crash is to be found */
	if (!setjmp(end_of_case)) {
		runner->before(suite, tested);
		tested->run();
	}
	if (!setjmp(end_of_case))
		runner->after();
	printf("%s\n", failures == had ? "passed" : "\n      FAILED");
	return failures == had;
}

int runner_run(const struct runner *runner)
{
	unsigned int passed = 0, failed = 0;

	for (const struct test_suite *suite = runner->suites; suite->name; suite++) {
		printf("\nSuite: %s\n", suite->name);
		for (const struct test_case *c = suite->cases; c->name; c++) {
			if (!runner->wanted(suite->name, c->name))
				continue;
			if (run_case(runner, suite->name, c))
				passed++;
			else
				failed++;
		}
	}
	printf("\n%u checks\n%u passed, %u failed\n", checks, passed, failed);
	if (passed + failed == 0) {
		fputs("not every case ran: none has that name\n", stderr);
		return 99;
	}
	return failed ? 1 : 0;
}
