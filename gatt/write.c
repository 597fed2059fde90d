/* SPDX-License-Identifier: MIT */
/*
 * Writes. A value that does not fit into one request goes part by part into the
 * peer's queue (Vol 3, Part G, 4.9.4); the peer echoes each part, and only if
 * every echo was right is the queue executed. Otherwise, and if the write is
 * cancelled half way, the queue is emptied: what stays in it would be carried
 * out by the next long write.
 */
#include "gatt/gatt.h"

#include <errno.h>
#include <string.h>

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

	op->verb = ATT_EXECUTE_WRITE;
	op->start = write->error ? 0 : 1;
	op->record = NULL;
	op->done = execute_done;
	gatt_next(&write->procedure);
}

static void echo(struct att_op *op, const struct att_record *record)
{
	struct gatt_write *write = write_of(op);

	if (record->handle != write->handle || record->offset != op->offset ||
	    record->value.len != op->value.len ||
	    memcmp(record->value.data, op->value.data, op->value.len) != 0)
		write->error = -EBADMSG;
}

static void set_part(struct gatt_write *write)
{
	struct att_op *op = &write->procedure.op;
	size_t room = (size_t)(write->procedure.client->att->mtu - 5);
	size_t left = write->value.len - write->prepared;

	write->part = left < room ? left : room;
	op->offset = (uint16_t)write->prepared;
	op->value = bytes(write->value.data + write->prepared, write->part);
}

static void prepare_done(struct att_op *op, int error)
{
	struct gatt_write *write = write_of(op);

	/* Refused at once, the queue is empty. After an answer that nobody can
	 * read the part may well be in it. */
	if (error == -ENOTCONN || error == -ETIMEDOUT ||
	    (error > 0 && !write->prepared)) {
		gatt_end(&write->procedure, error);
		return;
	}
	if (error && !write->error)
		write->error = error;
	write->prepared += write->part;
	if (write->error || write->prepared == write->value.len) {
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
	struct att_op *op = &procedure->op;
	struct att *att = procedure->client->att;

	if (write->value.len + 3 <= att->mtu) {
		op->verb = ATT_WRITE;
		op->value = write->value;
		op->done = gatt_op_done;
	} else {
		op->verb = ATT_PREPARE_WRITE;
		op->record = echo;
		op->done = prepare_done;
		set_part(write);
	}
	return att_submit(att, op);
}

static bool abandon(struct gatt_procedure *procedure)
{
	struct gatt_write *write = container_of(procedure, struct gatt_write,
						procedure);

	if (procedure->op.verb == ATT_WRITE)
		return false;
	write->error = -ECANCELED;
	/* An execute that still waits to leave now empties the queue. */
	if (procedure->op.verb == ATT_EXECUTE_WRITE)
		procedure->op.start = 0;
	return true;
}

int gatt_write(struct gatt_client *client, struct gatt_write *write,
	       uint16_t handle, struct ble_bytes value)
{
	if (value.len > ATT_VALUE_MAX)
		return -EMSGSIZE;
	write->handle = handle;
	write->value = value;
	write->prepared = 0;
	write->part = 0;
	write->error = 0;
	write->procedure.op = (struct att_op){ .start = handle };
	write->procedure.start = start;
	write->procedure.abandon = abandon;
	return gatt_run(client, &write->procedure);
}
