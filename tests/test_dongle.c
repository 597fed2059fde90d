/* SPDX-License-Identifier: MIT */
/* The dongle's emulator, from the outside. */
#include "tests/test_dongle.h"

static const struct test_suite suites[] = {
	{ "hosts", dongle_hosts },
	{ "rules", dongle_rules },
	{ "links", dongle_links },
	{ "faults", dongle_faults },
	{ "plugs", dongle_plugs },
	{ "noise", dongle_noise },
	{ "program", dongle_program },
	{ 0 },
};

int main(int argc, char **argv)
{
	return harness_main(argc, argv, suites);
}
