/* SPDX-License-Identifier: MIT */
/*
 * Seam 3: the loop. It waits for several sources and is one descriptor to the
 * user's own event loop.
 *
 * Every source is embedded in its owner: adding one allocates nothing, except
 * what the poller needs. Callbacks run only from ble_loop_dispatch(). A source may
 * be removed at any time, also from any callback: afterwards its callback is not
 * called, even if its event was already fetched.
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include "base/list.h"
#include "base/portable.h"
#include "blewire.h"

enum { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_HANGUP = 4 }; /* HANGUP: also errors */

/* A descriptor; on Windows the HANDLE of a manual-reset event, which must stay set
 * as long as there is something to do. */
#ifdef _WIN32
typedef void *loop_source;
#else
typedef int loop_source;
#endif

/* The owner closes fd, after it removed the watch. */
struct loop_watch {
	loop_source fd;
	unsigned int events;
	void (*ready)(struct loop_watch *watch, unsigned int events);
	struct ble_loop *loop; /* NULL: not watched */
};

/* events: LOOP_READ, LOOP_WRITE; HANGUP always comes. 0 or -errno. On Windows
 * an event that is set is reported as all of events; its owner has to find out
 * about a hang-up. */
int loop_watch(struct ble_loop *loop, struct loop_watch *watch, loop_source fd,
	       unsigned int events);
int loop_watch_change(struct loop_watch *watch, unsigned int events);
void loop_unwatch(struct loop_watch *watch);

struct loop_timer {
	uint64_t deadline; /* ns of loop_now() */
	void (*fire)(struct loop_timer *timer);
	struct ble_loop *loop; /* NULL: not armed */
	struct loop_timer *child, *next, *prev; /* in the heap */
	uint64_t order; /* timers of one deadline fire in the order of arming */
};

/* Arms it, or moves it if it is armed. Cannot fail. */
void loop_timer_at(struct ble_loop *loop, struct loop_timer *timer,
		   uint64_t deadline);
void loop_timer_in(struct ble_loop *loop, struct loop_timer *timer,
		   unsigned int ms);
void loop_timer_stop(struct loop_timer *timer);

/* A function to run in the next dispatch: a call whose result is known at once
 * still calls back from dispatch. Cannot fail. */
struct loop_task {
	struct list link;
	void (*run)(struct loop_task *task);
};

void loop_defer(struct ble_loop *loop, struct loop_task *task);
void loop_undefer(struct loop_task *task);

/* Nanoseconds of a monotonic clock. */
uint64_t loop_now(const struct ble_loop *loop);

/* The same, up to some 10 ms later, for deadlines that are far away. Takes a
 * quarter of the time on systems that have a clock of ticks. */
uint64_t loop_soon(const struct ble_loop *loop);

/* Nanoseconds since 1970, by the real-time clock, also when the loop's is frozen. */
uint64_t loop_wall_clock(void);

/* For tests: stops the loop's clock. A dispatch that finds no descriptor ready
 * then sets the clock to the next timer within its timeout instead of waiting,
 * so that 30 s pass at once and always in the same order.
 * loop_clock_advance() only moves the clock; the next dispatch fires. */
void loop_clock_freeze(struct ble_loop *loop);
void loop_clock_advance(struct ble_loop *loop, unsigned int ms);

/* Whether a callback of this loop is running. */
bool loop_dispatching(const struct ble_loop *loop);

/* Whether the loop was made in another process, before a fork(): see process.h.
 * Then it cannot be run, watching a source is refused with -ECHILD, and removing
 * one leaves the parent's alone. Costs no system call. */
bool loop_inherited(const struct ble_loop *loop);

/* 0, or why the loop cannot be run: -ECHILD, it is inherited; -EDEADLK, a callback is
 * running. */
int loop_may_run(const struct ble_loop *loop);

/* Sets the sentence that ble_error_text() gives for error, until the next dispatch:
 * so set it in the call that fails or in the dispatch that calls back. Returns
 * error. */
COLD PRINTF_LIKE(3, 4)
int loop_set_error(struct ble_loop *loop, int error, const char *format, ...);

/* Has ble_error_text() give the same sentence for another error, too. */
void loop_set_error_alias(struct ble_loop *loop, int error);

/* Tells an analyser, which looks at one file at a time, that this is error. */
#ifdef __clang_analyzer__
#define loop_set_error(loop, error, ...) ((void)loop_set_error(loop, error, __VA_ARGS__), error)
#endif

#endif
