/* SPDX-License-Identifier: MIT */
/* Runs the tables with CUnit. */
#include "tests/runner.h"

#include <CUnit/Basic.h>
#include <stdio.h>

enum { MAX_CASES = 2048 };

static struct {
	CU_pTest test;
	const struct test_case *tested;
} cases[MAX_CASES];
static size_t n_cases;
static const struct runner *running;

void runner_note(bool good, bool fatal, int line, const char *text,
		 const char *file)
{
	CU_assertImplementation(good ? CU_TRUE : CU_FALSE, (unsigned int)line,
				text, file, "", fatal ? CU_TRUE : CU_FALSE);
}

unsigned int runner_failures(void)
{
	return CU_get_number_of_failures();
}

static void before(void)
{
	CU_pTest test = CU_get_current_test();
	size_t i = 0;

	while (i < n_cases && cases[i].test != test)
		i++;
	if (i < n_cases)
		running->before(CU_get_current_suite()->pName, cases[i].tested);
}

static void after(void)
{
	running->after();
}

static int add_suite(const struct test_suite *suite)
{
	CU_pSuite added = NULL;

	for (const struct test_case *c = suite->cases; c->name; c++) {
		if (!running->wanted(suite->name, c->name))
			continue;
		if (!added)
			added = CU_add_suite_with_setup_and_teardown(
				suite->name, NULL, NULL, before, after);
		if (!added || n_cases == MAX_CASES)
			return -1;
		cases[n_cases].test = CU_add_test(added, c->name, c->run);
		if (!cases[n_cases].test)
			return -1;
		cases[n_cases++].tested = c;
	}
	return 0;
}

int runner_run(const struct runner *runner)
{
	unsigned int failed;

	running = runner;
	if (CU_initialize_registry() != CUE_SUCCESS)
		return 99;
	for (const struct test_suite *suite = runner->suites; suite->name; suite++) {
		if (add_suite(suite)) {
			fprintf(stderr, "%s: %s\n", suite->name, CU_get_error_msg());
			CU_cleanup_registry();
			return 99;
		}
	}
	CU_basic_set_mode(CU_BRM_VERBOSE);
	if (CU_basic_run_tests() != CUE_SUCCESS || n_cases == 0 ||
	    CU_get_number_of_tests_run() != n_cases) {
		fprintf(stderr, "not every case ran: %s\n", CU_get_error_msg());
		CU_cleanup_registry();
		return 99;
	}
	failed = CU_get_number_of_failures() + CU_get_number_of_tests_failed();
	CU_cleanup_registry();
	return failed ? 1 : 0;
}
