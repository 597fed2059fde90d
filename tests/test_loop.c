/* SPDX-License-Identifier: MIT */
/* The loop: making it, tasks, interrupts, sentences. What it waits for is in
 * loop_watches.c or loop_windows.c, with what only such a system has in
 * loop_posix.c; timers are in loop_timers.c. */
#include "tests/test_loop.h"

#include <errno.h>
#include <string.h>

#include "tests/failmalloc.h"

struct ble_loop *new_loop(void)
{
	struct ble_loop *loop = NULL;

	REQUIRE(ble_loop_new(&loop) == 0);
	return loop;
}

/* -- Making and dropping ------------------------------------------------------------ */

static int make_loop(void *user)
{
	struct ble_loop *loop = NULL;
	int error = ble_loop_new(&loop);

	(void)user;
	CHECK_INT(!loop, error != 0);
	ble_loop_unref(loop);
	return error;
}

static void out_of_memory(void)
{
	CHECK(fail_each(make_loop, NULL) >= 1);
}

static void counted(void)
{
	struct ble_loop *loop = new_loop();

	CHECK(ble_loop_unref(NULL) == NULL);
	CHECK(ble_loop_ref(loop) == loop);
	CHECK(ble_loop_unref(loop) == NULL);
	CHECK_INT(ble_loop_dispatch(loop, 0), 0);
	CHECK(ble_loop_unref(loop) == NULL);
}

/* -- Tasks ------------------------------------------------------------------------------ */

void job_run(struct loop_task *task)
{
	struct job *job = container_of(task, struct job, task);

	CHECK(loop_dispatching(job->loop));
	job->runs++;
	if (job->undefer)
		loop_undefer(&job->undefer->task);
	if (job->defer)
		loop_defer(job->loop, &job->defer->task);
}

static void tasks(void)
{
	struct ble_loop *loop = new_loop();
	struct job a = { { .run = job_run }, loop, NULL, NULL, 0 };
	struct job b = { { .run = job_run }, loop, NULL, NULL, 0 };

	loop_undefer(&a.task);
	loop_defer(loop, &a.task);
	loop_defer(loop, &a.task); /* twice is once */
	CHECK_INT(a.runs, 0);
	CHECK_INT(ble_loop_dispatch(loop, -1), 0); /* does not wait */
	CHECK_INT(a.runs, 1);
	CHECK_INT(ble_loop_dispatch(loop, 0), 0);
	CHECK_INT(a.runs, 1);
	/* One removes the other, which is due in the same dispatch. */
	a.undefer = &b;
	loop_defer(loop, &a.task);
	loop_defer(loop, &b.task);
	CHECK_INT(ble_loop_dispatch(loop, 0), 0);
	CHECK_INT(ble_loop_dispatch(loop, 0), 0);
	CHECK_INT(a.runs, 2);
	CHECK_INT(b.runs, 0);
	/* What a task defers waits for the next dispatch, itself too. */
	a.undefer = NULL;
	a.defer = &a;
	loop_defer(loop, &a.task);
	for (int i = 3; i < 6; i++) {
		CHECK_INT(ble_loop_dispatch(loop, -1), 0);
		CHECK_INT(a.runs, i);
	}
	loop_undefer(&a.task);
	ble_loop_unref(loop);
}

/* -- Interrupts --------------------------------------------------------------------------- */

static void interrupt(void)
{
	struct ble_loop *loop = new_loop();

	ble_loop_interrupt(loop);
	ble_loop_interrupt(loop);
	CHECK_INT(ble_loop_dispatch(loop, -1), -EINTR);
	CHECK_INT(ble_loop_dispatch(loop, 0), 0); /* only once */
	ble_loop_unref(loop);
}

/* -- Sentences ----------------------------------------------------------------------------- */

static void sentences(void)
{
	struct ble_loop *loop = new_loop();
	char big[1000];

	CHECK_STR(ble_error_text(loop, -ENOENT), ble_strerror(-ENOENT));
	CHECK_INT(loop_set_error(loop, -EPERM, "%s: no %d", "hci0", 3), -EPERM);
	CHECK_STR(ble_error_text(loop, -EPERM), "hci0: no 3");
	CHECK_STR(ble_error_text(loop, -EIO), ble_strerror(-EIO));
	CHECK_STR(ble_error_text(NULL, -EPERM), ble_strerror(-EPERM));
	CHECK_STR(ble_error_text(loop, 0), "success");
	/* A sentence around the last one. */
	loop_set_error(loop, -EPERM, "connecting: %s", ble_error_text(loop, -EPERM));
	CHECK_STR(ble_error_text(loop, -EPERM), "connecting: hci0: no 3");
	CHECK_INT(loop_set_error(loop, 5, "pair first"), 5);
	CHECK_STR(ble_error_text(loop, 5), "pair first");
	CHECK_STR(ble_error_text(loop, -EPERM), ble_strerror(-EPERM));
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	loop_set_error(loop, -EIO, "%s", big);
	CHECK(strlen(ble_error_text(loop, -EIO)) < sizeof(big) - 1);
	CHECK_INT(ble_loop_dispatch(loop, 0), 0);
	CHECK_STR(ble_error_text(loop, -EIO), ble_strerror(-EIO));
	ble_loop_unref(loop);
}

int main(int argc, char **argv)
{
	static const struct test_case life[] = {
		TEST(out_of_memory), TEST(counted), { 0 },
	};
	static const struct test_case rest[] = {
		TEST(tasks), TEST(interrupt), TEST(sentences), { 0 },
	};
	static const struct test_suite suites[] = {
		{ "life", life }, { "watches", loop_watches }, { "timers", loop_timers },
		{ "system", loop_system }, { "posts", loop_posts },
#ifndef _WIN32
		{ "fork", loop_fork },
#endif
		{ "rest", rest }, { 0 },
	};

	return harness_main(argc, argv, suites);
}
