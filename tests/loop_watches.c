/* SPDX-License-Identifier: MIT */
/* The descriptors that the loop watches, and the one that it gives to other loops. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/test_loop.h"

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
	int folder = open(".", O_RDONLY);

	open_watcher(&w);
	CHECK_INT(loop_watch(loop, &w.watch, -1, LOOP_READ), -EBADF);
	CHECK(w.watch.loop == NULL);
	/* Always ready: what would it be waited for? */
	CHECK_INT(loop_watch(loop, &w.watch, folder, LOOP_READ), -EPERM);
	CHECK(w.watch.loop == NULL);
	close(folder);
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

/* -- The descriptor outside --------------------------------------------------------------- */

#ifdef HAVE_EPOLL
static bool readable(struct ble_loop *loop, int timeout_ms)
{
	struct pollfd p = { .fd = ble_loop_fd(loop), .events = POLLIN };

	return poll(&p, 1, timeout_ms) == 1;
}

static void outside(void)
{
	struct ble_loop *loop = new_loop();
	struct job job = { { .run = job_run }, loop, NULL, NULL, 0 };
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

#else
static void outside(void)
{
	struct ble_loop *loop = new_loop();

	CHECK_INT(ble_loop_fd(loop), -EOPNOTSUPP);
	ble_loop_unref(loop);
}
#endif

const struct test_case loop_watches[] = {
	TEST(watch_events), TEST(watch_bad), TEST(removed_by_another),
	TEST(freed_by_itself), TEST(watched_anew), TEST(many), TEST(outside),
	{ 0 },
};
