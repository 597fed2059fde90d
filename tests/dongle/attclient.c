/* SPDX-License-Identifier: MIT */
/*
 * Class 4: the firmware's attribute client. It runs sweeps by itself, one procedure
 * at a time on a link. It uses the same ATT engine as the kernel backend; its
 * commands, results and events are those of the dongle.
 */
#include <errno.h>
#include <string.h>

#include "att/pdu.h"
#include "att/verb.h"
#include "base/bytes.h"
#include "base/uuid.h"
#include "tests/dongle/inside.h"

enum value_type { READ, NOTIFIED, INDICATED, READ_BY_TYPE, READ_BLOB, INDICATED_WAITING };

static void send_value(struct dongle_link *link, uint16_t handle, enum value_type type,
		       struct ble_bytes value)
{
	SEND(link->dongle, evt_attclient_attribute_value, .connection = link->handle,
	     .atthandle = handle, .type = (uint8_t)type, .value = value);
}

/* -- The results of a procedure -------------------------------------------- */

static void on_record(struct att_op *op, const struct att_record *record)
{
	struct dongle_link *link = container_of(op, struct dongle_link, op);

	link->records++;
	link->handle_last = record->handle;
	switch (link->command) {
	case BGAPI_cmd_attclient_find_by_type_value:
		SEND(link->dongle, evt_attclient_group_found, .connection = link->handle,
		     .start = record->handle, .end = record->end);
		break;
	case BGAPI_cmd_attclient_read_by_group_type:
		SEND(link->dongle, evt_attclient_group_found, .connection = link->handle,
		     .start = record->handle, .end = record->end, .uuid = record->value);
		break;
	case BGAPI_cmd_attclient_find_information:
		SEND(link->dongle, evt_attclient_find_information_found,
		     .connection = link->handle, .chrhandle = record->handle,
		     .uuid = record->value);
		break;
	case BGAPI_cmd_attclient_read_by_type:
		send_value(link, record->handle, READ_BY_TYPE, record->value);
		break;
	case BGAPI_cmd_attclient_read_by_handle:
		link->busy = false; /* no procedure_completed follows */
		send_value(link, link->handle_asked, READ, record->value);
		break;
	case BGAPI_cmd_attclient_read_long:
		send_value(link, link->handle_asked, READ_BLOB, record->value);
		break;
	case BGAPI_cmd_attclient_read_multiple:
		link->busy = false;
		SEND(link->dongle, evt_attclient_read_multiple_response,
		     .connection = link->handle, .handles = record->value);
		break;
	default:
		break; /* the echo of a prepared write */
	}
}

static bool is_sweep(int command)
{
	return command == BGAPI_cmd_attclient_find_by_type_value ||
	       command == BGAPI_cmd_attclient_read_by_group_type ||
	       command == BGAPI_cmd_attclient_read_by_type ||
	       command == BGAPI_cmd_attclient_find_information;
}

static uint16_t result_of(const struct dongle_link *link, int error)
{
	if (ble_error_att(error))
		return (uint16_t)(ATT_RESULT + ble_error_att(error));
	if (error)
		return ATT_RESULT + ble_error_att(ATT_INVALID_PDU);
	if (is_sweep(link->command) && !link->records)
		return ATT_RESULT + ble_error_att(ATT_ATTRIBUTE_NOT_FOUND);
	return BGAPI_SUCCESS;
}

static uint16_t handle_of(const struct dongle_link *link)
{
	switch (link->command) {
	case BGAPI_cmd_attclient_find_information:
	case BGAPI_cmd_attclient_read_by_type:
		return link->handle_last;
	case BGAPI_cmd_attclient_find_by_type_value:
	case BGAPI_cmd_attclient_read_by_group_type:
		return 0;
	default:
		return link->handle_asked;
	}
}

static void on_done(struct att_op *op, int error)
{
	struct dongle_link *link = container_of(op, struct dongle_link, op);
	bool value_was_all =
		!error && (link->command == BGAPI_cmd_attclient_read_by_handle ||
			   link->command == BGAPI_cmd_attclient_read_multiple);

	if (link->engine.closed || link->state < LINK_OPEN)
		return; /* evt_connection_disconnected reports it */
	link->busy = false;
	if (!value_was_all)
		SEND(link->dongle, evt_attclient_procedure_completed,
		     .connection = link->handle, .result = result_of(link, error),
		     .chrhandle = handle_of(link));
}

/* -- Starting a procedure -------------------------------------------------- */

/* The checks that all have in common: the link is open, not busy, and has room. */
static uint16_t check_link(const struct dongle_link *link)
{
	if (!link)
		return BGAPI_NOT_CONNECTED;
	if (link->busy || link->state == LINK_ENDING)
		return BGAPI_WRONG_STATE;
	return fw_link_has_room(link) ? BGAPI_SUCCESS : BGAPI_QUEUE_FULL;
}

/* Starts the procedure of this op, which is copied. bad: its parameters are invalid. */
static void procedure(struct dongle *dongle, uint8_t connection,
		      const struct att_op *like, bool bad)
{
	struct dongle_link *link = fw_link_find(dongle, connection);
	uint16_t result = check_link(link);

	if (!result && (bad || att_verb_check(like, ATT_MTU_MIN)))
		result = INVALID_PARAM;
	fw_answer_link(dongle, connection, result);
	if (result)
		return;
	link->op = *like;
	link->op.record = on_record;
	link->op.done = on_done;
	if (like->value.len)
		memcpy(link->data, like->value.data, like->value.len);
	link->op.value = bytes(link->data, like->value.len);
	link->command = dongle->command;
	link->handle_asked = like->verb == ATT_EXECUTE_WRITE ? 0 : like->start;
	link->handle_last = like->start;
	link->records = 0;
	link->busy = true;
	if (dongle->rule && dongle->rule->action == DO_HANG)
		return;
	att_engine_submit(&link->engine.att, &link->op);
	fw_link_watch_expiry(link);
}

static void sweep(struct dongle *dongle, uint8_t connection, enum att_verb verb,
		  uint16_t start, uint16_t end, struct ble_bytes uuid)
{
	struct att_op op = { .verb = verb, .start = start, .end = end };
	bool bad = uuid.len &&
		   (uuid.len == 4 || uuid_from_wire(uuid.data, uuid.len, &op.type) != 0);

	if (verb != ATT_FIND_INFORMATION && !uuid.len)
		bad = true;
	procedure(dongle, connection, &op, bad);
}

static void find_by_type_value(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_attclient_find_by_type_value *cmd = params;
	const struct att_op op = {
		.verb = ATT_FIND_BY_TYPE_VALUE,
		.start = cmd->start,
		.end = cmd->end,
		.type = ble_uuid16(cmd->uuid),
		.value = cmd->value,
	};

	procedure(dongle, cmd->connection, &op, false);
}

static void read_by_group_type(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_attclient_read_by_group_type *cmd = params;

	sweep(dongle, cmd->connection, ATT_READ_BY_GROUP_TYPE, cmd->start, cmd->end,
	      cmd->uuid);
}

static void read_by_type(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_attclient_read_by_type *cmd = params;

	sweep(dongle, cmd->connection, ATT_READ_BY_TYPE, cmd->start, cmd->end, cmd->uuid);
}

static void find_information(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_attclient_find_information *cmd = params;

	sweep(dongle, cmd->connection, ATT_FIND_INFORMATION, cmd->start, cmd->end,
	      bytes(NULL, 0));
}

static void read_by_handle(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_attclient_read_by_handle *cmd = params;
	const struct att_op op = { .verb = ATT_READ, .start = cmd->chrhandle };

	procedure(dongle, cmd->connection, &op, false);
}

static void read_long(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_attclient_read_long *cmd = params;
	const struct att_op op = { .verb = ATT_READ_LONG, .start = cmd->chrhandle };

	procedure(dongle, cmd->connection, &op, false);
}

static void read_multiple(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_attclient_read_multiple *cmd = params;
	const struct att_op op = { .verb = ATT_READ_MULTIPLE, .value = cmd->handles };

	procedure(dongle, cmd->connection, &op, false);
}

static void attribute_write(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_attclient_attribute_write *cmd = params;
	const struct att_op op = {
		.verb = ATT_WRITE,
		.start = cmd->atthandle,
		.value = cmd->data,
	};

	procedure(dongle, cmd->connection, &op, false);
}

static void prepare_write(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_attclient_prepare_write *cmd = params;
	const struct att_op op = {
		.verb = ATT_PREPARE_WRITE,
		.start = cmd->atthandle,
		.offset = cmd->offset,
		.value = cmd->data,
	};

	procedure(dongle, cmd->connection, &op, false);
}

static void execute_write(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_attclient_execute_write *cmd = params;
	const struct att_op op = { .verb = ATT_EXECUTE_WRITE, .start = cmd->commit };

	procedure(dongle, cmd->connection, &op, false);
}

/* -- Write commands and confirmations -------------------------------------- */

static void write_command(struct dongle *dongle, const void *params)
{
	const struct bgapi_cmd_attclient_write_command *cmd = params;
	struct dongle_link *link = fw_link_find(dongle, cmd->connection);
	const uint8_t head[] = { ATT_WRITE_CMD, (uint8_t)cmd->atthandle,
				 (uint8_t)(cmd->atthandle >> 8) };
	uint16_t result = BGAPI_SUCCESS;

	if (!link)
		result = BGAPI_NOT_CONNECTED;
	else if (link->state == LINK_ENDING)
		result = BGAPI_WRONG_STATE;
	else if (cmd->data.len > VALUE_MAX || !cmd->atthandle)
		result = INVALID_PARAM;
	else if (!fw_link_has_room(link))
		result = BGAPI_QUEUE_FULL;
	fw_answer_link(dongle, cmd->connection, result);
	if (!result)
		fw_link_send(link, bytes(head, sizeof(head)), cmd->data);
}

static void indicate_confirm(struct dongle *dongle, const void *params)
{
	static const uint8_t confirm = ATT_CONFIRM;
	const struct bgapi_cmd_attclient_indicate_confirm *cmd = params;
	struct dongle_link *link = fw_link_find(dongle, cmd->connection);
	uint16_t result = !link ? BGAPI_NOT_CONNECTED
			  : !link->confirm || link->state == LINK_ENDING
				  ? BGAPI_WRONG_STATE
			  : fw_link_has_room(link) ? BGAPI_SUCCESS
						   : BGAPI_QUEUE_FULL;

	fw_answer(dongle, result);
	if (result)
		return;
	link->confirm = false;
	fw_link_send(link, bytes(&confirm, 1), bytes(NULL, 0));
}

const struct dongle_command fw_attclient_commands[] = {
	{ BGAPI_cmd_attclient_find_by_type_value, find_by_type_value },
	{ BGAPI_cmd_attclient_read_by_group_type, read_by_group_type },
	{ BGAPI_cmd_attclient_read_by_type, read_by_type },
	{ BGAPI_cmd_attclient_find_information, find_information },
	{ BGAPI_cmd_attclient_read_by_handle, read_by_handle },
	{ BGAPI_cmd_attclient_attribute_write, attribute_write },
	{ BGAPI_cmd_attclient_write_command, write_command },
	{ BGAPI_cmd_attclient_indicate_confirm, indicate_confirm },
	{ BGAPI_cmd_attclient_read_long, read_long },
	{ BGAPI_cmd_attclient_prepare_write, prepare_write },
	{ BGAPI_cmd_attclient_execute_write, execute_write },
	{ BGAPI_cmd_attclient_read_multiple, read_multiple },
	{ 0, NULL },
};

/* -- Input ----------------------------------------------------------------- */

void fw_attclient_input(struct dongle_link *link, const struct pdu *pdu)
{
	bool indicated = pdu->len >= 3 && pdu->octet[0] == ATT_INDICATE;

	link->type = indicated ? INDICATED : NOTIFIED;
	if (indicated && link->dongle->config.manual_confirm) {
		link->confirm = true;
		send_value(link, get_le16(pdu->octet + 1), INDICATED_WAITING,
			   bytes(pdu->octet + 3, pdu->len - 3u));
		return;
	}
	att_engine_input(&link->engine, pdu->octet, pdu->len);
}

static void on_value(void *user, uint16_t handle, struct ble_bytes value)
{
	struct dongle_link *link = user;

	send_value(link, handle, (enum value_type)link->type, value);
}

static void on_closed(void *user, int error, uint8_t reason)
{
	struct dongle_link *link = user;

	(void)error;
	(void)reason;
	link->lost = true;
}

/* -- Opening and closing --------------------------------------------------- */

static int engine_send(struct att_engine *engine, struct ble_bytes head,
		       struct ble_bytes tail)
{
	return fw_link_send(container_of(engine, struct dongle_link, engine), head, tail);
}

static void engine_wake(struct att_engine *engine)
{
	(void)engine; /* needed for write commands only, and these are not sent by the engine */
}

static uint64_t engine_now(struct att_engine *engine)
{
	return loop_now(container_of(engine, struct dongle_link, engine)->dongle->loop);
}

void fw_attclient_open(struct dongle_link *link)
{
	static const struct att_engine_io io = { engine_send, engine_wake, engine_now };
	static const struct att_class class = {
		.name = "dongle",
		.submit = att_engine_submit,
		.cancel = att_engine_cancel,
	};
	static const struct att_events events = { .value = on_value,
						  .closed = on_closed };

	att_engine_init(&link->engine, &io, &class);
	link->engine.att.events = &events;
	link->engine.att.user = link;
	link->engine.att.receive_mtu = ATT_MTU_MIN;
	link->confirm = link->busy = false;
}

void fw_attclient_close(struct dongle_link *link)
{
	att_engine_drop_ops(&link->engine);
}
