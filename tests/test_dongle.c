/* SPDX-License-Identifier: MIT */
/* The dongle's emulator, from the outside. */
#include "tests/test_dongle.h"

static const struct test_suite suites[] = {
	{ "hosts", dongle_hosts },
	{ "rules", dongle_rules },
	{ "links", dongle_links },
	{ 0 },
};

int main(int argc, char **argv)
{
	return harness_main(argc, argv, suites);
}
