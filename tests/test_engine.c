/* SPDX-License-Identifier: MIT */
#include "tests/harness.h"
#include "tests/script.h"

static const struct test_case sweeps[] = {
	SCRIPT("primary services",
	       "submit a read-group 0001-ffff 2800\n"
	       "> 10 0100 ffff 0028\n"
	       "< 11 06 0100 0400 0118 0500 0800 0a18\n"
	       "! record a 0001-0004 0118\n"
	       "! record a 0005-0008 0a18\n"
	       "> 10 0900 ffff 0028\n"
	       "< 01 10 0900 0a\n"
	       "! done a 0\n"
	       "is idle\n"),
	{ 0 },
};

int main(int argc, char **argv)
{
	static const struct test_suite suites[] = { { "sweeps", sweeps }, { 0 } };

	return harness_main(argc, argv, suites);
}
