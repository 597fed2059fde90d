/* SPDX-License-Identifier: MIT */
/* ble_loop_post(): order, refusals, posts from callbacks, loops that end. Other
 * threads are in loop_posix.c, loop_windows.c and post_threads.c. */
#include <errno.h>
#include <string.h>

#include "tests/failmalloc.h"
#include "tests/test_loop.h"

static struct ble_loop *loop;
static char ran[32]; /* a letter for each function that ran */
static size_t n_ran;

static void forget(void)
{
	memset(ran, 0, sizeof(ran));
	n_ran = 0;
}

static void note(char letter)
{
	if (n_ran + 1 < sizeof(ran))
		ran[n_ran++] = letter;
}

static void note_user(void *user)
{
	const char *letter = user;

	CHECK(!loop || loop_dispatching(loop));
	CHECK(!loop || ble_loop_dispatch(loop, 0) == -EDEADLK);
	note(*letter);
}

static int post(const char *letter)
{
	return ble_loop_post(loop, note_user, (void *)(uintptr_t)letter);
}

static void in_order(void)
{
	loop = new_loop();
	forget();
	CHECK_INT(post("a"), 0);
	CHECK_INT(post("b"), 0);
	CHECK_INT(post("c"), 0);
	CHECK_STR(ran, "");
	CHECK_INT(ble_loop_dispatch(loop, -1), 0); /* does not wait */
	CHECK_STR(ran, "abc");
	CHECK_INT(ble_loop_dispatch(loop, 0), 0);
	CHECK_STR(ran, "abc");
	CHECK_INT(post("d"), 0);
	CHECK_INT(ble_loop_dispatch(loop, -1), 0);
	CHECK_STR(ran, "abcd");
	ble_loop_unref(loop);
}

/* Each of two loops runs its own. */
static void two_loops(void)
{
	struct ble_loop *first = new_loop(), *second = new_loop();

	loop = NULL;
	forget();
	CHECK_INT(ble_loop_post(first, note_user, "1"), 0);
	CHECK_INT(ble_loop_post(second, note_user, "2"), 0);
	CHECK_INT(ble_loop_dispatch(second, -1), 0);
	CHECK_STR(ran, "2");
	CHECK_INT(ble_loop_dispatch(first, -1), 0);
	CHECK_STR(ran, "21");
	CHECK_INT(ble_loop_post(first, note_user, "1"), 0);
	ble_loop_unref(first);
	CHECK_INT(ble_loop_post(first, note_user, "1"), -ECANCELED);
	CHECK_INT(ble_loop_post(second, note_user, "2"), 0);
	CHECK_INT(ble_loop_dispatch(second, -1), 0);
	CHECK_STR(ran, "212");
	ble_loop_unref(second);
}

/* An interrupt stays an interrupt, and a post is none. */
static void beside_interrupts(void)
{
	loop = new_loop();
	forget();
	CHECK_INT(post("a"), 0);
	ble_loop_interrupt(loop);
	CHECK_INT(post("b"), 0);
	CHECK_INT(ble_loop_dispatch(loop, -1), -EINTR);
	CHECK_STR(ran, "ab");
	CHECK_INT(post("c"), 0);
	CHECK_INT(ble_loop_dispatch(loop, -1), 0);
	ble_loop_interrupt(loop);
	CHECK_INT(ble_loop_dispatch(loop, -1), -EINTR);
	CHECK_INT(ble_loop_dispatch(loop, 0), 0);
	CHECK_STR(ran, "abc");
	ble_loop_unref(loop);
}

/* A frozen clock is not moved by a dispatch that runs a post. */
static void frozen_clock(void)
{
	uint64_t now;

	loop = new_loop();
	forget();
	loop_clock_freeze(loop);
	now = loop_now(loop);
	CHECK_INT(post("a"), 0);
	CHECK_INT(ble_loop_dispatch(loop, 1000), 0);
	CHECK_STR(ran, "a");
	CHECK_INT(loop_now(loop) - now, 0);
	ble_loop_unref(loop);
}

/* -- From callbacks --------------------------------------------------------------- */

static void post_again(void *user)
{
	const char *letters = user;

	note(*letters);
	if (letters[1])
		CHECK_INT(ble_loop_post(loop, post_again,
					(void *)(uintptr_t)(letters + 1)), 0);
}

static void from_posted(void)
{
	loop = new_loop();
	forget();
	CHECK_INT(ble_loop_post(loop, post_again, "abc"), 0);
	CHECK_INT(post("x"), 0);
	CHECK_INT(ble_loop_dispatch(loop, -1), 0);
	CHECK_STR(ran, "ax");
	CHECK_INT(ble_loop_dispatch(loop, -1), 0);
	CHECK_STR(ran, "axb");
	CHECK_INT(ble_loop_dispatch(loop, -1), 0);
	CHECK_STR(ran, "axbc");
	CHECK_INT(ble_loop_dispatch(loop, 0), 0);
	CHECK_STR(ran, "axbc");
	ble_loop_unref(loop);
}

static void on_task(struct loop_task *task)
{
	(void)task;
	CHECK_INT(post("t"), 0);
}

static void on_timer(struct loop_timer *timer)
{
	(void)timer;
	CHECK_INT(post("f"), 0);
}

static void from_tasks_and_timers(void)
{
	struct loop_task task = { .run = on_task };
	struct loop_timer timer = { .fire = on_timer };

	loop = new_loop();
	forget();
	loop_defer(loop, &task);
	loop_timer_at(loop, &timer, 0);
	CHECK_INT(ble_loop_dispatch(loop, -1), 0);
	CHECK_STR(ran, "");
	CHECK_INT(ble_loop_dispatch(loop, -1), 0);
	CHECK_STR(ran, "ft");
	ble_loop_unref(loop);
}

/* -- Loops that end --------------------------------------------------------------- */

static void queue_full(void)
{
	loop = new_loop();
	forget();
	for (int i = 0; i < 1000; i++)
		CHECK_INT(post("a"), 0);
	CHECK(ble_loop_unref(loop) == NULL);
	CHECK_INT(post("a"), -ECANCELED);
	CHECK_STR(ran, "");
}

static void drop_loop(void *user)
{
	note('!');
	ble_loop_unref(user);
	/* Its dispatch still runs; the loop is gone for whoever posts. */
	CHECK_INT(post("x"), -ECANCELED);
}

/* Functions queued behind the one that drops the last reference do not run. */
static void last_reference_in_a_post(void)
{
	loop = new_loop();
	forget();
	CHECK_INT(post("a"), 0);
	CHECK_INT(ble_loop_post(loop, drop_loop, loop), 0);
	CHECK_INT(post("b"), 0);
	CHECK_INT(ble_loop_dispatch(loop, -1), 0);
	CHECK_STR(ran, "a!");
	CHECK_INT(post("x"), -ECANCELED);
}

static void unref_one(void *user)
{
	ble_loop_unref(user);
}

/* One more reference: all of them run. */
static void another_reference(void)
{
	loop = new_loop();
	forget();
	ble_loop_ref(loop);
	CHECK_INT(ble_loop_post(loop, unref_one, loop), 0);
	CHECK_INT(post("b"), 0);
	CHECK_INT(ble_loop_dispatch(loop, -1), 0);
	CHECK_STR(ran, "b");
	ble_loop_unref(loop);
}

static void on_task_drop(struct loop_task *task)
{
	(void)task;
	CHECK_INT(post("x"), 0);
	ble_loop_unref(loop);
	CHECK_INT(post("x"), -ECANCELED);
}

static void last_reference_in_a_task(void)
{
	struct loop_task task = { .run = on_task_drop };

	loop = new_loop();
	forget();
	loop_defer(loop, &task);
	CHECK_INT(ble_loop_dispatch(loop, -1), 0);
	CHECK_STR(ran, "");
}

/* -- Refusals --------------------------------------------------------------------- */

static void no_loop(void)
{
	forget();
	CHECK_INT(ble_loop_post(NULL, note_user, "a"), -ECANCELED);
	CHECK_STR(ran, "");
}

static int post_two(void *user)
{
	struct ble_loop *made = NULL;
	int error = ble_loop_new(&made);

	(void)user;
	forget();
	loop = made;
	if (!error)
		error = post("a");
	if (!error)
		error = post("b");
	if (!error)
		CHECK_INT(ble_loop_dispatch(made, -1), 0);
	CHECK_STR(ran, error ? "" : "ab");
	ble_loop_unref(made);
	return error;
}

static void out_of_memory(void)
{
	CHECK(fail_each(post_two, NULL) >= 4);
}

const struct test_case loop_posts[] = {
	TEST(in_order), TEST(two_loops), TEST(beside_interrupts), TEST(frozen_clock),
	TEST(from_posted), TEST(from_tasks_and_timers), TEST(queue_full),
	TEST(last_reference_in_a_post), TEST(another_reference),
	TEST(last_reference_in_a_task), TEST(no_loop), TEST(out_of_memory), { 0 },
};
