/* SPDX-License-Identifier: MIT */
/* The loop on Windows: events that it watches, threads, handles. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "tests/test_loop.h"

struct watcher {
	struct loop_watch watch;
	HANDLE event;
	struct watcher *remove;
	int calls;
	unsigned int events;
	bool leave; /* set */
};

static void on_ready(struct loop_watch *watch, unsigned int events)
{
	struct watcher *w = container_of(watch, struct watcher, watch);
	struct watcher *remove = w->remove;

	CHECK(loop_dispatching(watch->loop));
	CHECK_INT(ble_loop_dispatch(watch->loop, 0), -EDEADLK);
	w->calls++;
	w->events = events;
	if (!w->leave)
		ResetEvent(w->event);
	if (remove) {
		loop_unwatch(&remove->watch);
		loop_unwatch(&remove->watch);
	}
}

static void open_watcher(struct ble_loop *loop, struct watcher *w)
{
	memset(w, 0, sizeof(*w));
	w->event = CreateEvent(NULL, TRUE, FALSE, NULL);
	REQUIRE(w->event != NULL);
	w->watch.ready = on_ready;
	CHECK_INT(loop_watch(loop, &w->watch, w->event, LOOP_READ), 0);
}

static void close_watcher(struct watcher *w)
{
	loop_unwatch(&w->watch);
	CloseHandle(w->event);
}

static void watch_events(void)
{
	struct ble_loop *loop = new_loop();
	struct watcher w;

	open_watcher(loop, &w);
	CHECK_INT(ble_loop_dispatch(loop, 0), 0);
	CHECK_INT(w.calls, 0);
	SetEvent(w.event);
	w.leave = true; /* set as long as there is something to do */
	CHECK_INT(ble_loop_dispatch(loop, -1), 0);
	CHECK_INT(w.calls, 1);
	CHECK_INT(w.events, LOOP_READ);
	CHECK_INT(loop_watch_change(&w.watch, LOOP_READ | LOOP_WRITE), 0);
	w.leave = false;
	CHECK_INT(ble_loop_dispatch(loop, -1), 0);
	CHECK_INT(w.calls, 2);
	CHECK_INT(w.events, LOOP_READ | LOOP_WRITE);
	CHECK_INT(ble_loop_dispatch(loop, 0), 0);
	CHECK_INT(w.calls, 2);
	/* Nothing asked for, nothing told, and no time lost by it. */
	CHECK_INT(loop_watch_change(&w.watch, 0), 0);
	SetEvent(w.event);
	CHECK_INT(ble_loop_dispatch(loop, 20), 0);
	CHECK_INT(w.calls, 2);
	CHECK_INT(loop_watch_change(&w.watch, LOOP_WRITE), 0);
	CHECK_INT(ble_loop_dispatch(loop, -1), 0);
	CHECK_INT(w.calls, 3);
	loop_unwatch(&w.watch);
	CHECK(w.watch.loop == NULL);
	SetEvent(w.event);
	CHECK_INT(ble_loop_dispatch(loop, 0), 0);
	CHECK_INT(w.calls, 3);
	close_watcher(&w);
	CHECK_INT(ble_loop_fd(loop), -EOPNOTSUPP);
	ble_loop_unref(loop);
}

static void watch_bad(void)
{
	struct ble_loop *loop = new_loop();
	struct loop_watch watch = { .ready = on_ready };

	CHECK_INT(loop_watch(loop, &watch, NULL, LOOP_READ), -EBADF);
	CHECK(watch.loop == NULL);
	loop_unwatch(&watch);
	ble_loop_unref(loop);
}

/* Both are ready; whichever comes first removes the other. */
static void removed_by_another(void)
{
	struct ble_loop *loop = new_loop();
	struct watcher a, b;

	open_watcher(loop, &a);
	open_watcher(loop, &b);
	a.remove = &b;
	b.remove = &a;
	SetEvent(a.event);
	SetEvent(b.event);
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
	open_watcher(loop, w);
	w->watch.ready = on_ready_free;
	SetEvent(w->event);
	CHECK_INT(ble_loop_dispatch(loop, 0), 0);
}

/* As many as the system can wait for, the interrupt beside them, all ready at
 * once: each gets its turn. One more is refused. */
static void many(void)
{
	enum { N = MAXIMUM_WAIT_OBJECTS - 1 };
	static struct watcher w[N];
	struct ble_loop *loop = new_loop();
	struct loop_watch more = { .ready = on_ready };

	for (int i = 0; i < N; i++) {
		open_watcher(loop, &w[i]);
		w[i].leave = true;
		SetEvent(w[i].event);
	}
	CHECK_INT(loop_watch(loop, &more, w[0].event, LOOP_READ), -EMFILE);
	CHECK_INT(ble_loop_dispatch(loop, -1), 0);
	ble_loop_interrupt(loop);
	CHECK_INT(ble_loop_dispatch(loop, -1), -EINTR);
	for (int i = 0; i < N; i++) {
		CHECK_INT(w[i].calls, 2);
		close_watcher(&w[i]);
	}
	ble_loop_unref(loop);
}

const struct test_case loop_watches[] = {
	TEST(watch_events), TEST(watch_bad), TEST(removed_by_another),
	TEST(freed_by_itself), TEST(many), { 0 },
};

/* -- Threads, handles ------------------------------------------------------------------ */

static DWORD WINAPI interrupt_later(void *loop)
{
	Sleep(20);
	ble_loop_interrupt(loop);
	return 0;
}

static int calls;

static void count_call(void *user)
{
	++*(int *)user;
}

static DWORD WINAPI post_later(void *loop)
{
	Sleep(20);
	return ble_loop_post(loop, count_call, &calls) != 0;
}

static DWORD WINAPI set_later(void *event)
{
	Sleep(20);
	SetEvent(event);
	return 0;
}

static void ended_by(LPTHREAD_START_ROUTINE run, void *user, struct ble_loop *loop,
		     int expected)
{
	HANDLE thread = CreateThread(NULL, 0, run, user, 0, NULL);

	REQUIRE(thread != NULL);
	CHECK_INT(ble_loop_dispatch(loop, -1), expected);
	WaitForSingleObject(thread, INFINITE);
	CloseHandle(thread);
}

static void interrupt_from_thread(void)
{
	struct ble_loop *loop = new_loop();

	ended_by(interrupt_later, loop, loop, -EINTR);
	ble_loop_unref(loop);
}

static void post_from_thread(void)
{
	struct ble_loop *loop = new_loop();

	calls = 0;
	ended_by(post_later, loop, loop, 0);
	CHECK_INT(calls, 1);
	ble_loop_unref(loop);
}

static void event_from_thread(void)
{
	struct ble_loop *loop = new_loop();
	struct watcher w;

	open_watcher(loop, &w);
	ended_by(set_later, w.event, loop, 0);
	CHECK_INT(w.calls, 1);
	close_watcher(&w);
	ble_loop_unref(loop);
}

/* The harness can see a handle that was left. */
static void handles(void)
{
	unsigned int before = harness_fds();
	struct ble_loop *loop = new_loop();

	CHECK_INT(harness_fds(), before + 1);
	ble_loop_unref(loop);
	CHECK_INT(harness_fds(), before);
}

const struct test_case loop_system[] = {
	TEST(interrupt_from_thread), TEST(post_from_thread), TEST(event_from_thread), TEST(handles), { 0 },
};
