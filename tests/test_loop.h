/* SPDX-License-Identifier: MIT */
#ifndef TESTS_TEST_LOOP_H
#define TESTS_TEST_LOOP_H

#include "base/loop.h"
#include "tests/harness.h"

struct ble_loop *new_loop(void);

extern const struct test_case loop_timers[];

#endif
