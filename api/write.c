/* SPDX-License-Identifier: MIT */
/* Calls that write values. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "base/bytes.h"

static int too_long(struct ble_client *client, size_t len)
{
	return loop_set_error(client->loop, -EMSGSIZE, "the value is %zu bytes long, "
			      "an attribute holds %d at most", len, ATT_VALUE_MAX);
}

/* -- Write -------------------------------------------------------------------------- */

struct write_call {
	struct ble_op op;
	struct gatt_write write;
	uint8_t value[];
};

int ble_client_write(struct ble_client *client, uint16_t handle,
		     struct ble_bytes value, ble_done_func done, void *user,
		     struct ble_op **ret_op)
{
	struct write_call *call;
	int error;

	if (client->state != CLIENT_CONNECTED)
		return -ENOTCONN;
	if (!handle)
		return client_refuse(client, refused_handle);
	if (value.len > ATT_VALUE_MAX)
		return too_long(client, value.len);
	call = op_new(client, sizeof(*call) + value.len, NULL, done, user, &error);
	if (!call)
		return error;
	if (value.len)
		memcpy(call->value, value.data, value.len);
	op_carry(&call->op, &call->write.procedure);
	error = gatt_write(&client->connection->gatt, &call->write, handle,
			   bytes(call->value, value.len));
	return op_begin(&call->op, error, ret_op);
}

/* -- Reliable write ------------------------------------------------------------------- */

struct parts_call {
	struct ble_op op;
	struct gatt_write write;
	struct gatt_part parts[]; /* followed by their octets */
};

static void copy_parts(struct parts_call *call, const struct ble_write *writes,
		       size_t n)
{
	uint8_t *at = (uint8_t *)(call->parts + n);

	for (size_t i = 0; i < n; i++) {
		struct ble_bytes value = writes[i].value;

		if (value.len)
			memcpy(at, value.data, value.len);
		call->parts[i] = (struct gatt_part){ writes[i].handle,
						     bytes(at, value.len) };
		at += value.len;
	}
}

int ble_client_write_reliable(struct ble_client *client,
			      const struct ble_write *writes, size_t n,
			      ble_done_func done, void *user,
			      struct ble_op **ret_op)
{
	struct parts_call *call;
	size_t len = 0;
	int error;

	if (!n || n > UINT16_MAX)
		return client_refuse(client, refused_number);
	for (size_t i = 0; i < n; i++) {
		if (!writes[i].handle)
			return client_refuse(client, refused_handle);
		if (!all_zero(writes[i].reserved, sizeof(writes[i].reserved)))
			return reserved_used(client->loop);
		if (writes[i].value.len > ATT_VALUE_MAX)
			return too_long(client, writes[i].value.len);
		len += writes[i].value.len;
	}
	call = op_new(client, sizeof(*call) + n * sizeof(call->parts[0]) + len,
		      NULL, done, user, &error);
	if (!call)
		return error;
	copy_parts(call, writes, n);
	op_carry(&call->op, &call->write.procedure);
	error = gatt_write_parts(&client->connection->gatt, &call->write, call->parts, n);
	return op_begin(&call->op, error, ret_op);
}

/* -- Write command ----------------------------------------------------------------------- */

struct command_call {
	struct ble_op op;
	struct gatt_procedure procedure; /* only its op, unless the command waits for a tree */
	uint8_t value[];
};

static struct command_call *command_of(struct gatt_procedure *procedure)
{
	return container_of(procedure, struct command_call, procedure);
}

static void one_less(struct ble_client *client)
{
	if (!--client->commands)
		loop_defer(client->loop, &client->room);
}

static bool command_cancel(struct ble_op *op)
{
	struct command_call *call = container_of(op, struct command_call, op);

	if (op->procedure) {
		one_less(op->client);
		return gatt_cancel(op->procedure);
	}
	if (op->client->att)
		att_cancel(op->client->att, &call->procedure.op);
	return false;
}

static void command_done(struct att_op *att, int error)
{
	op_end(&command_of(gatt_procedure_of(att))->op, error);
}

static void waiting_done(struct gatt_procedure *procedure, int error)
{
	struct ble_op *op = &command_of(procedure)->op;

	one_less(op->client);
	op_end(op, error);
}

static uint16_t command_handle(const struct gatt_procedure *procedure, size_t index)
{
	return index ? 0 : procedure->op.start;
}

/* Among the procedures, where it ends if the new tree has another attribute at its
 * handle. */
static int command_wait(struct command_call *call)
{
	static const struct gatt_class class = { .start = gatt_start_op,
						 .reset = gatt_reset_nothing,
						 .handle = command_handle };
	int error = gatt_run(&call->op.client->connection->gatt, &call->procedure, &class);

	if (error)
		return error;
	call->procedure.done = waiting_done;
	call->op.procedure = &call->procedure;
	call->op.client->commands++;
	return 0;
}

static const struct op_class command_class = { .cancel = command_cancel };

void client_hold_commands(struct ble_client *client)
{
	list_for_each(link, &client->ops) {
		struct ble_op *op = list_entry(link, struct ble_op, link);
		struct command_call *call = container_of(op, struct command_call, op);
		struct att_op *att;

		if (op->class != &command_class || op->procedure)
			continue;
		att = &call->procedure.op;
		if (!client->att->class->waits || !client->att->class->waits(client->att, att) ||
		    !gatt_in_tree(&client->connection->gatt.tree, att->start) || command_wait(call))
			continue;
		att_cancel(client->att, att);
		att->done = gatt_op_done;
	}
}

/* Whether the handle may be another attribute's soon, or commands before this one wait
 * for that reason. */
static bool command_waits(struct ble_client *client, uint16_t handle)
{
	return (client->connection->gatt.outdated || client->commands) &&
	       gatt_in_tree(&client->connection->gatt.tree, handle);
}

void client_tell_writable(struct ble_client *client)
{
	if (!client->refused || client->connection->gatt.outdated || client->commands || !client->att)
		return;
	client->refused = false;
	if (client->writable)
		client->writable(client->writable_user);
}

/* Checks the handle only after a failure, to keep it off the hot path. */
static int command_failed(struct ble_client *client, uint16_t handle, int error)
{
	return handle ? error : client_refuse(client, refused_handle);
}

int ble_client_write_command(struct ble_client *client, uint16_t handle,
			     struct ble_bytes value, ble_done_func done,
			     void *user, struct ble_op **ret_op)
{
	struct att_op once = { .verb = ATT_WRITE_COMMAND, .start = handle,
			       .value = value };
	struct command_call *call;
	int error;

	if (client->state != CLIENT_CONNECTED)
		return -ENOTCONN;
	if (value.len > client->att->mtu - 3u)
		return loop_set_error(client->loop, -EMSGSIZE, "the value is %zu bytes "
				      "long, a write without response carries %u here",
				      value.len, client->att->mtu - 3u);
	if (!done) {
		if (command_waits(client, handle)) {
			client->refused = true;
			return -EAGAIN;
		}
		error = att_submit(client->att, &once);
		client->full |= error == -EAGAIN;
		if (error)
			return command_failed(client, handle, error);
		if (ret_op)
			*ret_op = NULL;
		return 0;
	}
	call = op_new(client, sizeof(*call) + value.len, &command_class, done, user, &error);
	if (!call)
		return error;
	call->procedure.op = once;
	call->procedure.op.value.data = call->value;
	if (value.len)
		memcpy(call->value, value.data, value.len);
	if (command_waits(client, handle)) {
		call->procedure.op.done = gatt_op_done;
		error = command_wait(call);
	} else {
		call->procedure.op.done = command_done;
		error = att_submit(client->att, &call->procedure.op);
	}
	if (error)
		error = command_failed(client, handle, error);
	return op_begin(&call->op, error, ret_op);
}

/* -- By the properties --------------------------------------------------------------- */

int ble_client_write_auto(struct ble_client *client, uint16_t handle,
			  struct ble_bytes value, ble_done_func done, void *user,
			  struct ble_op **ret_op)
{
	const struct ble_characteristic *c =
		ble_services_characteristic(&client->connection->gatt.tree, handle);
	bool command = c && c->value_handle == handle &&
		       (c->properties & (BLE_WRITE | BLE_WRITE_COMMAND)) ==
			       BLE_WRITE_COMMAND;

	return command ? ble_client_write_command(client, handle, value, done, user,
						  ret_op)
		       : ble_client_write(client, handle, value, done, user, ret_op);
}
