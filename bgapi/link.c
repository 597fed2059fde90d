/* SPDX-License-Identifier: MIT */
/*
 * A link as an att_class: passes requests to attclient.c and write commands to
 * write_commands.c, refuses what the firmware cannot do, opens and ends the link.
 */
#include "bgapi/adapter.h"

#include <errno.h>

#include "att/verb.h"

/* What the firmware cannot do. */
static int refuse(struct bgapi_link *link, const struct att_op *op)
{
	struct dongle *dongle = dongle_of(link);

	if (op->verb == ATT_READ_MULTIPLE_VARIABLE)
		return loop_set_error(dongle->loop, -EOPNOTSUPP, "%s: the dongle's firmware has "
				      "no Read Multiple Variable: read one by one",
				      dongle->name);
	if (op->verb == ATT_READ_LONG && op->offset)
		return loop_set_error(dongle->loop, -EOPNOTSUPP, "%s: the dongle's firmware "
				      "cannot start a read at an offset: read all of it",
				      dongle->name);
	return 0;
}

/* The firmware has no MTU exchange. A caller of it also learns whether the peer
 * answers: a connection that was not established ends only some connection intervals
 * later (0x023e). So it becomes a read, and any answer completes it. */
static int submit(struct att *att, struct att_op *op)
{
	struct bgapi_link *link = bgapi_link_of(att);
	int error = att_verb_check(op, DONGLE_MTU);

	if (!error)
		error = refuse(link, op);
	if (error)
		return error;
	if (link->state != LINK_UP || dongle_of(link)->gone)
		return -ENOTCONN;
	if (op->verb == ATT_WRITE_COMMAND)
		return bgapi_write_command_submit(link, op);
	if (op->verb == ATT_EXCHANGE_MTU) {
		if (link->mtu_asked)
			return -EALREADY;
		link->mtu_asked = true;
	}
	list_append(&link->requests, &op->link);
	bgapi_procedure_pump(link);
	return 0;
}

/* An op that was not sent yet is never sent. */
static void cancel(struct att *att, struct att_op *op)
{
	struct bgapi_link *link = bgapi_link_of(att);

	list_remove(&op->link);
	if (link->current == op)
		bgapi_procedure_cancel(link);
	if (link->command == op)
		bgapi_write_command_cancel(link);
	link->counted = false; /* the first request may be another one */
	bgapi_procedure_pump(link);
}

static bool waits(struct att *att, const struct att_op *op)
{
	list_for_each(link, &bgapi_link_of(att)->commands)
		if (link == &op->link)
			return true;
	return false;
}

/* The handle stays in use until the dongle says that the link ended. */
static void disconnect_answered(struct dongle_call *call, int error, const struct bgapi_frame *frame)
{
	struct bgapi_link *link = container_of(call, struct bgapi_link, disconnect);

	if (error || dongle_result(frame) != BGAPI_NOT_CONNECTED)
		return;
	link->on_dongle = false;
	if (link->state == LINK_CLOSING) {
		bgapi_link_reset(link);
		bgapi_gap_wake(link->owner);
	}
}

static void closing_timed_out(struct loop_timer *timer)
{
	struct bgapi_link *link = container_of(timer, struct bgapi_link, closing);

	bgapi_link_reset(link);
	bgapi_gap_wake(link->owner);
}

static void drop_ops(struct bgapi_link *link)
{
	link->current = link->command = NULL;
	while (list_pop(&link->requests))
		;
	while (list_pop(&link->commands))
		;
}

static void disconnect(struct bgapi_link *link)
{
	dongle_prepare(&link->disconnect, connection_disconnect,
		       &(const struct bgapi_cmd_connection_disconnect){ link->handle });
	dongle_submit(dongle_of(link), &link->disconnect);
}

static void link_free(struct att *att)
{
	enum { CLOSING_MS = 5000 };
	struct bgapi_link *link = bgapi_link_of(att);
	bool on_dongle = link->on_dongle && !dongle_of(link)->gone;

	bgapi_link_reset(link);
	bgapi_gap_wake(link->owner);
	if (!on_dongle)
		return;
	link->state = LINK_CLOSING;
	link->on_dongle = true;
	loop_timer_in(dongle_of(link)->loop, &link->closing, CLOSING_MS);
	disconnect(link);
}

static const struct att_class link_class = {
	.name = "bgapi",
	.submit = submit,
	.cancel = cancel,
	.waits = waits,
	.rssi = bgapi_link_rssi,
	.update = bgapi_link_update,
	.cancel_link = bgapi_link_cancel_op,
	.free = link_free,
};

/* -- Begin and end -------------------------------------------------------------------------- */

void bgapi_link_init(struct bgapi_link *link, struct bgapi_adapter *owner, uint8_t handle)
{
	link->owner = owner;
	link->handle = handle;
	link->att.class = &link_class;
	bgapi_procedure_init(link);
	bgapi_write_commands_init(link);
	link->disconnect.answered = disconnect_answered;
	link->closing.fire = closing_timed_out;
	bgapi_parameters_init(link);
}

struct att *bgapi_link_open(struct bgapi_link *link, const struct ble_address *peer,
			    const struct att_link *params)
{
	bgapi_link_reset(link);
	link->state = LINK_UP;
	link->on_dongle = true;
	link->peer = *peer;
	link->mtu_asked = false;
	link->att = (struct att){ .class = &link_class, .mtu = DONGLE_MTU, .link = *params,
				  .whole_sweeps = true };
	return &link->att;
}

void bgapi_link_changed(struct bgapi_link *link, const struct att_link *params)
{
	if (link->state != LINK_UP)
		return;
	link->att.link = *params;
	bgapi_parameters_changed(link);
}

void bgapi_link_reset(struct bgapi_link *link)
{
	bgapi_procedure_drop(link);
	bgapi_write_commands_drop(link);
	drop_ops(link);
	bgapi_parameters_reset(link);
	dongle_drop(dongle_of(link), &link->disconnect);
	loop_timer_stop(&link->closing);
	link->state = LINK_NONE;
	link->on_dongle = false;
}

static struct att_op *next_op(struct bgapi_link *link)
{
	struct att_op *op = link->current ? link->current : link->command;
	struct list *first;

	if (op) {
		if (op == link->current)
			link->current = NULL;
		else
			link->command = NULL;
		return op;
	}
	first = list_pop(&link->requests);
	if (!first)
		first = list_pop(&link->commands);
	return first ? list_entry(first, struct att_op, link) : NULL;
}

/* Ends the ops, then calls closed(). Each callback may free the link or the adapter. */
void bgapi_link_lost(struct bgapi_link *link, int error, uint8_t reason, bool on_dongle)
{
	struct deferred_free *memory = &dongle_of(link)->memory;
	bool timed_out = error == -ETIMEDOUT && link->current;
	struct att_op *op;

	link->on_dongle = on_dongle;
	if (link->state != LINK_UP) {
		if (link->state == LINK_CLOSING)
			bgapi_link_reset(link);
		return;
	}
	link->state = LINK_LOST;
	bgapi_procedure_drop(link);
	bgapi_write_commands_drop(link);
	if (link->on_dongle)
		disconnect(link);
	while ((op = next_op(link))) {
		op->done(op, timed_out ? -ETIMEDOUT : -ENOTCONN);
		timed_out = false;
		if (memory->freed || link->state != LINK_LOST)
			return;
	}
	if (!bgapi_parameters_lost(link))
		return;
	if (link->att.events && link->att.events->closed)
		link->att.events->closed(link->att.user, error, reason);
}
