/* SPDX-License-Identifier: MIT */
/*
 * Write commands, and confirmations of indications if the firmware leaves them to the
 * host. Both are sent while a procedure runs. The firmware's response to each says
 * whether its queue had room.
 */
#include "bgapi/adapter.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"

static void prepare_write_command(struct bgapi_link *link, uint16_t handle,
				  struct ble_bytes value)
{
	dongle_prepare(&link->write, attclient_write_command,
		       (&(const struct bgapi_cmd_attclient_write_command){
			       link->handle, handle, value }));
}

static void pump_commands(struct bgapi_link *link)
{
	struct list *first;

	if (link->writing || link->state != LINK_UP)
		return;
	if (link->count) {
		const struct write_command *c = &link->ring[link->first];

		prepare_write_command(link, c->handle, bytes(c->octet, c->len));
		link->first = (uint8_t)((link->first + 1) % WRITE_RING);
		link->count--;
	} else if ((first = list_pop(&link->commands))) {
		link->command = list_entry(first, struct att_op, link);
		prepare_write_command(link, link->command->start, link->command->value);
	} else {
		return;
	}
	link->writing = true;
	dongle_submit(dongle_of(link), &link->write);
}

static void write_again(struct loop_timer *timer)
{
	struct bgapi_link *link = container_of(timer, struct bgapi_link, write_again);

	dongle_submit(dongle_of(link), &link->write);
}

static bool full(const struct bgapi_link *link)
{
	return link->count == WRITE_RING || !list_empty(&link->commands);
}

/* The last thing that is done: the callback may free the link. */
static void tell_room(struct bgapi_link *link)
{
	if (!link->refused || full(link))
		return;
	link->refused = false;
	if (link->att.events && link->att.events->writable)
		link->att.events->writable(link->att.user);
}

static void room_run(struct loop_task *task)
{
	tell_room(container_of(task, struct bgapi_link, room));
}

static void written(struct dongle_call *call, int error, const struct bgapi_frame *frame)
{
	struct bgapi_link *link = container_of(call, struct bgapi_link, write);
	uint16_t result = error ? 0 : dongle_result(frame);
	struct att_op *op;

	if (!link->writing)
		return;
	if (result == BGAPI_QUEUE_FULL) {
		loop_timer_in(dongle_of(link)->loop, &link->write_again, AGAIN_MS);
		return;
	}
	link->writing = false;
	op = link->command;
	link->command = NULL;
	if (op)
		op->done(op, error || result ? dongle_error(dongle_of(link), error, result,
							    "write") : 0);
	if (!bgapi_link_is_up(link))
		return;
	if (link->ahead)
		link->ahead--;
	bgapi_procedure_pump(link);
	pump_commands(link);
	tell_room(link);
}

unsigned int bgapi_write_commands_waiting(const struct bgapi_link *link)
{
	unsigned int n = link->writing + link->count;

	list_for_each(op, &link->commands)
		n++;
	return n;
}

int bgapi_write_command_submit(struct bgapi_link *link, struct att_op *op)
{
	struct write_command *c;

	if (op->done) {
		list_append(&link->commands, &op->link);
	} else {
		if (full(link)) {
			link->refused = true;
			return -EAGAIN;
		}
		c = &link->ring[(link->first + link->count++) % WRITE_RING];
		c->handle = op->start;
		c->len = (uint8_t)op->value.len;
		if (c->len)
			memcpy(c->octet, op->value.data, c->len);
	}
	pump_commands(link);
	return 0;
}

void bgapi_write_command_cancel(struct bgapi_link *link)
{
	link->command = NULL;
	if (!not_sent(&link->write, &link->write_again))
		return;
	dongle_drop(dongle_of(link), &link->write);
	loop_timer_stop(&link->write_again);
	link->writing = false;
	pump_commands(link);
	/* Without a command under way no response tells of the room. */
	if (link->refused && !link->writing)
		loop_defer(dongle_of(link)->loop, &link->room);
}

/* -- Confirmations ---------------------------------------------------------------------- */

static void confirm(struct bgapi_link *link)
{
	dongle_prepare(&link->confirm, attclient_indicate_confirm,
		       &(const struct bgapi_cmd_attclient_indicate_confirm){ link->handle });
	dongle_submit(dongle_of(link), &link->confirm);
}

static void confirmed(struct dongle_call *call, int error, const struct bgapi_frame *frame)
{
	struct bgapi_link *link = container_of(call, struct bgapi_link, confirm);

	if (link->state != LINK_UP || !link->confirms)
		return;
	if (!error && dongle_result(frame) == BGAPI_QUEUE_FULL)
		loop_timer_in(dongle_of(link)->loop, &link->confirm_again, AGAIN_MS);
	else if (--link->confirms)
		confirm(link);
}

static void confirm_again(struct loop_timer *timer)
{
	confirm(container_of(timer, struct bgapi_link, confirm_again));
}

void bgapi_confirm_indication(struct bgapi_link *link)
{
	if (!link->confirms++)
		confirm(link);
}

/* -- Begin and end --------------------------------------------------------------------------------- */

void bgapi_write_commands_init(struct bgapi_link *link)
{
	list_init(&link->commands);
	link->write.answered = written;
	link->confirm.answered = confirmed;
	link->write_again.fire = write_again;
	link->room.run = room_run;
	link->confirm_again.fire = confirm_again;
}

void bgapi_write_commands_drop(struct bgapi_link *link)
{
	loop_timer_stop(&link->write_again);
	loop_timer_stop(&link->confirm_again);
	loop_undefer(&link->room);
	dongle_drop(dongle_of(link), &link->write);
	dongle_drop(dongle_of(link), &link->confirm);
	link->writing = false;
	link->first = link->count = 0;
	link->refused = false;
	link->counted = false;
	link->ahead = 0;
	link->confirms = 0;
}
