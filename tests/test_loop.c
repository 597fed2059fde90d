/* SPDX-License-Identifier: MIT */
/* The loop: descriptors, tasks, interrupts, the descriptor outside, sentences.
 * Timers are in loop_timers.c. */
#include "tests/test_loop.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

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

static void counted(void)
{
	struct ble_loop *loop = new_loop();

	CHECK(ble_loop_unref(NULL) == NULL);
	CHECK(ble_loop_ref(loop) == loop);
	CHECK(ble_loop_unref(loop) == NULL);
	CHECK_INT(ble_loop_dispatch(loop, 0), 0);
	CHECK(ble_loop_unref(loop) == NULL);
}

/* -- Descriptors ---------------------------------------------------------------------- */

struct watcher {
	struct loop_watch watch;
	int fds[2]; /* [0] is watched, [1] is the other end */
	struct watcher *remove;
	int calls;
	unsigned int events;
	bool leave; /* does not read */
};

static void open_watcher(struct watcher *w)
{
	memset(w, 0, sizeof(*w));
	REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, w->fds) == 0);
}

static void close_watcher(struct watcher *w)
{
	loop_unwatch(&w->watch);
	for (int i = 0; i < 2; i++) {
		if (w->fds[i] >= 0)
			close(w->fds[i]);
		w->fds[i] = -1;
	}
}

static void on_ready(struct loop_watch *watch, unsigned int events)
{
	struct watcher *w = container_of(watch, struct watcher, watch);
	struct watcher *remove = w->remove;
	char octet;

	CHECK(loop_dispatching(watch->loop));
	CHECK_INT(ble_loop_dispatch(watch->loop, 0), -EDEADLK);
	w->calls++;
	w->events = events;
	if (!w->leave && (events & LOOP_READ) && read(w->fds[0], &octet, 1) < 0)
		FAIL("readable");
	if (remove) {
		loop_unwatch(&remove->watch);
		loop_unwatch(&remove->watch);
	}
}

static void add_watcher(struct ble_loop *loop, struct watcher *w, unsigned int events)
{
	w->watch.ready = on_ready;
	CHECK_INT(loop_watch(loop, &w->watch, w->fds[0], events), 0);
}

static void poke(struct watcher *w)
{
	CHECK_INT(write(w->fds[1], "x", 1), 1);
}

static void watch_events(void)
{
	struct ble_loop *loop = new_loop();
	struct watcher w;

	open_watcher(&w);
	add_watcher(loop, &w, LOOP_READ);
	CHECK_INT(ble_loop_dispatch(loop, 0), 0);
	CHECK_INT(w.calls, 0);
	poke(&w);
	CHECK_INT(ble_loop_dispatch(loop, -1), 0);
	CHECK_INT(w.calls, 1);
	CHECK_INT(w.events, LOOP_READ);
	CHECK_INT(loop_watch_change(&w.watch, LOOP_READ | LOOP_WRITE), 0);
	CHECK_INT(ble_loop_dispatch(loop, -1), 0);
	CHECK_INT(w.calls, 2);
	CHECK_INT(w.events, LOOP_WRITE);
	CHECK_INT(loop_watch_change(&w.watch, 0), 0);
	poke(&w);
	CHECK_INT(ble_loop_dispatch(loop, 0), 0);
	CHECK_INT(w.calls, 2);
	close(w.fds[1]);
	w.fds[1] = -1;
	CHECK_INT(ble_loop_dispatch(loop, -1), 0);
	CHECK_INT(w.calls, 3);
	CHECK_INT(w.events, LOOP_HANGUP); /* asked for or not */
	loop_unwatch(&w.watch);
	CHECK(w.watch.loop == NULL);
	CHECK_INT(ble_loop_dispatch(loop, 0), 0);
	CHECK_INT(w.calls, 3);
	close_watcher(&w);
	ble_loop_unref(loop);
}

static void watch_bad(void)
{
	struct ble_loop *loop = new_loop();
	struct watcher w;

	open_watcher(&w);
	CHECK_INT(loop_watch(loop, &w.watch, -1, LOOP_READ), -EBADF);
	CHECK(w.watch.loop == NULL);
	loop_unwatch(&w.watch);
	add_watcher(loop, &w, LOOP_READ);
	close_watcher(&w);
	ble_loop_unref(loop);
}

/* Both are ready; whichever comes first removes the other. */
static void removed_by_another(void)
{
	struct ble_loop *loop = new_loop();
	struct watcher a, b;

	open_watcher(&a);
	open_watcher(&b);
	add_watcher(loop, &a, LOOP_READ);
	add_watcher(loop, &b, LOOP_READ);
	a.remove = &b;
	b.remove = &a;
	poke(&a);
	poke(&b);
	CHECK_INT(ble_loop_dispatch(loop, 0), 0);
	CHECK_INT(ble_loop_dispatch(loop, 0), 0);
	CHECK_INT(a.calls + b.calls, 1);
	close_watcher(&a);
	close_watcher(&b);
	ble_loop_unref(loop);
}

static void on_ready_free(struct loop_watch *watch, unsigned int events)
{
	struct watcher *w = container_of(watch, struct watcher, watch);
	struct ble_loop *loop = watch->loop;

	(void)events;
	close_watcher(w);
	free(w);
	CHECK(ble_loop_unref(loop) == NULL);
}

/* The callback frees the watch and drops the last reference of the loop. */
static void freed_by_itself(void)
{
	struct ble_loop *loop = new_loop();
	struct watcher *w = malloc(sizeof(*w));

	REQUIRE(w != NULL);
	open_watcher(w);
	w->watch.ready = on_ready_free;
	CHECK_INT(loop_watch(loop, &w->watch, w->fds[0], LOOP_READ), 0);
	poke(w);
	CHECK_INT(ble_loop_dispatch(loop, 0), 0);
}

static void on_ready_again(struct loop_watch *watch, unsigned int events)
{
	struct watcher *w = container_of(watch, struct watcher, watch);
	struct ble_loop *loop = watch->loop;

	(void)events;
	/* An old event must not reach a watch that was set up anew. */
	if (++w->calls == 1) {
		loop_unwatch(&w->remove->watch);
		CHECK_INT(loop_watch(loop, &w->remove->watch, w->remove->fds[0], 0), 0);
	}
}

static void watched_anew(void)
{
	struct ble_loop *loop = new_loop();
	struct watcher a, b;

	open_watcher(&a);
	open_watcher(&b);
	add_watcher(loop, &a, LOOP_READ);
	add_watcher(loop, &b, LOOP_READ);
	a.watch.ready = b.watch.ready = on_ready_again;
	a.remove = &b;
	b.remove = &a;
	poke(&a);
	poke(&b);
	CHECK_INT(ble_loop_dispatch(loop, 0), 0);
	CHECK_INT(a.calls + b.calls, 1);
	close_watcher(&a);
	close_watcher(&b);
	ble_loop_unref(loop);
}

/* More ready ones than a dispatch fetches: each gets its turn. */
static void many(void)
{
	enum { N = 150 };
	static struct watcher w[N];
	struct ble_loop *loop = new_loop();

	for (int i = 0; i < N; i++) {
		open_watcher(&w[i]);
		add_watcher(loop, &w[i], LOOP_READ);
		w[i].leave = true;
		poke(&w[i]);
	}
	for (int i = 0; i < 4; i++)
		CHECK_INT(ble_loop_dispatch(loop, 0), 0);
	for (int i = 0; i < N; i++) {
		CHECK(w[i].calls >= 1);
		close_watcher(&w[i]);
	}
	ble_loop_unref(loop);
}

/* -- Tasks ------------------------------------------------------------------------------ */

struct job {
	struct loop_task task;
	struct ble_loop *loop;
	struct job *undefer, *defer;
	int runs;
};

static void on_run(struct loop_task *task)
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
	struct job a = { { .run = on_run }, loop, NULL, NULL, 0 };
	struct job b = { { .run = on_run }, loop, NULL, NULL, 0 };

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

struct helper {
	struct ble_loop *loop;
	pthread_t main;
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

static void *signal_later(void *user)
{
	struct helper *helper = user;

	nap();
	pthread_kill(helper->main, SIGUSR1);
	return NULL;
}

static void on_signal(int number)
{
	(void)number;
}

static void interrupted_by(void *(*run)(void *), int expected)
{
	struct helper helper = { new_loop(), pthread_self() };
	pthread_t thread;

	REQUIRE(pthread_create(&thread, NULL, run, &helper) == 0);
	CHECK_INT(ble_loop_dispatch(helper.loop, -1), expected);
	pthread_join(thread, NULL);
	ble_loop_unref(helper.loop);
}

static void interrupt_from_thread(void)
{
	interrupted_by(interrupt_later, -EINTR);
}

static void signal_ends_the_wait(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGUSR1, &action, NULL);
	interrupted_by(signal_later, 0);
	signal(SIGUSR1, SIG_DFL);
}

/* -- The descriptor outside --------------------------------------------------------------- */

static bool readable(struct ble_loop *loop, int timeout_ms)
{
	struct pollfd p = { .fd = ble_loop_fd(loop), .events = POLLIN };

	return poll(&p, 1, timeout_ms) == 1;
}

static void outside(void)
{
	struct ble_loop *loop = new_loop();
	struct job job = { { .run = on_run }, loop, NULL, NULL, 0 };
	struct watcher w;

	open_watcher(&w);
	add_watcher(loop, &w, LOOP_READ);
	CHECK(ble_loop_fd(loop) >= 0);
	CHECK_INT(ble_loop_fd(loop), ble_loop_fd(loop));
	CHECK(!readable(loop, 0));
	poke(&w);
	CHECK(readable(loop, 0));
	ble_loop_dispatch(loop, 0);
	CHECK_INT(w.calls, 1);
	CHECK(!readable(loop, 0));
	loop_defer(loop, &job.task);
	CHECK(readable(loop, 0));
	ble_loop_dispatch(loop, 0);
	CHECK_INT(job.runs, 1);
	CHECK(!readable(loop, 0));
	/* Deferred from inside a dispatch. */
	job.defer = &job;
	loop_defer(loop, &job.task);
	ble_loop_dispatch(loop, 0);
	CHECK(readable(loop, 0));
	job.defer = NULL;
	ble_loop_dispatch(loop, 0);
	CHECK_INT(job.runs, 3);
	CHECK(!readable(loop, 0));
	ble_loop_interrupt(loop);
	CHECK(readable(loop, 0));
	CHECK_INT(ble_loop_dispatch(loop, 0), -EINTR);
	CHECK(!readable(loop, 0));
	close_watcher(&w);
	ble_loop_unref(loop);
}

/* -- Sentences ----------------------------------------------------------------------------- */

static void sentences(void)
{
	struct ble_loop *loop = new_loop();
	char big[1000];

	CHECK_STR(ble_error_text(loop, -ENOENT), ble_strerror(-ENOENT));
	CHECK_INT(loop_say(loop, -EPERM, "%s: no %d", "hci0", 3), -EPERM);
	CHECK_STR(ble_error_text(loop, -EPERM), "hci0: no 3");
	CHECK_STR(ble_error_text(loop, -EIO), ble_strerror(-EIO));
	CHECK_STR(ble_error_text(NULL, -EPERM), ble_strerror(-EPERM));
	CHECK_STR(ble_error_text(loop, 0), "success");
	/* A sentence around the last one. */
	loop_say(loop, -EPERM, "connecting: %s", ble_error_text(loop, -EPERM));
	CHECK_STR(ble_error_text(loop, -EPERM), "connecting: hci0: no 3");
	CHECK_INT(loop_say(loop, 5, "pair first"), 5);
	CHECK_STR(ble_error_text(loop, 5), "pair first");
	CHECK_STR(ble_error_text(loop, -EPERM), ble_strerror(-EPERM));
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	loop_say(loop, -EIO, "%s", big);
	CHECK(strlen(ble_error_text(loop, -EIO)) < sizeof(big) - 1);
	CHECK_INT(ble_loop_dispatch(loop, 0), 0);
	CHECK_STR(ble_error_text(loop, -EIO), ble_strerror(-EIO));
	ble_loop_unref(loop);
}

int main(int argc, char **argv)
{
	static const struct test_case life[] = {
		TEST(out_of_memory), TEST(out_of_descriptors), TEST(counted), { 0 },
	};
	static const struct test_case watches[] = {
		TEST(watch_events), TEST(watch_bad), TEST(removed_by_another),
		TEST(freed_by_itself), TEST(watched_anew), TEST(many), { 0 },
	};
	static const struct test_case rest[] = {
		TEST(tasks), TEST(interrupt), TEST(interrupt_from_thread),
		TEST(signal_ends_the_wait), TEST(outside), TEST(sentences), { 0 },
	};
	static const struct test_suite suites[] = {
		{ "life", life }, { "watches", watches }, { "timers", loop_timers },
		{ "rest", rest }, { 0 },
	};

	return harness_main(argc, argv, suites);
}
