/* SPDX-License-Identifier: MIT */
/*
 * Writes. A value that does not fit into one request goes part by part into the
 * peer's queue (Vol 3, Part G, 4.9.4); the peer echoes each part, and only if
 * every echo was right is the queue executed. Otherwise, and if the write is
 * cancelled in between, the queue is emptied: the next long write would execute
 * what is left in it.
 */
#include "gatt/gatt.h"

#include <errno.h>
#include <string.h>

#include "att/pdu.h"
#include "base/bytes.h"

static struct gatt_write *write_of(struct att_op *op)
{
	return container_of(gatt_procedure_of(op), struct gatt_write, procedure);
}

static void execute_done(struct att_op *op, int error)
{
	struct gatt_write *write = write_of(op);

	gatt_end(&write->procedure, write->error ? write->error : error);
}

static void execute(struct gatt_write *write)
{
	struct att_op *op = &write->procedure.op;

	*op = (struct att_op){
		.verb = ATT_EXECUTE_WRITE,
		.start = write->error ? 0 : 1,
		.done = execute_done,
	};
	gatt_next(&write->procedure);
}

/* Not called over a dongle: its firmware does not report the echo. */
static void echo(struct att_op *op, const struct att_record *record)
{
	if (record->handle != op->start || record->offset != op->offset ||
	    record->value.len != op->value.len ||
	    (op->value.len &&
	     memcmp(record->value.data, op->value.data, op->value.len) != 0))
		write_of(op)->error = -EBADMSG;
}

static void prepare_done(struct att_op *op, int error);

static void set_part(struct gatt_write *write)
{
	const struct gatt_part *part = &write->parts[write->at];
	size_t room = (size_t)(write->procedure.client->att->mtu - 5);
	size_t left = part->value.len - write->prepared;

	write->procedure.op = (struct att_op){
		.verb = ATT_PREPARE_WRITE, .start = part->handle,
		.offset = (uint16_t)write->prepared,
		.value = bytes(left ? part->value.data + write->prepared : NULL,
			       left < room ? left : room),
		.record = echo, .done = prepare_done,
	};
}

/* False once everything is in the peer's queue. */
static bool next_part(struct gatt_write *write)
{
	write->prepared += write->procedure.op.value.len;
	if (write->prepared == write->parts[write->at].value.len) {
		write->prepared = 0;
		write->at++;
	}
	return write->at < write->n;
}

static void prepare_done(struct att_op *op, int error)
{
	struct gatt_write *write = write_of(op);

	/* If the first part is refused, the queue is empty. After a malformed
	 * response the part may be in it. */
	if (error == -ENOTCONN || error == -ETIMEDOUT ||
	    (ble_error_att(error) && !write->queued)) {
		gatt_end(&write->procedure, error);
		return;
	}
	if (!error && gatt_outdated(&write->procedure))
		error = ATT_DATABASE_OUT_OF_SYNC;
	if (error && !write->error)
		write->error = error;
	write->queued = true;
	if (write->error || !next_part(write)) {
		execute(write);
		return;
	}
	set_part(write);
	gatt_next(&write->procedure);
}

static int start(struct gatt_procedure *procedure)
{
	struct gatt_write *write = container_of(procedure, struct gatt_write,
						procedure);
	const struct gatt_part *first = write->parts;

	if (write->reliable || first->value.len + 3 > procedure->client->att->mtu)
		set_part(write);
	else
		procedure->op = (struct att_op){
			.verb = ATT_WRITE, .start = first->handle,
			.value = first->value, .done = gatt_op_done,
		};
	return gatt_start_op(procedure);
}

static bool abandon(struct gatt_procedure *procedure)
{
	struct gatt_write *write = container_of(procedure, struct gatt_write,
						procedure);

	if (procedure->op.verb == ATT_WRITE)
		return false;
	write->error = -ECANCELED;
	/* An execute that is not sent yet empties the queue now. */
	if (procedure->op.verb == ATT_EXECUTE_WRITE)
		procedure->op.start = 0;
	return true;
}

static void start_over(struct gatt_write *write)
{
	write->at = 0;
	write->prepared = 0;
	write->queued = false;
	write->error = 0;
}

/* The peer's queue is empty: it refused the first part, or was told to empty it. */
static void reset(struct gatt_procedure *procedure)
{
	start_over(container_of(procedure, struct gatt_write, procedure));
}

static uint16_t handle_of(const struct gatt_procedure *procedure, size_t index)
{
	const struct gatt_write *write = container_of(procedure, struct gatt_write,
						      procedure);

	return index < write->n ? write->parts[index].handle : 0;
}

static int run(struct gatt_client *client, struct gatt_write *write)
{
	static const struct gatt_class class = { start, abandon, NULL, reset,
						 handle_of };

	start_over(write);
	for (size_t i = 0; i < write->n; i++)
		if (write->parts[i].value.len > ATT_VALUE_MAX)
			return -EMSGSIZE;
	return gatt_run(client, &write->procedure, &class);
}

int gatt_write(struct gatt_client *client, struct gatt_write *write,
	       uint16_t handle, struct ble_bytes value)
{
	write->one = (struct gatt_part){ handle, value };
	write->parts = &write->one;
	write->n = 1;
	write->reliable = false;
	return run(client, write);
}

int gatt_write_parts(struct gatt_client *client, struct gatt_write *write,
		     const struct gatt_part *parts, size_t n)
{
	write->parts = parts;
	write->n = n;
	write->reliable = true;
	return run(client, write);
}
