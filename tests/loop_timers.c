/* SPDX-License-Identifier: MIT */
/* Timers: their order, compared with a model; a frozen clock; real time. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/test_loop.h"

enum { N = 48, MS = 1000000 };

struct alarm {
	struct loop_timer timer;
	struct model *model;
	bool armed;
	uint64_t deadline, order;
};

struct model {
	struct ble_loop *loop;
	struct alarm alarms[N];
	uint64_t armed, due; /* armed before this dispatch */
	int fired;
	bool inside; /* callbacks arm and stop too */
};

static struct alarm *earliest(struct model *model, uint64_t now)
{
	struct alarm *best = NULL;

	for (int i = 0; i < N; i++) {
		struct alarm *a = &model->alarms[i];

		if (a->armed && a->deadline <= now && a->order <= model->due &&
		    (!best || a->deadline < best->deadline ||
		     (a->deadline == best->deadline && a->order < best->order)))
			best = a;
	}
	return best;
}

static void arm(struct model *model, struct alarm *a)
{
	/* Few different times, so that many are equal. */
	uint64_t past = harness_below(4) ? 0 : 5 * MS;

	loop_timer_at(model->loop, &a->timer,
		      loop_now(model->loop) - past + harness_below(12) * MS);
	a->deadline = a->timer.deadline;
	a->order = ++model->armed;
	a->armed = true;
}

static void disarm(struct alarm *a)
{
	loop_timer_stop(&a->timer);
	a->armed = false;
}

static void touch(struct model *model)
{
	struct alarm *a = &model->alarms[harness_below(N)];

	if (harness_below(3))
		arm(model, a);
	else
		disarm(a);
}

static void on_alarm(struct loop_timer *timer)
{
	struct alarm *a = container_of(timer, struct alarm, timer);
	struct model *model = a->model;

	CHECK(timer->loop == NULL);
	CHECK(loop_dispatching(model->loop));
	if (a != earliest(model, loop_now(model->loop)))
		FAIL("the earliest first");
	a->armed = false;
	model->fired++;
	while (model->inside && harness_below(2))
		touch(model);
}

static void against_model(bool inside)
{
	static struct model model;
	struct ble_loop *loop = new_loop();

	memset(&model, 0, sizeof(model));
	model.loop = loop;
	model.inside = inside;
	for (int i = 0; i < N; i++) {
		model.alarms[i].model = &model;
		model.alarms[i].timer.fire = on_alarm;
	}
	loop_clock_freeze(loop);
	loop_clock_advance(loop, 1000);
	for (int step = 0; step < 20000; step++) {
		if (harness_below(4)) {
			touch(&model);
			continue;
		}
		if (harness_below(2))
			loop_clock_advance(loop, harness_below(6));
		model.due = model.armed;
		CHECK_INT(ble_loop_dispatch(loop, 0), 0);
		if (earliest(&model, loop_now(loop))) {
			FAIL("all that were due");
			break;
		}
	}
	CHECK(model.fired > 1000);
	for (int i = 0; i < N; i++)
		disarm(&model.alarms[i]);
	ble_loop_unref(loop);
}

static void random_order(void)
{
	against_model(false);
}

static void random_from_inside(void)
{
	against_model(true);
}

/* -- One at a time ------------------------------------------------------------------- */

struct counter {
	struct loop_timer timer;
	struct ble_loop *loop;
	uint64_t at;   /* when it fired */
	bool again;    /* arms itself for a time long past */
	bool last_ref; /* drops the loop */
	int fired;
};

static void on_count(struct loop_timer *timer)
{
	struct counter *c = container_of(timer, struct counter, timer);

	c->fired++;
	c->at = loop_now(c->loop);
	if (c->again)
		loop_timer_at(c->loop, timer, 0);
	if (c->last_ref)
		ble_loop_unref(c->loop);
}

static struct counter counter(struct ble_loop *loop)
{
	return (struct counter){ .timer.fire = on_count, .loop = loop };
}

/* A frozen clock jumps from timer to timer, within the time-out. */
static void frozen_clock(void)
{
	struct ble_loop *loop = new_loop();
	struct counter a = counter(loop), b = counter(loop);
	uint64_t start, before = loop_now(loop);

	loop_clock_freeze(loop);
	start = loop_now(loop);
	CHECK(start >= before && start < before + UINT64_C(60000) * MS);
	loop_timer_in(loop, &a.timer, 30000);
	loop_timer_in(loop, &b.timer, 40000);
	CHECK_INT(ble_loop_dispatch(loop, 0), 0);
	CHECK_INT(loop_now(loop) - start, 0);
	CHECK_INT(ble_loop_dispatch(loop, 29999), 0);
	CHECK_INT(a.fired, 0);
	CHECK_INT(loop_now(loop) - start, UINT64_C(29999) * MS);
	CHECK_INT(ble_loop_dispatch(loop, 5000), 0);
	CHECK_INT(a.fired, 1);
	CHECK_INT(a.at - start, UINT64_C(30000) * MS);
	CHECK_INT(ble_loop_dispatch(loop, -1), 0);
	CHECK_INT(b.fired, 1);
	CHECK_INT(b.at - start, UINT64_C(40000) * MS);
	loop_timer_in(loop, &a.timer, 10);
	loop_clock_advance(loop, 10);
	CHECK_INT(a.fired, 1); /* only a dispatch fires */
	CHECK_INT(ble_loop_dispatch(loop, 0), 0);
	CHECK_INT(a.fired, 2);
	ble_loop_unref(loop);
}

static void moved_and_stopped(void)
{
	struct ble_loop *loop = new_loop();
	struct counter a = counter(loop);

	loop_clock_freeze(loop);
	loop_timer_stop(&a.timer);
	loop_timer_in(loop, &a.timer, 10);
	loop_timer_in(loop, &a.timer, 50); /* moved, not armed twice */
	loop_clock_advance(loop, 20);
	ble_loop_dispatch(loop, 0);
	CHECK_INT(a.fired, 0);
	loop_timer_in(loop, &a.timer, 1); /* and back */
	loop_clock_advance(loop, 1);
	ble_loop_dispatch(loop, 0);
	CHECK_INT(a.fired, 1);
	loop_timer_in(loop, &a.timer, 1);
	loop_timer_stop(&a.timer);
	loop_timer_stop(&a.timer);
	loop_clock_advance(loop, 100);
	ble_loop_dispatch(loop, 0);
	CHECK_INT(a.fired, 1);
	ble_loop_unref(loop);
}

/* A timer that is always due fires once a dispatch and starves nobody. */
static void always_due(void)
{
	struct ble_loop *loop = new_loop();
	struct counter a = counter(loop), b = counter(loop);

	loop_clock_freeze(loop);
	a.again = true;
	loop_timer_at(loop, &a.timer, 0);
	loop_timer_in(loop, &b.timer, 0);
	CHECK_INT(ble_loop_dispatch(loop, 0), 0);
	CHECK_INT(a.fired, 1);
	CHECK_INT(b.fired, 1);
	for (int i = 2; i < 5; i++) {
		CHECK_INT(ble_loop_dispatch(loop, -1), 0);
		CHECK_INT(a.fired, i);
	}
	loop_timer_stop(&a.timer);
	ble_loop_unref(loop);
}

static void many_due(void)
{
	static struct counter c[500];
	struct ble_loop *loop = new_loop();

	loop_clock_freeze(loop);
	for (int i = 0; i < 500; i++) {
		c[i] = counter(loop);
		loop_timer_in(loop, &c[i].timer, 5);
	}
	CHECK_INT(ble_loop_dispatch(loop, -1), 0);
	for (int i = 0; i < 500; i++)
		CHECK_INT(c[i].fired, 1);
	ble_loop_unref(loop);
}

static void last_reference(void)
{
	struct ble_loop *loop = new_loop();
	struct counter a = counter(loop);

	a.last_ref = true;
	loop_timer_in(loop, &a.timer, 0);
	CHECK_INT(ble_loop_dispatch(loop, -1), 0);
	CHECK_INT(a.fired, 1);
}

/* -- Real time -------------------------------------------------------------------------- */

static void real_time(void)
{
	struct ble_loop *loop = new_loop();
	struct counter a = counter(loop);
	uint64_t start = loop_now(loop);

	CHECK_INT(ble_loop_dispatch(loop, 20), 0);
	CHECK(loop_now(loop) - start >= UINT64_C(20) * MS);
	start = loop_now(loop);
	loop_timer_in(loop, &a.timer, 20);
	while (!a.fired)
		CHECK_INT(ble_loop_dispatch(loop, -1), 0);
	CHECK_INT(a.fired, 1);
	CHECK(a.at - start >= UINT64_C(20) * MS);
	ble_loop_unref(loop);
}

#ifdef HAVE_EPOLL
#include <poll.h>

/* Somebody else's poll() wakes for our timers, also for those that were armed
 * after it learnt the descriptor, nearer than those before. */
static void outer_poll(void)
{
	struct ble_loop *loop = new_loop();
	struct counter far = counter(loop), near = counter(loop);
	struct pollfd p = { .events = POLLIN };
	uint64_t start = loop_now(loop);

	loop_timer_in(loop, &far.timer, 24 * 3600 * 1000);
	p.fd = ble_loop_fd(loop);
	REQUIRE(p.fd >= 0);
	CHECK_INT(poll(&p, 1, 0), 0);
	loop_timer_in(loop, &near.timer, 20);
	for (int i = 0; i < 10 && !near.fired; i++) {
		CHECK_INT(poll(&p, 1, -1), 1);
		ble_loop_dispatch(loop, 0);
	}
	CHECK_INT(near.fired, 1);
	CHECK_INT(far.fired, 0);
	CHECK(near.at - start >= UINT64_C(20) * MS);
	CHECK_INT(poll(&p, 1, 0), 0);
	/* One that was due before the descriptor was asked for again. */
	loop_timer_at(loop, &near.timer, 0);
	CHECK_INT(poll(&p, 1, 0), 1);
	ble_loop_dispatch(loop, 0);
	CHECK_INT(near.fired, 2);
	loop_timer_stop(&far.timer);
	ble_loop_unref(loop);
}

/* The timer was there before anybody asked for the descriptor. */
static void outer_poll_late(void)
{
	struct ble_loop *loop = new_loop();
	struct counter a = counter(loop);
	struct pollfd p = { .events = POLLIN };

	loop_timer_in(loop, &a.timer, 20);
	p.fd = ble_loop_fd(loop);
	CHECK_INT(poll(&p, 1, -1), 1);
	ble_loop_dispatch(loop, 0);
	CHECK_INT(a.fired, 1);
	ble_loop_unref(loop);
}

#endif

const struct test_case loop_timers[] = {
	TEST(random_order), TEST(random_from_inside), TEST(frozen_clock),
	TEST(moved_and_stopped), TEST(always_due), TEST(many_due),
	TEST(last_reference), TEST(real_time),
#ifdef HAVE_EPOLL
	TEST(outer_poll), TEST(outer_poll_late),
#endif
	{ 0 },
};
