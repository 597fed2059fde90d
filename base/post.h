/* SPDX-License-Identifier: MIT */
/* The functions that ble_loop_post() gave to one loop. */
#ifndef BASE_POST_H
#define BASE_POST_H

#include <stdatomic.h>

#include "base/list.h"
#include "base/poller.h"

/* Embedded in its loop. Between posts_open() and posts_close() any thread may
 * post; the other calls are the loop's. */
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

/* From now on posts are refused; those in the queue are dropped. Twice is fine,
 * and from inside posts_run() it ends that. */
void posts_close(struct posts *posts);

/* One atomic load; nothing is missed that was posted before the poller was
 * last asked. */
static inline bool posts_waiting(struct posts *posts)
{
	return atomic_load_explicit(&posts->waiting, memory_order_relaxed);
}

/* Runs those that are in the queue now, in their order. */
void posts_run(struct posts *posts);

#endif
