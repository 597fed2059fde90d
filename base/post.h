/* SPDX-License-Identifier: MIT */
/* The functions that ble_loop_post() gave to one loop. */
#ifndef BASE_POST_H
#define BASE_POST_H

#include <stdatomic.h>

#include "base/list.h"
#include "base/poller.h"

/* Embedded in its loop. Any thread may post between posts_open() and posts_close().
 * Only the loop's thread may make the other calls. */
struct posts {
	struct list link; /* among those of all loops */
	const struct ble_loop *loop;
	struct poller *poller;
	unsigned int generation;    /* of the process, see process.h */
	struct list queue, running; /* of struct post */
	atomic_bool waiting;        /* there is something in the queue */
};

/* Call process_init() before the first one. */
void posts_open(struct posts *posts, const struct ble_loop *loop,
		struct poller *poller);

/* Drops the queue; later posts are refused. May be called twice, and in posts_run(),
 * which then ends. */
void posts_close(struct posts *posts);

/* Whether something was posted, by one atomic load. It sees every post that was made
 * before the latest poller_wait() returned. */
static inline bool posts_waiting(struct posts *posts)
{
	return atomic_load_explicit(&posts->waiting, memory_order_relaxed);
}

/* Runs the functions that are in the queue now, in their order. */
void posts_run(struct posts *posts);

#endif
