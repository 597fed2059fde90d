/* SPDX-License-Identifier: MIT */
/* The timers of blewire.h. */
#include <errno.h>
#include <stdlib.h>

#include "api/internal.h"

enum { MS = 1000000 };

struct ble_timer {
	struct loop_timer timer;
	struct ble_loop *loop; /* ref'd */
	unsigned int every_ms; /* 0: once */
	ble_timer_func fire;
	void *user;
};

/* Restarted before the callback, which may free it. */
static void on_time(struct loop_timer *timer)
{
	struct ble_timer *t = container_of(timer, struct ble_timer, timer);
	uint64_t every = t->every_ms * (uint64_t)MS;
	uint64_t next = timer->deadline + every;
	uint64_t now = loop_now(t->loop);

	if (every && next <= now)
		next += ((now - next) / every + 1) * every;
	if (every)
		loop_timer_at(t->loop, timer, next);
	t->fire(t->user);
}

int ble_timer_new(struct ble_loop *loop, ble_timer_func fire, void *user,
		  struct ble_timer **ret_timer)
{
	struct ble_timer *timer = calloc(1, sizeof(*timer));

	if (!timer)
		return -ENOMEM;
	timer->timer.fire = on_time;
	timer->loop = ble_loop_ref(loop);
	timer->fire = fire;
	timer->user = user;
	*ret_timer = timer;
	return 0;
}

struct ble_timer *ble_timer_free(struct ble_timer *timer)
{
	if (!timer)
		return NULL;
	loop_timer_stop(&timer->timer);
	ble_loop_unref(timer->loop);
	free(timer);
	return NULL;
}

void ble_timer_start(struct ble_timer *timer, int ms, int every_ms)
{
	loop_timer_stop(&timer->timer);
	timer->every_ms = every_ms > 0 ? (unsigned int)every_ms : 0;
	if (ms >= 0)
		loop_timer_in(timer->loop, &timer->timer, (unsigned int)ms);
}

void ble_timer_stop(struct ble_timer *timer)
{
	if (timer)
		loop_timer_stop(&timer->timer);
}
