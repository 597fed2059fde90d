/* SPDX-License-Identifier: MIT */
/* Reads a link's signal strength and updates its connection parameters. */
#include "bgapi/adapter.h"

#include <errno.h>

enum {
	RSSI_NOT_OPEN = 0,
	RSSI_MAX = 20,    /* dBm; the firmware sometimes reports 25, which is invalid */
	RSSI_TRIES = 3,
	RSSI_AGAIN_MS = 100,
	UPDATE_MS = 10000 /* for the event, with any peripheral latency */
};

static void request_rssi(struct bgapi_link *link)
{
	dongle_prepare(&link->rssi, connection_get_rssi,
		       &(const struct bgapi_cmd_connection_get_rssi){ link->handle });
	dongle_submit(&link->owner->dongle, &link->rssi);
}

/* Ends the ops that are queued now, not those that a callback adds. Each callback may
 * free the link, and with it the other ops. */
static void end_rssis(struct bgapi_link *link, int error, int8_t rssi)
{
	const struct deferred_free *memory = &link->owner->dongle.memory;
	struct list *first;
	unsigned int n = 0;

	list_for_each(l, &link->rssis)
		n++;
	while (n-- && !memory->freed && link->state == LINK_UP &&
	       (first = list_pop(&link->rssis))) {
		struct link_op *op = list_entry(first, struct link_op, link);

		op->done(op, error, rssi);
	}
}

static void rssi_again(struct loop_timer *timer)
{
	request_rssi(container_of(timer, struct bgapi_link, rssi_again));
}

static void rssi_answered(struct dongle_call *call, int error,
			  const struct bgapi_frame *frame)
{
	struct bgapi_link *link = container_of(call, struct bgapi_link, rssi);
	struct bgapi_rsp_connection_get_rssi answer = { .rssi = RSSI_NOT_OPEN };

	if (error)
		error = dongle_error(&link->owner->dongle, error, 0, "tell the signal strength");
	else
		error = bgapi_read(rsp_connection_get_rssi, frame, &answer);
	if (!error && answer.rssi == RSSI_NOT_OPEN)
		error = -ENOTCONN;
	if (!error && answer.rssi > RSSI_MAX && ++link->rssi_tries < RSSI_TRIES) {
		loop_timer_in(link->owner->dongle.loop, &link->rssi_again, RSSI_AGAIN_MS);
		return;
	}
	end_rssis(link, error, error || answer.rssi > RSSI_MAX ? BLE_NO_RSSI : answer.rssi);
}

int bgapi_link_rssi(struct att *att, struct link_op *op)
{
	struct bgapi_link *link = bgapi_link_of(att);

	if (link->state != LINK_UP || link->owner->dongle.gone)
		return -ENOTCONN;
	list_append(&link->rssis, &op->link);
	link->rssi_tries = 0;
	request_rssi(link);
	return 0;
}

/* -- Parameters ---------------------------------------------------------------------- */

int bgapi_interval_error(struct bgapi_adapter *a)
{
	return loop_set_error(a->dongle.loop, -EINVAL, "%s: the dongle cannot keep such a "
			      "connection: with an image for %u links the interval's range must "
			      "hold a multiple of %u.%u ms", a->dongle.name, a->n_links,
			      a->n_links * 25u / 10, a->n_links * 25u % 10);
}

static void end_update(struct bgapi_link *link, int error)
{
	struct link_op *op = link->updating;

	loop_timer_stop(&link->update_limit);
	link->updating = NULL;
	if (op)
		op->done(op, error, BLE_NO_RSSI);
}

static void update_answered(struct dongle_call *call, int error,
			    const struct bgapi_frame *frame)
{
	struct bgapi_link *link = container_of(call, struct bgapi_link, update);
	uint16_t result = error ? 0 : dongle_result(frame);

	if (!error && !result)
		return; /* connection_status follows when they are in force */
	if (result == BGAPI_INVALID_PARAMETER)
		error = bgapi_interval_error(link->owner);
	else
		error = dongle_error(&link->owner->dongle, error, result,
				     "take the link parameters");
	end_update(link, error);
}

static void update_timed_out(struct loop_timer *timer)
{
	struct bgapi_link *link = container_of(timer, struct bgapi_link, update_limit);

	end_update(link, loop_set_error(link->owner->dongle.loop, -ETIMEDOUT, "%s: the link "
					"parameters did not change within %d s",
					link->owner->dongle.name, UPDATE_MS / 1000));
}

/* In this command latency comes before timeout; in connect_direct after it. */
int bgapi_link_update(struct att *att, struct link_op *op)
{
	struct bgapi_link *link = bgapi_link_of(att);
	struct dongle *dongle = &link->owner->dongle;
	const struct link_params *requested = &op->requested_params;

	if (link->state != LINK_UP || dongle->gone)
		return -ENOTCONN;
	if (link->updating)
		return -EALREADY;
	link->updating = op;
	dongle_prepare(&link->update, connection_update,
		       (&(const struct bgapi_cmd_connection_update){
			       .connection = link->handle,
			       .interval_min = requested->interval_min,
			       .interval_max = requested->interval_max,
			       .latency = requested->latency,
			       .timeout = requested->timeout }));
	loop_timer_in(dongle->loop, &link->update_limit, UPDATE_MS);
	dongle_submit(dongle, &link->update);
	return 0;
}

/* The change may also be the peer's, or of an update that was cancelled. */
void bgapi_parameters_changed(struct bgapi_link *link)
{
	const struct link_op *op = link->updating;

	if (op && link->att.link.interval >= op->requested_params.interval_min &&
	    link->att.link.interval <= op->requested_params.interval_max)
		end_update(link, 0);
}

void bgapi_link_cancel_op(struct att *att, struct link_op *op)
{
	struct bgapi_link *link = bgapi_link_of(att);

	list_remove(&op->link);
	if (link->updating != op)
		return;
	link->updating = NULL;
	loop_timer_stop(&link->update_limit);
	/* The next update has another command. */
	dongle_drop(&link->owner->dongle, &link->update);
}

/* -- Begin and end ---------------------------------------------------------------------- */

void bgapi_parameters_init(struct bgapi_link *link)
{
	list_init(&link->rssis);
	link->rssi.answered = rssi_answered;
	link->update.answered = update_answered;
	link->update_limit.fire = update_timed_out;
	link->rssi_again.fire = rssi_again;
}

void bgapi_parameters_reset(struct bgapi_link *link)
{
	struct dongle *dongle = &link->owner->dongle;

	loop_timer_stop(&link->update_limit);
	loop_timer_stop(&link->rssi_again);
	dongle_drop(dongle, &link->rssi);
	dongle_drop(dongle, &link->update);
	link->updating = NULL;
	while (list_pop(&link->rssis))
		;
}

bool bgapi_parameters_lost(struct bgapi_link *link)
{
	const struct deferred_free *memory = &link->owner->dongle.memory;
	struct list *first;

	loop_timer_stop(&link->rssi_again);
	dongle_drop(&link->owner->dongle, &link->rssi);
	dongle_drop(&link->owner->dongle, &link->update);
	end_update(link, -ENOTCONN);
	while (!memory->freed && link->state == LINK_LOST && (first = list_pop(&link->rssis))) {
		struct link_op *op = list_entry(first, struct link_op, link);

		op->done(op, -ENOTCONN, BLE_NO_RSSI);
	}
	return !memory->freed && link->state == LINK_LOST;
}
