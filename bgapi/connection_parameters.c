/* SPDX-License-Identifier: MIT */
/* What is asked of a link's radio: its signal strength, other parameters. */
#include "bgapi/adapter.h"

#include <errno.h>

enum {
	RSSI_NOT_OPEN = 0,
	RSSI_MAX = 20,    /* dBm that a radio can tell; the firmware says 25 at times */
	RSSI_TRIES = 3,
	RSSI_AGAIN_MS = 100,
	UPDATE_MS = 10000 /* latency and all; without an event nothing changed */
};

static void ask_rssi(struct bgapi_link *link)
{
	dongle_prepare(&link->rssi, connection_get_rssi,
		       &(const struct bgapi_cmd_connection_get_rssi){ link->handle });
	dongle_submit(&link->owner->dongle, &link->rssi);
}

/* To those who asked by now, so many they are; each may free the link, and the
 * ops that are left with it. */
static void tell_rssi(struct bgapi_link *link, int error, int8_t rssi)
{
	const struct life *life = &link->owner->dongle.life;
	struct list *first;
	unsigned int n = 0;

	list_for_each(l, &link->rssis)
		n++;
	while (n-- && !life->over && link->state == LINK_UP &&
	       (first = list_pop(&link->rssis))) {
		struct link_op *op = list_entry(first, struct link_op, link);

		op->done(op, error, rssi);
	}
}

static void rssi_again(struct loop_timer *timer)
{
	ask_rssi(container_of(timer, struct bgapi_link, rssi_again));
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
	tell_rssi(link, error, error || answer.rssi > RSSI_MAX ? BLE_NO_RSSI : answer.rssi);
}

int bgapi_link_rssi(struct att *att, struct link_op *op)
{
	struct bgapi_link *link = bgapi_link_of(att);

	if (link->state != LINK_UP || link->owner->dongle.gone)
		return -ENOTCONN;
	list_append(&link->rssis, &op->link);
	link->rssi_tries = 0;
	ask_rssi(link);
	return 0;
}

/* -- Parameters ---------------------------------------------------------------------- */

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
		return; /* the status comes when they are in force */
	if (result == BGAPI_INVALID_PARAMETER)
		error = bgapi_link_impossible(link->owner);
	else
		error = dongle_error(&link->owner->dongle, error, result,
				     "take the link parameters");
	end_update(link, error);
}

static void update_late(struct loop_timer *timer)
{
	struct bgapi_link *link = container_of(timer, struct bgapi_link, update_limit);

	end_update(link, loop_say(link->owner->dongle.loop, -ETIMEDOUT, "%s: the link "
				  "parameters did not change within %d s",
				  link->owner->dongle.name, UPDATE_MS / 1000));
}

/* Latency before timeout here, other than in connect_direct. */
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

/* By what was asked for, or by the peer, or by an update that was cancelled. */
void bgapi_radio_changed(struct bgapi_link *link)
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
	/* The next one's command is another. */
	dongle_drop(&link->owner->dongle, &link->update);
}

/* -- Coming and going ------------------------------------------------------------------- */

void bgapi_radio_init(struct bgapi_link *link)
{
	list_init(&link->rssis);
	link->rssi.answered = rssi_answered;
	link->update.answered = update_answered;
	link->update_limit.fire = update_late;
	link->rssi_again.fire = rssi_again;
}

void bgapi_radio_reset(struct bgapi_link *link)
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

bool bgapi_radio_lost(struct bgapi_link *link)
{
	const struct life *life = &link->owner->dongle.life;
	struct list *first;

	loop_timer_stop(&link->rssi_again);
	dongle_drop(&link->owner->dongle, &link->rssi);
	dongle_drop(&link->owner->dongle, &link->update);
	end_update(link, -ENOTCONN);
	while (!life->over && link->state == LINK_LOST && (first = list_pop(&link->rssis))) {
		struct link_op *op = list_entry(first, struct link_op, link);

		op->done(op, -ENOTCONN, BLE_NO_RSSI);
	}
	return !life->over && link->state == LINK_LOST;
}
