/* SPDX-License-Identifier: MIT */
/* The kernel backend over a scripted controller and management channel. */
#define _GNU_SOURCE /* for hci.h */
#include "tests/hci_fixture.h"

int main(int argc, char **argv)
{
	static const struct test_suite suites[] = {
		{ "scan", hci_scan_cases }, { "setup", hci_setup_cases },
		{ "connect", hci_connect_cases }, { "several", hci_several_cases },
		{ "matrix", hci_matrix_cases },
		{ "ends", hci_ends_cases },
		{ "fork", hci_fork_cases },
		{ "radio", hci_radio_cases }, { "reset", hci_reset_cases },
		{ "arrivals", hci_arrivals_cases }, { "deep", hci_deep_cases }, { 0 },
	};

	return harness_main(argc, argv, suites);
}
