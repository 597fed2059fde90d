/* SPDX-License-Identifier: MIT */
/*
 * Seam 3: the loop. Several sources inside, one descriptor outside.
 *
 * Every source is embedded in its owner, so that adding one allocates nothing
 * (the memory of what waits apart). Callbacks run only from ble_loop_dispatch().
 * A source may be removed at any time, also from any callback: afterwards its
 * callback never comes, even where its event was already fetched.
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include "base/list.h"
#include "base/portable.h"
#include "blewire.h"

enum { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_HANGUP = 4 }; /* HANGUP: also errors */

/* A descriptor; on Windows the HANDLE of an event, which is to stay set as long
 * as there is something to do (manual reset). */
#ifdef _WIN32
typedef void *loop_source;
#else
typedef int loop_source;
#endif

/* A source stays its owner's; remove the watch before closing it. */
struct loop_watch {
	loop_source fd;
	unsigned int events;
	void (*ready)(struct loop_watch *watch, unsigned int events);
	struct ble_loop *loop; /* NULL: not watched */
};

/* events: LOOP_READ, LOOP_WRITE; HANGUP always comes. 0 or -errno. On Windows
 * an event that is set is ready for all that was asked for: HANGUP is for its
 * owner to find out. */
int loop_watch(struct ble_loop *loop, struct loop_watch *watch, loop_source fd,
	       unsigned int events);
int loop_watch_change(struct loop_watch *watch, unsigned int events);
void loop_unwatch(struct loop_watch *watch);

/* A point in time. */
struct loop_timer {
	uint64_t deadline; /* ns of loop_now() */
	void (*fire)(struct loop_timer *timer);
	struct ble_loop *loop; /* NULL: not armed */
	struct loop_timer *child, *next, *prev; /* in the heap */
	uint64_t order; /* of arming: equal deadlines fire in it */
};

/* Arms it, or moves it if it is armed. Cannot fail. */
void loop_timer_at(struct ble_loop *loop, struct loop_timer *timer,
		   uint64_t deadline);
void loop_timer_in(struct ble_loop *loop, struct loop_timer *timer,
		   unsigned int ms);
void loop_timer_stop(struct loop_timer *timer);

/* Something to run in the next dispatch: how a call that knows its result
 * already still calls back from dispatch. Cannot fail. */
struct loop_task {
	struct list link;
	void (*run)(struct loop_task *task);
};

void loop_defer(struct ble_loop *loop, struct loop_task *task);
void loop_undefer(struct loop_task *task);

/* Nanoseconds of a clock that never goes back. */
uint64_t loop_now(const struct ble_loop *loop);

/* The same up to some 10 ms later, for deadlines that are far away: costs a
 * quarter of it where systems keep the time of their latest tick. */
uint64_t loop_soon(const struct ble_loop *loop);

/* Nanoseconds since 1970, by the wall's clock: frozen or not. */
uint64_t loop_wall_clock(void);

/* Tests: from now on the clock stands still. A dispatch that finds no
 * descriptor ready jumps to the next timer within its time-out instead of
 * waiting, so that 30 s pass at once and always in the same order.
 * loop_clock_advance() only moves the clock; the next dispatch fires. */
void loop_clock_freeze(struct ble_loop *loop);
void loop_clock_advance(struct ble_loop *loop, unsigned int ms);

/* Whether the caller stands inside a callback of this loop. */
bool loop_dispatching(const struct ble_loop *loop);

/* Whether the loop was made in another process, before a fork(): see process.h.
 * Then it cannot be run, watching a source is refused with -ECHILD, and removing
 * one leaves the parent's alone. Costs no system call. */
bool loop_inherited(const struct ble_loop *loop);

/* Keeps the sentence that explains error for ble_error_text(). Returns error,
 * so that a failure reads "return loop_say(loop, -EPERM, ...)". Say it in the
 * call that fails or in the dispatch that calls back: the next dispatch
 * forgets it. */
COLD PRINTF_LIKE(3, 4)
int loop_say(struct ble_loop *loop, int error, const char *format, ...);

/* The same sentence explains another error, too, until the next is said. */
void loop_also(struct ble_loop *loop, int error);

/* An analyser looks at one file at a time: elsewhere it would hold 0 possible. */
#ifdef __clang_analyzer__
#define loop_say(loop, error, ...) ((void)loop_say(loop, error, __VA_ARGS__), error)
#endif

#endif
