/* SPDX-License-Identifier: MIT */
/*
 * A link's requests as the firmware's attribute client procedures. The firmware walks a
 * range by itself and does not tell how many requests that took. It has no MTU exchange
 * and no read at an offset, and does not report the echo of a prepared write.
 */
#include "bgapi/adapter.h"

#include <errno.h>
#include <string.h>

#include "att/verb.h"
#include "base/bytes.h"

enum {
	/* Vol 3, Part F, 3.3.3, and the firmware's own limit. It is for one request:
	 * a procedure of many requests may take longer. */
	PROCEDURE_MS = 30000,
};

/* attribute_value.type */
enum { READ, NOTIFIED, INDICATED, READ_BY_TYPE, READ_BLOB, CONFIRM_WANTED };

/* -- Procedures ------------------------------------------------------------------- */

static struct ble_bytes uuid_octets(const struct ble_uuid *uuid, uint8_t octet[16])
{
	uint16_t small = ble_uuid_short(uuid);

	if (small) {
		put_le16(octet, small);
		return bytes(octet, 2);
	}
	for (int i = 0; i < 16; i++)
		octet[i] = uuid->octet[15 - i];
	return bytes(octet, 16);
}

#define PREPARE(link, NAME, ...)                                              \
	dongle_prepare(&(link)->call, NAME,                                   \
		       (&(const struct bgapi_cmd_##NAME){                     \
			       .connection = (link)->handle, __VA_ARGS__ }))

static void prepare(struct bgapi_link *link, const struct att_op *op)
{
	uint8_t octet[16];
	struct ble_bytes type = uuid_octets(&op->type, octet);

	switch (op->verb) {
	case ATT_FIND_INFORMATION:
		PREPARE(link, attclient_find_information, .start = op->start,
			.end = op->end);
		break;
	case ATT_FIND_BY_TYPE_VALUE:
		PREPARE(link, attclient_find_by_type_value, .start = op->start,
			.end = op->end, .uuid = ble_uuid_short(&op->type),
			.value = op->value);
		break;
	case ATT_READ_BY_TYPE:
		PREPARE(link, attclient_read_by_type, .start = op->start,
			.end = op->end, .uuid = type);
		break;
	case ATT_READ_BY_GROUP_TYPE:
		PREPARE(link, attclient_read_by_group_type, .start = op->start,
			.end = op->end, .uuid = type);
		break;
	case ATT_READ_LONG:
		PREPARE(link, attclient_read_long, .chrhandle = op->start);
		break;
	case ATT_READ_MULTIPLE:
		PREPARE(link, attclient_read_multiple, .handles = op->value);
		break;
	case ATT_WRITE:
		PREPARE(link, attclient_attribute_write, .atthandle = op->start,
			.data = op->value);
		break;
	case ATT_PREPARE_WRITE:
		PREPARE(link, attclient_prepare_write, .atthandle = op->start,
			.offset = op->offset, .data = op->value);
		break;
	case ATT_EXECUTE_WRITE:
		PREPARE(link, attclient_execute_write, .commit = (uint8_t)op->start);
		break;
	case ATT_EXCHANGE_MTU: /* a request that any peer answers: see submit() */
		PREPARE(link, attclient_read_by_handle, .chrhandle = 1);
		break;
	default:
		PREPARE(link, attclient_read_by_handle, .chrhandle = op->start);
		break;
	}
}

/* Write commands submitted before the first request are sent before it; later ones do
 * not delay it. */
static bool waits_for_commands(struct bgapi_link *link)
{
	unsigned int waiting = bgapi_write_commands_waiting(link);

	if (!link->counted || link->ahead > waiting)
		link->ahead = waiting;
	link->counted = true;
	return link->ahead;
}

void bgapi_procedure_pump(struct bgapi_link *link)
{
	if (link->busy || link->state != LINK_UP || list_empty(&link->requests) ||
	    waits_for_commands(link))
		return;
	link->counted = false;
	link->current = list_entry(list_pop(&link->requests), struct att_op, link);
	link->busy = true;
	link->verb = link->current->verb;
	link->target = link->verb == ATT_EXCHANGE_MTU ? 1 : link->current->start;
	link->last = 0;
	link->malformed = false;
	link->skipped = dongle_of(link)->framer.skipped;
	link->input = dongle_of(link)->inputs;
	link->att.requests++;
	prepare(link, link->current);
	loop_timer_in(dongle_of(link)->loop, &link->limit, PROCEDURE_MS);
	dongle_submit(dongle_of(link), &link->call);
}

/* Ends the procedure. error is the op's. */
static void finish(struct bgapi_link *link, int error)
{
	struct att_op *op = link->current;

	/* If its response was lost, the next command still waits for it. */
	dongle_drop(dongle_of(link), &link->call);
	loop_timer_stop(&link->limit);
	loop_timer_stop(&link->again);
	link->current = NULL;
	link->busy = false;
	if (op)
		op->done(op, error);
	if (bgapi_link_is_up(link))
		bgapi_procedure_pump(link);
}

/* Messages have no checksum, so the loss of one record of several may go unnoticed. */
static bool several_records(enum att_verb verb)
{
	return verb == ATT_FIND_INFORMATION || verb == ATT_FIND_BY_TYPE_VALUE ||
	       verb == ATT_READ_BY_TYPE || verb == ATT_READ_BY_GROUP_TYPE ||
	       verb == ATT_READ_LONG;
}

static void finish_with(struct bgapi_link *link, uint16_t result)
{
	const struct att_op *op = link->current;
	int error = bgapi_result_error(result);

	if (ble_error_att(error))
		error = op ? att_verb_error(op, error) : error;
	else if (error)
		error = dongle_error(dongle_of(link), 0, result, "do what it was asked");
	if (!error && link->malformed)
		error = -EBADMSG;
	if (!error && several_records(link->verb) &&
	    link->skipped != dongle_of(link)->framer.skipped)
		error = loop_set_error(dongle_of(link)->loop, -EBADMSG, "%s: octets were lost on "
				       "the way from the dongle: try again",
				       dongle_of(link)->name);
	finish(link, error);
}

static void send_again(struct loop_timer *timer)
{
	struct bgapi_link *link = container_of(timer, struct bgapi_link, again);

	dongle_submit(dongle_of(link), &link->call);
}

/* The firmware no longer has the connection. */
static void not_connected(struct bgapi_link *link, uint16_t result)
{
	dongle_error(dongle_of(link), 0, result, "know the connection any more");
	bgapi_link_lost(link, -ENOTCONN, 0, true);
}

/* A good response only says that the procedure was queued. Without a response it may
 * have been queued too; then the 30 s limit ends it. */
static void procedure_answered(struct dongle_call *call, int error,
			       const struct bgapi_frame *frame)
{
	struct bgapi_link *link = container_of(call, struct bgapi_link, call);
	uint16_t result = error ? 0 : dongle_result(frame);

	if (!link->busy || error == -ETIMEDOUT || (!error && !result))
		return;
	if (link->current && (result == BGAPI_QUEUE_FULL || result == BGAPI_WRONG_STATE))
		loop_timer_in(dongle_of(link)->loop, &link->again, AGAIN_MS);
	else if (result == BGAPI_NOT_CONNECTED)
		not_connected(link, result);
	else if (error)
		finish(link, dongle_error(dongle_of(link), error, 0, "do what it was asked"));
	else
		finish_with(link, result);
}

bool bgapi_link_overdue(const struct bgapi_link *link)
{
	enum { SLACK_MS = 500 };
	const struct ble_loop *loop = link->owner->dongle.loop;

	return link->limit.loop &&
	       link->limit.deadline < loop_now(loop) + SLACK_MS * UINT64_C(1000000);
}

/* The peer did not answer a request, or the dongle did not report the answer. */
static void procedure_timed_out(struct loop_timer *timer)
{
	struct bgapi_link *link = container_of(timer, struct bgapi_link, limit);
	struct deferred_free *memory = &dongle_of(link)->memory;
	char text[BLE_ADDRESS_TEXT];

	deferred_free_hold(memory);
	loop_set_error(dongle_of(link)->loop, -ETIMEDOUT, "%s left a request unanswered for "
		       "30 s: the connection was ended", ble_address_text(&link->peer, text));
	bgapi_link_lost(link, -ETIMEDOUT, 0, true);
	deferred_free_release(memory);
}

/* -- Records ------------------------------------------------------------------------- */

/* Whether an event can belong to the procedure: not if it was received before the
 * command was sent. */
static bool began(const struct bgapi_link *link)
{
	return link->busy && link->input != link->owner->dongle.inputs;
}

/* The peer answered, so its next answer has another 30 s. */
static void restart_timeout(struct bgapi_link *link)
{
	if (!link->malformed)
		loop_timer_in(dongle_of(link)->loop, &link->limit, PROCEDURE_MS);
}

/* Passes a record on. False: the op has ended or was cancelled. A record outside of the
 * range is skipped, because the op's owner may have narrowed the range. Handles that do
 * not rise make the procedure malformed. */
static bool record(struct bgapi_link *link, bool sweep, const struct att_record *record)
{
	struct att_op *op = link->current;

	if (sweep && !link->malformed) {
		link->malformed = record->handle <= link->last || record->end < record->handle;
		link->last = record->end;
		restart_timeout(link);
	}
	if (!op || link->malformed)
		return false;
	if (sweep && (record->handle < op->start || record->handle > op->end))
		return true;
	if (op->record)
		op->record(op, record);
	return bgapi_link_is_up(link) && link->current == op;
}

static bool uuid_len(struct ble_bytes uuid)
{
	return uuid.len == 2 || uuid.len == 16;
}

static void on_group(struct bgapi_link *link, const struct bgapi_frame *frame)
{
	struct bgapi_evt_attclient_group_found event;
	bool group = link->verb == ATT_READ_BY_GROUP_TYPE;

	if (bgapi_read(evt_attclient_group_found, frame, &event) ||
	    (!group && link->verb != ATT_FIND_BY_TYPE_VALUE))
		return;
	if (group && !uuid_len(event.uuid)) {
		link->malformed = true;
		return;
	}
	record(link, true, &(struct att_record){
		.handle = event.start, .end = event.end,
		.value = group ? event.uuid : bytes(NULL, 0) });
}

static void on_information(struct bgapi_link *link, const struct bgapi_frame *frame)
{
	struct bgapi_evt_attclient_find_information_found event;

	if (bgapi_read(evt_attclient_find_information_found, frame, &event) ||
	    link->verb != ATT_FIND_INFORMATION)
		return;
	if (!uuid_len(event.uuid)) {
		link->malformed = true;
		return;
	}
	record(link, true, &(struct att_record){
		.handle = event.chrhandle, .end = event.chrhandle, .value = event.uuid });
}

static void on_read_multiple(struct bgapi_link *link, const struct bgapi_frame *frame)
{
	struct bgapi_evt_attclient_read_multiple_response event;

	if (bgapi_read(evt_attclient_read_multiple_response, frame, &event) ||
	    link->verb != ATT_READ_MULTIPLE)
		return;
	record(link, false, &(struct att_record){ .value = event.handles });
	if (bgapi_link_is_up(link) && link->busy && link->verb == ATT_READ_MULTIPLE)
		finish(link, 0);
}

static void on_notified(struct bgapi_link *link, uint16_t handle, struct ble_bytes value,
			bool confirm_wanted)
{
	if (handle && link->att.events && link->att.events->value)
		link->att.events->value(link->att.user, handle, value);
	if (confirm_wanted && bgapi_link_is_up(link))
		bgapi_confirm_indication(link);
}

/* The value ends a read: no procedure_completed follows. */
static void on_read(struct bgapi_link *link, uint16_t handle, struct ble_bytes value)
{
	if (handle != link->target)
		return;
	if (link->verb == ATT_READ)
		record(link, false, &(struct att_record){ .handle = handle, .end = handle,
							  .value = value });
	if (bgapi_link_is_up(link) && link->busy)
		finish(link, 0);
}

static void on_part(struct bgapi_link *link, uint16_t handle, struct ble_bytes value)
{
	struct att_op *op = link->current;
	uint16_t offset = op ? op->offset : 0;

	if (handle != link->target)
		return;
	if (offset + value.len > ATT_VALUE_MAX)
		link->malformed = true;
	restart_timeout(link);
	if (op && !link->malformed) {
		/* As the engine does; att_verb_error() reads it. */
		op->offset = (uint16_t)(offset + value.len);
		record(link, false, &(struct att_record){
			.handle = handle, .end = handle, .offset = offset,
			.value = value });
	}
}

static void on_value(struct bgapi_link *link, const struct bgapi_frame *frame)
{
	struct bgapi_evt_attclient_attribute_value event;

	if (bgapi_read(evt_attclient_attribute_value, frame, &event))
		return;
	switch (event.type) {
	case NOTIFIED:
	case INDICATED:
	case CONFIRM_WANTED:
		on_notified(link, event.atthandle, event.value,
			    event.type == CONFIRM_WANTED);
		return;
	case READ_BY_TYPE:
		if (began(link) && link->verb == ATT_READ_BY_TYPE)
			record(link, true, &(struct att_record){
				.handle = event.atthandle, .end = event.atthandle,
				.value = event.value });
		return;
	case READ:
	case READ_BLOB:
		if (!began(link))
			return;
		if (link->verb == ATT_READ || link->verb == ATT_EXCHANGE_MTU)
			on_read(link, event.atthandle, event.value);
		else if (link->verb == ATT_READ_LONG)
			on_part(link, event.atthandle, event.value);
		return;
	default:
		return;
	}
}

void bgapi_link_event(struct bgapi_link *link, const struct bgapi_frame *frame)
{
	struct bgapi_evt_attclient_procedure_completed completed;

	if (frame->message->id == BGAPI_evt_attclient_attribute_value) {
		on_value(link, frame);
		return;
	}
	if (!began(link))
		return;
	switch ((int)frame->message->id) {
	case BGAPI_evt_attclient_group_found:
		on_group(link, frame);
		break;
	case BGAPI_evt_attclient_find_information_found:
		on_information(link, frame);
		break;
	case BGAPI_evt_attclient_read_multiple_response:
		on_read_multiple(link, frame);
		break;
	case BGAPI_evt_attclient_procedure_completed:
		if (!bgapi_read(evt_attclient_procedure_completed, frame, &completed))
			finish_with(link, completed.result);
		break;
	default:
		break;
	}
}

/* -- Begin and end --------------------------------------------------------------------------------- */

void bgapi_procedure_cancel(struct bgapi_link *link)
{
	link->current = NULL;
	if (not_sent(&link->call, &link->again))
		finish(link, 0);
}

void bgapi_procedure_init(struct bgapi_link *link)
{
	list_init(&link->requests);
	link->call.answered = procedure_answered;
	link->limit.fire = procedure_timed_out;
	link->again.fire = send_again;
}

void bgapi_procedure_drop(struct bgapi_link *link)
{
	loop_timer_stop(&link->limit);
	loop_timer_stop(&link->again);
	dongle_drop(dongle_of(link), &link->call);
	link->busy = false;
}
