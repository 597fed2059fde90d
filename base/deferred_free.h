/* SPDX-License-Identifier: MIT */
/*
 * Memory that must outlast the callback in which its owner was freed: whoever
 * calls out and has something left to do afterwards stands between life_enter()
 * and life_leave().
 */
#ifndef BASE_DEFERRED_FREE_H
#define BASE_DEFERRED_FREE_H

#include <stdbool.h>

struct life {
	unsigned int depth;
	bool over; /* freed: touch nothing but this struct */
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

/* The owner was freed; its memory goes now, or with the last life_leave(). */
static inline void life_end(struct life *life)
{
	life->over = true;
	if (life->depth == 0)
		life->release(life);
}

#endif
