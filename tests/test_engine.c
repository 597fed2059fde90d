/* SPDX-License-Identifier: MIT */
/* The bare ATT engine: every script and its mutations. */
#include "tests/test_engine.h"

int main(int argc, char **argv)
{
	static const struct test_suite suites[] = {
		{ "sweeps", engine_sweeps }, { "values", engine_values },
		{ "mtu", engine_mtu },	     { "peer", engine_peer },
		{ "order", engine_order },   { "bare", engine_bare },
		{ 0 },
	};

	return harness_main(argc, argv, suites);
}
