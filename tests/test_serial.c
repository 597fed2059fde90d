/* SPDX-License-Identifier: MIT */
#include "tests/test_serial.h"

int main(int argc, char **argv)
{
	static const struct test_suite suites[] = {
		{ "fd", serial_fd }, { 0 },
	};

	return harness_main(argc, argv, suites);
}
