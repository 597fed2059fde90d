/* SPDX-License-Identifier: MIT */
#ifndef TESTS_TEST_REMEDY_H
#define TESTS_TEST_REMEDY_H

#include "tests/harness.h"

extern const struct test_case remedy_procedures[];

#endif
