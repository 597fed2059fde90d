/* SPDX-License-Identifier: MIT */
/* The ATT engine, bare: every script in its good form and with its twins. */
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
