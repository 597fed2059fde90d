/* SPDX-License-Identifier: MIT */
#ifndef TESTS_TEST_LOOP_H
#define TESTS_TEST_LOOP_H

#include "base/loop.h"
#include "tests/harness.h"

struct ble_loop *new_loop(void);

struct job {
	struct loop_task task;
	struct ble_loop *loop;
	struct job *undefer, *defer;
	int runs;
};

void job_run(struct loop_task *task); /* counts, undefers, defers */

extern const struct test_case loop_timers[], loop_watches[], loop_system[], loop_posts[];
#ifndef _WIN32
extern const struct test_case loop_fork[];
#endif

#endif
