/* SPDX-License-Identifier: MIT */
/* The dongle emulator through its interface. */
#include "tests/test_dongle.h"

static const struct test_suite suites[] = {
	{ "hosts", dongle_hosts },
	{ "rules", dongle_rules },
	{ "links", dongle_links },
	{ "faults", dongle_faults },
	{ "plugs", dongle_plugs },
	{ "noise", dongle_noise },
#ifndef _WIN32 /* the program is POSIX */
	{ "program", dongle_program },
#endif
	{ 0 },
};

int main(int argc, char **argv)
{
	return harness_main(argc, argv, suites);
}
