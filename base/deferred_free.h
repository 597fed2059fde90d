/* SPDX-License-Identifier: MIT */
/*
 * Memory that must outlive the callback in which its owner was freed. Code that
 * calls a callback and uses the memory afterwards does so between
 * deferred_free_hold() and deferred_free_release().
 */
#ifndef BASE_DEFERRED_FREE_H
#define BASE_DEFERRED_FREE_H

#include <stdbool.h>

struct deferred_free {
	unsigned int holds;
	bool freed; /* the owner was freed: use only this struct */
	void (*free)(struct deferred_free *memory);
};

static inline void deferred_free_hold(struct deferred_free *memory)
{
	memory->holds++;
}

static inline void deferred_free_release(struct deferred_free *memory)
{
	if (--memory->holds == 0 && memory->freed)
		memory->free(memory);
}

/* The owner is freed; its memory is freed now or by the last deferred_free_release(). */
static inline void deferred_free(struct deferred_free *memory)
{
	memory->freed = true;
	if (memory->holds == 0)
		memory->free(memory);
}

#endif
