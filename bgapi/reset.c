/* SPDX-License-Identifier: MIT */
/*
 * Resets the dongle, and initialises one that was plugged in again. One on USB leaves the
 * bus for its reset and comes back at the same place within about a second, perhaps as
 * another port. One on a UART keeps its stream. All this is steps of the loop. Scans and
 * connects that are requested meanwhile are queued.
 */
#include "bgapi/adapter.h"

#include <errno.h>
#include <stdio.h>

#include "base/bytes.h"
#include "bgapi/bgapi.h"

enum {
	GONE_MS = 1000,  /* a dongle on USB has left the bus by then */
	POLL_MS = 100,
	RESET_MS = 5000, /* until it is back; slow in virtual machines */
};

static struct bgapi_adapter *adapter_of(struct bgapi_reset *reset)
{
	return container_of(reset, struct bgapi_adapter, reset);
}

/* -- What runs ends ----------------------------------------------------------------- */

static int set_reset_text(const struct bgapi_adapter *a)
{
	return loop_set_error(a->dongle.loop, -ENETRESET, "%s was reset", a->name);
}

/* Ends what runs now, not what a callback starts. Each callback may free the adapter. */
static void end_all(struct bgapi_adapter *a)
{
	const struct deferred_free *memory = &a->dongle.memory;
	struct list connects, *first;
	bool scanning = a->gap.scan_wanted;

	bgapi_gap_suspend(a, &connects);
	if (scanning && a->adapter.events) {
		set_reset_text(a);
		a->adapter.events->scan_ended(a->adapter.user, -ENETRESET);
	}
	for (size_t i = 0; i < a->n_links && !memory->freed; i++) {
		set_reset_text(a);
		bgapi_link_lost(&a->links[i], -ENETRESET, 0, false);
	}
	while (!memory->freed && (first = list_pop(&connects))) {
		struct connect_op *op = list_entry(first, struct connect_op, link);

		set_reset_text(a);
		op->done(op, -ENETRESET, 0, NULL);
	}
}

/* -- After the reset ------------------------------------------------------------------ */

static void finish(struct bgapi_adapter *a, int error)
{
	struct reset_op *op = a->reset.op;

	a->reset.op = NULL;
	bgapi_gap_resume(a);
	if (op)
		op->done(op, error);
}

/* Ends what is queued, and the adapter is gone. */
static void give_up(struct bgapi_adapter *a, const char *words)
{
	const struct deferred_free *memory = &a->dongle.memory;

	dongle_release(&a->dongle);
	bgapi_gap_lost(a, -ENODEV, words);
	if (memory->freed)
		return;
	finish(a, loop_set_error(a->dongle.loop, -ENODEV, "%s", words));
	if (!memory->freed && a->adapter.events)
		a->adapter.events->gone(a->adapter.user);
}

static void go_on(struct bgapi_adapter *a)
{
	a->dongle.event = a->reset.event;
	a->dongle.lost = a->reset.lost;
	finish(a, 0);
}

/* Other errors are retried: udev may not have set the port's owner yet. */
static void retry(struct bgapi_adapter *a, int error)
{
	struct ble_loop *loop = a->dongle.loop;
	char words[400];

	if (error != -ENOMEM && loop_now(loop) < a->reset.limit) {
		loop_timer_in(loop, &a->reset.timer, POLL_MS);
		return;
	}
	snprintf(words, sizeof(words), "%s did not come back from its reset (%s): pull it out "
		 "and plug it in again", a->name, ble_error_text(loop, error));
	give_up(a, words);
}

static int reopen(struct bgapi_adapter *a)
{
	struct bgapi_stream *stream;
	int error = a->reset.reopen
		? a->reset.reopen->open(a->dongle.loop, a->reset.name, &stream) : -ENODEV;

	if (!error)
		dongle_reopen(&a->dongle, stream);
	return error;
}

static void reset_started(struct bgapi_adapter *a, int error)
{
	if (!error) {
		go_on(a);
		return;
	}
	dongle_release(&a->dongle);
	retry(a, error);
}

static void try_reopen(struct loop_timer *timer)
{
	struct bgapi_reset *reset = container_of(timer, struct bgapi_reset, timer);
	struct bgapi_adapter *a = adapter_of(reset);
	struct deferred_free *memory = &a->dongle.memory;
	int error = a->dongle.gone ? reopen(a) : 0;

	deferred_free_hold(memory);
	if (error)
		retry(a, error);
	else
		bgapi_start_begin(a, reset_started);
	deferred_free_release(memory);
}

static void await_return(struct bgapi_adapter *a, unsigned int ms)
{
	struct ble_loop *loop = a->dongle.loop;

	a->reset.limit = loop_now(loop) + (ms + RESET_MS) * UINT64_C(1000000);
	loop_timer_in(loop, &a->reset.timer, ms);
}

static void on_closed(struct dongle *dongle, int error)
{
	struct bgapi_adapter *a = container_of(dongle, struct bgapi_adapter, dongle);

	(void)error; /* expected */
	dongle_release(dongle);
	await_return(a, POLL_MS);
}

static void begin(struct loop_task *task)
{
	static const struct bgapi_cmd_system_reset params = { .boot_in_dfu = 0 };
	struct bgapi_reset *reset = container_of(task, struct bgapi_reset, begin);
	struct bgapi_adapter *a = adapter_of(reset);
	struct deferred_free *memory = &a->dongle.memory;
	struct bgapi_packet packet;

	deferred_free_hold(memory);
	if (reset->reopen)
		reset->reopen->stable_name(a->dongle.loop, a->name, reset->name);
	end_all(a);
	if (!memory->freed) {
		dongle_drop_calls(&a->dongle);
		a->dongle.event = NULL;
		a->dongle.lost = on_closed;
		(void)bgapi_write(cmd_system_reset, &params, false, &packet);
		/* If this fails, closed() or the missing answer tells it. */
		(void)a->dongle.stream->class->send(a->dongle.stream,
						    bytes(packet.octet, packet.len));
		await_return(a, GONE_MS);
	}
	deferred_free_release(memory);
}

/* -- Plugged in again ------------------------------------------------------------------ */

static void plug_started(struct bgapi_adapter *a, int error)
{
	char words[400];

	if (!error) {
		go_on(a);
		return;
	}
	snprintf(words, sizeof(words), "%s", ble_error_text(a->dongle.loop, error));
	give_up(a, words);
}

void bgapi_start_again(struct bgapi_adapter *a)
{
	a->gap.suspended = true;
	bgapi_start_begin(a, plug_started);
}

/* -- From the adapter ------------------------------------------------------------------------ */

void bgapi_reset_init(struct bgapi_adapter *a, const struct bgapi_reopen *how,
		      void (*event)(struct dongle *dongle, const struct bgapi_frame *frame),
		      void (*lost)(struct dongle *dongle, int error))
{
	a->reset.reopen = how;
	a->reset.event = event;
	a->reset.lost = lost;
	a->reset.begin.run = begin;
	a->reset.timer.fire = try_reopen;
}

int bgapi_reset(struct adapter *adapter, struct reset_op *op)
{
	struct bgapi_adapter *a = bgapi_of(adapter);

	if (a->reset.op)
		return -EALREADY;
	if (a->dongle.gone)
		return -ENODEV;
	a->reset.op = op;
	if (a->startup.state != STARTUP_IDLE) { /* it is initialised after the reset */
		bgapi_start_cancel(a);
		a->dongle.event = NULL;
		a->dongle.lost = a->reset.lost;
	}
	loop_defer(a->dongle.loop, &a->reset.begin);
	return 0;
}

struct reset_op *bgapi_reset_cancel(struct bgapi_adapter *a)
{
	struct reset_op *op = a->reset.op;

	a->reset.op = NULL;
	loop_undefer(&a->reset.begin);
	loop_timer_stop(&a->reset.timer);
	bgapi_start_cancel(a);
	return op;
}
