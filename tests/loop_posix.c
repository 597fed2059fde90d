/* SPDX-License-Identifier: MIT */
/* The loop on a POSIX system: too few descriptors, threads, signals. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "tests/test_loop.h"

static void out_of_descriptors(void)
{
	struct rlimit was, now;
	int free_fd = dup(0), error = -1;

	REQUIRE(free_fd >= 0);
	close(free_fd);
	REQUIRE(getrlimit(RLIMIT_NOFILE, &was) == 0);
	for (unsigned int more = 0; error; more++) {
		struct ble_loop *loop = NULL;
		unsigned int fds = harness_fds();

		now = was;
		now.rlim_cur = (rlim_t)free_fd + more;
		REQUIRE(setrlimit(RLIMIT_NOFILE, &now) == 0);
		error = ble_loop_new(&loop);
		REQUIRE(setrlimit(RLIMIT_NOFILE, &was) == 0);
		CHECK_INT(!loop, error != 0);
		CHECK(error == 0 || error == -EMFILE);
		ble_loop_unref(loop);
		CHECK_INT(harness_fds(), fds);
		REQUIRE(more < 10);
	}
}

struct helper {
	struct ble_loop *loop;
	pthread_t main;
	atomic_bool ended; /* the wait */
};

static void nap(void)
{
	static const struct timespec t = { 0, 20 * 1000000 };

	nanosleep(&t, NULL);
}

static void *interrupt_later(void *user)
{
	struct helper *helper = user;

	nap();
	ble_loop_interrupt(helper->loop);
	return NULL;
}

static void count_call(void *user)
{
	++*(int *)user;
}

static int calls;

static void *post_later(void *user)
{
	struct helper *helper = user;

	nap();
	ble_loop_post(helper->loop, count_call, &calls);
	return NULL;
}

/* Again and again: one that came before the wait would not end it. */
static void *signal_later(void *user)
{
	struct helper *helper = user;

	while (!atomic_load(&helper->ended)) {
		nap();
		pthread_kill(helper->main, SIGUSR1);
	}
	return NULL;
}

static void on_signal(int number)
{
	(void)number;
}

static void interrupted_by(void *(*run)(void *), int expected)
{
	struct helper helper = { .loop = new_loop(), .main = pthread_self() };
	pthread_t thread;

	REQUIRE(pthread_create(&thread, NULL, run, &helper) == 0);
	CHECK_INT(ble_loop_dispatch(helper.loop, -1), expected);
	atomic_store(&helper.ended, true);
	pthread_join(thread, NULL);
	ble_loop_unref(helper.loop);
}

static void interrupt_from_thread(void)
{
	interrupted_by(interrupt_later, -EINTR);
}

static void post_from_thread(void)
{
	calls = 0;
	interrupted_by(post_later, 0);
	CHECK_INT(calls, 1);
}

static void signal_ends_the_wait(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGUSR1, &action, NULL);
	interrupted_by(signal_later, 0);
	signal(SIGUSR1, SIG_DFL);
}

const struct test_case loop_system[] = {
	TEST(out_of_descriptors), TEST(interrupt_from_thread), TEST(post_from_thread),
	TEST(signal_ends_the_wait), { 0 },
};
