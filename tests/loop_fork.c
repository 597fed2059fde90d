/* SPDX-License-Identifier: MIT */
/* The loop and fork(): what a child does must not reach its parent. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
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

static void in_child(void (*run)(void))
{
	if (harness_fork_first()) {
		CHECK(loop_inherited(loop));
		run();
		harness_end_child();
	}
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

/* -- A callback that forks, and returns in the child -------------------------------- */

enum { EACH = 2, ALL = 4 * EACH };

/* All of them run in one dispatch. The one that is the fork_at-th forks. */
static struct {
	struct loop_watch watches[EACH];
	struct loop_timer timers[EACH];
	struct loop_task tasks[EACH];
	int posts[EACH];
	int ends[EACH][2];
	int runs[ALL]; /* of each */
	int ran, fork_at;
	bool is_child;
} busy;

static void runs(size_t which)
{
	busy.runs[which]++;
	if (++busy.ran == busy.fork_at && !busy.is_child)
		busy.is_child = harness_fork_first();
}

static void busy_ready(struct loop_watch *self, unsigned int events)
{
	char octet;

	CHECK_INT(events, LOOP_READ);
	CHECK_INT(read(self->fd, &octet, 1), 1);
	runs((size_t)(self - busy.watches));
}

static void busy_post(void *user)
{
	runs(EACH + (size_t)((int *)user - busy.posts));
}

static void busy_fire(struct loop_timer *self)
{
	runs(2 * EACH + (size_t)(self - busy.timers));
}

static void busy_task(struct loop_task *self)
{
	runs(3 * EACH + (size_t)(self - busy.tasks));
}

static void open_busy(int fork_at)
{
	memset(&busy, 0, sizeof(busy));
	busy.fork_at = fork_at;
	loop = new_loop();
	loop_clock_freeze(loop);
	for (size_t i = 0; i < EACH; i++) {
		busy.watches[i].ready = busy_ready;
		busy.timers[i].fire = busy_fire;
		busy.tasks[i].run = busy_task;
		REQUIRE(pipe(busy.ends[i]) == 0);
		REQUIRE(fcntl(busy.ends[i][0], F_SETFL, O_NONBLOCK) == 0);
		CHECK_INT(write(busy.ends[i][1], "x", 1), 1);
		CHECK_INT(loop_watch(loop, &busy.watches[i], busy.ends[i][0], LOOP_READ), 0);
		CHECK_INT(ble_loop_post(loop, busy_post, &busy.posts[i]), 0);
		loop_timer_in(loop, &busy.timers[i], 0);
		loop_defer(loop, &busy.tasks[i]);
	}
	ble_loop_fd(loop);
}

static void close_busy(void)
{
	for (size_t i = 0; i < EACH; i++) {
		loop_unwatch(&busy.watches[i]);
		loop_timer_stop(&busy.timers[i]);
		loop_undefer(&busy.tasks[i]);
		close(busy.ends[i][0]);
		close(busy.ends[i][1]);
	}
	loop = ble_loop_unref(loop);
}

/* In the child nothing runs after the one that forked; in the parent all run once. */
static void fork_in_callback(int fork_at)
{
	int error;

	open_busy(fork_at);
	error = ble_loop_dispatch(loop, 0);
	if (busy.is_child) {
		CHECK_INT(error, -ECHILD);
		CHECK_INT(ble_loop_dispatch(loop, 0), -ECHILD);
		CHECK_INT(busy.ran, fork_at);
		close_busy();
		harness_end_child();
	}
	CHECK_INT(error, 0);
	CHECK_INT(ble_loop_dispatch(loop, 0), 0);
	for (size_t i = 0; i < ALL; i++)
		CHECK_INT(busy.runs[i], 1);
	close_busy();
}

/* Watches, posts, timers and tasks run in this order: each of them forks once. */
static void child_of_a_callback(void)
{
	for (int fork_at = 1; fork_at <= ALL; fork_at++) {
		harness_about("callback %d", fork_at);
		fork_in_callback(fork_at);
	}
}

const struct test_case loop_fork[] = {
	TEST(child_that_ends), TEST(child_that_frees), TEST(child_that_tries),
	TEST(child_that_stops_timers), TEST(child_with_its_own),
	TEST(child_of_a_callback), { 0 },
};
