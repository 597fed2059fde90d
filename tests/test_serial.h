/* SPDX-License-Identifier: MIT */
/* The ways to a dongle: descriptors, ports, names. */
#ifndef TESTS_TEST_SERIAL_H
#define TESTS_TEST_SERIAL_H

#include "tests/harness.h"

extern const struct test_case serial_fd[];

#endif
