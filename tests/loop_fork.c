/* SPDX-License-Identifier: MIT */
/* The loop and fork(): what a child does must not reach its parent. */
#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/test_loop.h"

static struct ble_loop *loop;
static struct loop_watch watch;
static struct loop_timer timer;
static int ends[2], heard, fired, posted;

static void on_ready(struct loop_watch *self, unsigned int events)
{
	char octet;

	CHECK_INT(events, LOOP_READ);
	CHECK_INT(read(self->fd, &octet, 1), 1);
	heard++;
}

static void on_fire(struct loop_timer *self)
{
	(void)self;
	fired++;
}

static void on_post(void *user)
{
	(void)user;
	posted++;
}

static void open_all(void)
{
	heard = fired = posted = 0;
	loop = new_loop();
	REQUIRE(pipe(ends) == 0);
	watch = (struct loop_watch){ .ready = on_ready };
	timer = (struct loop_timer){ .fire = on_fire };
	CHECK_INT(loop_watch(loop, &watch, ends[0], LOOP_READ), 0);
	ble_loop_fd(loop); /* where there is one, timers are armed in the kernel */
}

static void close_all(void)
{
	loop_unwatch(&watch);
	loop_timer_stop(&timer);
	close(ends[0]);
	close(ends[1]);
	loop = ble_loop_unref(loop);
}

/* A process that does what is said, and whose checks count here, too. */
static void in_child(void (*run)(void))
{
	int status = -1;
	pid_t child;

	fflush(stdout);
	child = fork();
	REQUIRE(child >= 0);
	if (!child) {
		unsigned int before = harness_failures();

		CHECK(loop_inherited(loop));
		run();
		fflush(stdout);
		_exit(harness_failures() != before);
	}
	REQUIRE(waitpid(child, &status, 0) == child);
	CHECK_INT(status, 0);
	CHECK(!loop_inherited(loop));
}

/* The parent hears its source, its timer, its posts, and was not woken. */
static void goes_on(void)
{
	CHECK_INT(ble_loop_dispatch(loop, 0), 0);
	CHECK_INT(heard + fired + posted, 0);
	CHECK_INT(write(ends[1], "x", 1), 1);
	CHECK_INT(ble_loop_post(loop, on_post, NULL), 0);
	loop_timer_in(loop, &timer, 1);
	while (!heard || !fired || !posted)
		REQUIRE(ble_loop_dispatch(loop, -1) == 0);
	CHECK_INT(heard, 1);
	CHECK_INT(fired, 1);
	CHECK_INT(posted, 1);
}

static void nothing(void)
{
}

static void child_that_ends(void)
{
	open_all();
	in_child(nothing);
	goes_on();
	close_all();
}

static void child_that_frees(void)
{
	open_all();
	in_child(close_all);
	goes_on();
	close_all();
}

/* Everything that a child may try. */
static void try_all(void)
{
	struct loop_watch more = { .ready = on_ready };
	int fd = ble_loop_fd(loop);

	CHECK(fd == -ECHILD);
	CHECK_INT(ble_loop_dispatch(loop, 0), -ECHILD);
	CHECK_INT(ble_loop_dispatch(loop, -1), -ECHILD);
	CHECK_INT(ble_loop_post(loop, on_post, NULL), -ECHILD);
	CHECK_INT(loop_watch(loop, &more, ends[0], LOOP_READ), -ECHILD);
	CHECK_INT(loop_watch(loop, &more, ends[1], LOOP_WRITE), -ECHILD);
	CHECK_INT(loop_watch_change(&watch, 0), -ECHILD);
	ble_loop_interrupt(loop);
	loop_timer_in(loop, &timer, 0);
	loop_timer_stop(&timer);
	close_all();
}

static void child_that_tries(void)
{
	open_all();
	in_child(try_all);
	goes_on();
	close_all();
}

/* A timer that the parent had armed fires there, though the child stops it. */
static void child_that_stops_timers(void)
{
	open_all();
	loop_timer_in(loop, &timer, 50);
	in_child(close_all);
	while (!fired)
		REQUIRE(ble_loop_dispatch(loop, -1) == 0);
	CHECK_INT(fired, 1);
	close_all();
}

/* A loop of the child's own works, and one of its child's. */
static void own_loop(void)
{
	struct ble_loop *inherited = loop;

	open_all();
	CHECK(!loop_inherited(loop));
	goes_on();
	heard = fired = posted = 0;
	in_child(try_all);
	goes_on();
	close_all();
	CHECK_INT(ble_loop_dispatch(inherited, 0), -ECHILD);
	ble_loop_unref(inherited);
}

static void child_with_its_own(void)
{
	open_all();
	in_child(own_loop);
	goes_on();
	close_all();
}

const struct test_case loop_fork[] = {
	TEST(child_that_ends), TEST(child_that_frees), TEST(child_that_tries),
	TEST(child_that_stops_timers), TEST(child_with_its_own), { 0 },
};
