/* SPDX-License-Identifier: MIT */
/*
 * The dongle's start-over. One on USB goes away with it and comes back at its
 * place within about a second, perhaps as another port; one on a UART goes on
 * over the same. What is asked for meanwhile waits.
 */
#include "bgapi/adapter.h"

#include <errno.h>
#include <stdio.h>

#include "base/bytes.h"
#include "bgapi/bgapi.h"

enum {
	GONE_MS = 1000,  /* to go away in, for one on USB */
	POLL_MS = 100,
	RESET_MS = 5000, /* to be back in; virtual machines were seen to take long */
};

static struct bgapi_adapter *adapter_of(struct restart *restart)
{
	return container_of(restart, struct bgapi_adapter, restart);
}

/* -- The end of all that runs ---------------------------------------------------------- */

static int say_reset(const struct bgapi_adapter *a)
{
	return loop_say(a->dongle.loop, -ENETRESET, "%s was reset", a->name);
}

/* What the callbacks begin anew is not ended again. Each may free the adapter. */
static void end_all(struct bgapi_adapter *a)
{
	const struct life *life = &a->dongle.life;
	struct list connects, *first;
	bool scanning = a->gap.scan_wanted;

	bgapi_gap_hold(a, &connects);
	if (scanning && a->adapter.events) {
		say_reset(a);
		a->adapter.events->scan_ended(a->adapter.user, -ENETRESET);
	}
	for (size_t i = 0; i < a->n_links && !life->over; i++) {
		say_reset(a);
		bgapi_link_lost(&a->links[i], -ENETRESET, 0, false);
	}
	while (!life->over && (first = list_pop(&connects))) {
		struct connect_op *op = list_entry(first, struct connect_op, link);

		say_reset(a);
		op->done(op, -ENETRESET, 0, NULL);
	}
}

/* -- Its return -------------------------------------------------------------------------- */

static void finish(struct bgapi_adapter *a, int error)
{
	struct reset_op *op = a->restart.op;

	a->restart.op = NULL;
	bgapi_gap_release_hold(a);
	op->done(op, error);
}

/* It did not come back: what has been asked for since ends, and the adapter is
 * gone for good. */
static void give_up(struct bgapi_adapter *a, int error)
{
	const struct life *life = &a->dongle.life;
	char words[400];

	snprintf(words, sizeof(words), "%s did not come back from its reset (%s): pull it out "
		 "and plug it in again", a->name, ble_error_text(a->dongle.loop, error));
	dongle_release(&a->dongle);
	a->gap.held = false; /* nothing more is taken */
	bgapi_gap_lost(a, -ENODEV, words);
	if (life->over)
		return;
	finish(a, loop_say(a->dongle.loop, -ENODEV, "%s", words));
	if (!life->over && a->adapter.events)
		a->adapter.events->gone(a->adapter.user);
}

/* As opening it does: blocks for some 50 ms, longer where it does not answer. */
static int greet(struct bgapi_adapter *a)
{
	void *user = a->adapter.user;
	int error = bgapi_start(a);

	a->adapter.user = user;
	if (!error)
		bgapi_adapter_listen(a);
	return error;
}

static int reopen(struct bgapi_adapter *a)
{
	struct bgapi_stream *stream;
	int error = bgapi_port_open(a->dongle.loop, a->restart.name, &stream);

	if (!error)
		dongle_renew(&a->dongle, stream);
	return error;
}

static void look(struct loop_timer *timer)
{
	struct restart *restart = container_of(timer, struct restart, timer);
	struct bgapi_adapter *a = adapter_of(restart);
	struct ble_loop *loop = a->dongle.loop;
	struct life *life = &a->dongle.life;
	int error = 0;

	life_enter(life);
	if (a->dongle.gone)
		error = reopen(a);
	if (!error) {
		error = greet(a);
		if (error)
			dongle_release(&a->dongle);
	}
	/* Until it is ours to open again. */
	if (!error)
		finish(a, 0);
	else if (error == -ENOMEM || loop_now(loop) >= restart->limit)
		give_up(a, error);
	else
		loop_timer_in(loop, timer, POLL_MS);
	life_leave(life);
}

static void await_return(struct bgapi_adapter *a, unsigned int ms)
{
	struct ble_loop *loop = a->dongle.loop;

	a->restart.limit = loop_now(loop) + (ms + RESET_MS) * UINT64_C(1000000);
	loop_timer_in(loop, &a->restart.timer, ms);
}

/* It went away, as it should. */
static void went(struct dongle *dongle, int error)
{
	struct bgapi_adapter *a = container_of(dongle, struct bgapi_adapter, dongle);

	(void)error;
	dongle_release(dongle);
	await_return(a, POLL_MS);
}

static void begin(struct loop_task *task)
{
	static const struct bgapi_cmd_system_reset params = { .boot_in_dfu = 0 };
	struct restart *restart = container_of(task, struct restart, begin);
	struct bgapi_adapter *a = adapter_of(restart);
	struct life *life = &a->dongle.life;
	struct bgapi_packet packet;

	life_enter(life);
	bgapi_lasting_name(a->dongle.loop, a->name, restart->name);
	end_all(a);
	if (!life->over) {
		dongle_hush(&a->dongle);
		a->dongle.event = NULL;
		a->dongle.lost = went;
		(void)bgapi_write(cmd_system_reset, &params, false, &packet);
		/* Where it cannot be sent, closed() or its silence tells. */
		(void)a->dongle.stream->class->send(a->dongle.stream,
						    bytes(packet.octet, packet.len));
		await_return(a, GONE_MS);
	}
	life_leave(life);
}

/* -- From the adapter ------------------------------------------------------------------------ */

void bgapi_restart_init(struct bgapi_adapter *a)
{
	a->restart.begin.run = begin;
	a->restart.timer.fire = look;
}

int bgapi_restart(struct adapter *adapter, struct reset_op *op)
{
	struct bgapi_adapter *a = bgapi_of(adapter);

	if (a->restart.op)
		return -EALREADY;
	if (a->dongle.gone)
		return -ENODEV;
	a->restart.op = op;
	loop_defer(a->dongle.loop, &a->restart.begin);
	return 0;
}

struct reset_op *bgapi_restart_take(struct bgapi_adapter *a)
{
	struct reset_op *op = a->restart.op;

	a->restart.op = NULL;
	loop_undefer(&a->restart.begin);
	loop_timer_stop(&a->restart.timer);
	return op;
}
