/* SPDX-License-Identifier: MIT */
/*
 * Memory that must outlive the callback in which its owner was freed. Code that
 * calls a callback and uses the memory afterwards does so between
 * life_enter() and life_leave().
 */
#ifndef BASE_DEFERRED_FREE_H
#define BASE_DEFERRED_FREE_H

#include <stdbool.h>

struct life {
	unsigned int depth;
	bool over; /* the owner was freed: use only this struct */
	void (*release)(struct life *life);
};

static inline void life_enter(struct life *life)
{
	life->depth++;
}

static inline void life_leave(struct life *life)
{
	if (--life->depth == 0 && life->over)
		life->release(life);
}

/* The owner is freed; its memory is freed now or by the last life_leave(). */
static inline void life_end(struct life *life)
{
	life->over = true;
	if (life->depth == 0)
		life->release(life);
}

#endif
