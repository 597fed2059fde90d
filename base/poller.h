/* SPDX-License-Identifier: MIT */
/*
 * What the loop needs from the system to wait. configure chooses one: epoll.c on
 * Linux, windows.c on Windows, poll.c on any other POSIX system.
 */
#ifndef BASE_POLLER_H
#define BASE_POLLER_H

#include "base/loop.h"

struct poller;

struct poller_event {
	struct loop_watch *watch; /* NULL: removed since */
	unsigned int events;
};

int poller_new(struct poller **ret_poller);
void poller_free(struct poller *poller);

int poller_add(struct poller *poller, struct loop_watch *watch);
int poller_change(struct poller *poller, struct loop_watch *watch);
void poller_remove(struct poller *poller, struct loop_watch *watch);

/* Waits until something is ready or the clock of loop_now() reaches deadline
 * (0: no waiting, UINT64_MAX: no limit) and fills events. early: it may return
 * before deadline, because of an alarm that was set for an earlier one.
 * Returns the number of events, or -errno: -EINTR after a signal. */
int poller_wait(struct poller *poller, uint64_t deadline, bool early,
		struct poller_event *events, int max);

/* Whether deadline is known to be in the future when poller_wait() returned, without
 * reading the clock. False: not known. */
bool poller_before(const struct poller *poller, uint64_t deadline);

/* Ends the wait of another thread, or the next one. Async-signal-safe, and may be
 * called by any thread. */
void poller_wake(struct poller *poller);

/* Whether the latest wait was ended by poller_wake(); true only once. */
bool poller_woken(struct poller *poller);

/* The descriptor for the user's own loop, -EOPNOTSUPP if there is none. After the
 * first call poller_alarm() makes it readable at deadline. */
int poller_fd(struct poller *poller);
void poller_alarm(struct poller *poller, uint64_t deadline);

/* Monotonic nanoseconds, and those since 1970. */
uint64_t poller_now(void);
uint64_t poller_soon(void); /* see loop_soon() */
uint64_t poller_wall_clock(void);

/* For the pollers: milliseconds until deadline, rounded up, so that it has
 * passed on return; -1: no limit. */
static inline int poller_ms(uint64_t deadline)
{
	uint64_t now, ms;

	if (deadline == 0)
		return 0;
	if (deadline == UINT64_MAX)
		return -1;
	now = poller_now();
	if (deadline <= now)
		return 0;
	ms = (deadline - now + 999999) / 1000000;
	return ms < INT32_MAX ? (int)ms : INT32_MAX;
}

#endif
