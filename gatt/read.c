/* SPDX-License-Identifier: MIT */
/*
 * Reads. Each value is read whole: what a response had no room for is read with
 * further requests, as few as possible.
 */
#include "gatt/gatt.h"

#include <errno.h>
#include <string.h>

#include "att/pdu.h"
#include "base/bytes.h"

static struct gatt_read *read_of(struct att_op *op)
{
	return container_of(gatt_procedure_of(op), struct gatt_read, procedure);
}

static void append(struct att_op *op, const struct att_record *record)
{
	struct gatt_read *read = read_of(op);
	size_t room = sizeof(read->value) - read->len;
	size_t len = record->value.len < room ? record->value.len : room;

	if (len)
		memcpy(read->value + read->len, record->value.data, len);
	read->len += len;
}

void gatt_read_op(struct gatt_read *read, uint16_t handle,
		  void (*done)(struct att_op *op, int error))
{
	read->len = 0;
	read->procedure.op = (struct att_op){
		.verb = ATT_READ_LONG, .start = handle,
		.record = append, .done = done,
	};
}

/* What was read while the services changed may be of either attribute (Vol 3, Part G,
 * 2.5.2). */
static void read_done(struct att_op *op, int error)
{
	if (!error && gatt_outdated(gatt_procedure_of(op)))
		error = ATT_DATABASE_OUT_OF_SYNC;
	gatt_op_done(op, error);
}

static void reset(struct gatt_procedure *procedure)
{
	gatt_read_op(read_of(&procedure->op), procedure->op.start, read_done);
}

static uint16_t handle_of(const struct gatt_procedure *procedure, size_t index)
{
	return index ? 0 : procedure->op.start;
}

int gatt_read(struct gatt_client *client, struct gatt_read *read,
	      uint16_t handle)
{
	static const struct gatt_class class = { .start = gatt_start_op, .reset = reset,
						 .handle = handle_of };

	gatt_read_op(read, handle, read_done);
	return gatt_run(client, &read->procedure, &class);
}

static void reset_joined(struct gatt_procedure *procedure)
{
	read_of(&procedure->op)->len = 0;
}

static uint16_t joined_handle(const struct gatt_procedure *procedure, size_t index)
{
	const struct ble_bytes handles = procedure->op.value;

	return 2 * index < handles.len ? get_le16(handles.data + 2 * index) : 0;
}

int gatt_read_joined(struct gatt_client *client, struct gatt_read *read,
		     struct ble_bytes handles)
{
	static const struct gatt_class class = { .start = gatt_start_op,
						 .reset = reset_joined,
						 .handle = joined_handle };

	read->len = 0;
	read->procedure.op = (struct att_op){
		.verb = ATT_READ_MULTIPLE, .value = handles,
		.record = append, .done = gatt_op_done,
	};
	return gatt_run(client, &read->procedure, &class);
}

static struct gatt_read_each *each_of(struct att_op *op)
{
	return container_of(read_of(op), struct gatt_read_each, read);
}

/* Passes on a value that was read by a request of its own. */
static bool tell_read(struct gatt_read_each *each, uint16_t handle)
{
	return each->value(each, handle, bytes(each->read.value, each->read.len));
}

/* -- By type ------------------------------------------------------------------------ */

enum { ROW_MAX = 253 }; /* octets of a value, as a row's length is one octet */

static void swept(struct att_op *op, int error);

/* A value that fills its row may be cut. The sweep stops there; the rows behind it
 * are read again once it is complete. */
static void row(struct att_op *op, const struct att_record *record)
{
	struct gatt_read_each *each = each_of(op);
	size_t most = (size_t)(each->read.procedure.client->att->mtu - 4);

	if (each->handle || record->handle < each->next)
		return;
	if (record->value.len < (most < ROW_MAX ? most : ROW_MAX)) {
		each->next = record->handle + 1u;
		each->value(each, record->handle, record->value);
		return;
	}
	each->next = each->handle = record->handle;
	each->read.len = 0;
	append(op, record);
	op->end = record->handle;
}

static void sweep(struct gatt_read_each *each, uint16_t start)
{
	each->handle = 0;
	each->read.procedure.op = (struct att_op){
		.verb = ATT_READ_BY_TYPE, .start = start, .end = each->end,
		.type = each->type, .record = row, .done = swept,
	};
}

static void row_read(struct att_op *op, int error)
{
	struct gatt_read_each *each = each_of(op);
	uint16_t handle = each->handle;

	if (!error && gatt_outdated(&each->read.procedure))
		error = ATT_DATABASE_OUT_OF_SYNC;
	if (error) {
		gatt_end(&each->read.procedure, error);
		return;
	}
	each->next = handle + 1u;
	if (!tell_read(each, handle))
		return;
	if (handle >= each->end) {
		gatt_end(&each->read.procedure, 0);
		return;
	}
	sweep(each, (uint16_t)(handle + 1));
	gatt_next(&each->read.procedure);
}

/* From the end of the row, or from 0 if the backend cannot read at an offset. */
static void swept(struct att_op *op, int error)
{
	struct gatt_read_each *each = each_of(op);
	struct gatt_procedure *procedure = &each->read.procedure;

	if (error || !each->handle) {
		gatt_end(procedure, error);
		return;
	}
	*op = (struct att_op){
		.verb = ATT_READ_LONG, .start = each->handle,
		.offset = (uint16_t)each->read.len,
		.record = append, .done = row_read,
	};
	error = gatt_start_op(procedure);
	if (error == -EOPNOTSUPP) {
		gatt_read_op(&each->read, each->handle, row_read);
		error = gatt_start_op(procedure);
	}
	if (error)
		gatt_end(procedure, error);
}

static void reset_by_type(struct gatt_procedure *procedure)
{
	struct gatt_read_each *each = each_of(&procedure->op);

	/* A dongle may tell the error after the value of the last handle. */
	sweep(each, each->next < each->end ? (uint16_t)each->next : each->end);
}

/* The one whose rest is read. */
static uint16_t cut_handle(const struct gatt_procedure *procedure, size_t index)
{
	const struct gatt_read_each *each =
		container_of(procedure, struct gatt_read_each, read.procedure);

	return index ? 0 : each->handle;
}

int gatt_read_by_type(struct gatt_client *client, struct gatt_read_each *each,
		      const struct ble_uuid *type, uint16_t start, uint16_t end)
{
	static const struct gatt_class class = { .start = gatt_start_op,
						 .reset = reset_by_type,
						 .handle = cut_handle };

	each->type = *type;
	each->end = end;
	each->next = start;
	sweep(each, start);
	return gatt_run(client, &each->read.procedure, &class);
}

/* -- By handles ----------------------------------------------------------------------- */

static void several_read(struct att_op *op, int error);
static void one_read(struct att_op *op, int error);

static uint16_t handle_at(const struct gatt_read_each *each)
{
	return get_le16(each->handles + 2 * each->at);
}

/* The last value of a full response may be cut: the next request reads it. */
static void one_of_several(struct att_op *op, const struct att_record *record)
{
	struct gatt_read_each *each = each_of(op);

	if (gatt_outdated(&each->read.procedure))
		return;
	if (record->value.len + 2 >= each->room) {
		each->room = 0;
		return;
	}
	each->room -= record->value.len + 2;
	each->at++;
	each->value(each, record->handle, record->value);
}

static void learn(struct gatt_client *client, enum gatt_several several)
{
	bool changes = client->several != several;

	client->several = several;
	if (changes && client->learned)
		client->learned(client);
}

static void features_read(struct att_op *op, int error);
static void ask_next(struct gatt_read_each *each);

/* Server Supported Features of the tree; NULL: it has none. */
static const struct ble_characteristic *server_features(const struct gatt_client *client)
{
	enum { SERVER_SUPPORTED_FEATURES = 0x2b3a };
	const struct ble_uuid uuid = ble_uuid16(SERVER_SUPPORTED_FEATURES);

	for (size_t i = 0; i < client->tree.n_characteristics; i++)
		if (ble_uuid_equal(&client->tree.characteristics[i].uuid, &uuid))
			return &client->tree.characteristics[i];
	return NULL;
}

static int ask_one(struct gatt_read_each *each)
{
	gatt_read_op(&each->read, handle_at(each), one_read);
	return gatt_start_op(&each->read.procedure);
}

/* Reads as many of the remaining handles as a request has room for. At the start, and
 * after an error: those whose values were not reported. */
static int ask(struct gatt_procedure *procedure)
{
	struct att_op *op = &procedure->op;
	struct gatt_read_each *each = each_of(op);
	size_t left = each->n - each->at, fit;
	int error;

	each->room = procedure->client->att->mtu - 1u;
	each->from = each->at;
	fit = each->room / 2 < left ? each->room / 2 : left;
	if (fit < 2 || each->singly)
		return ask_one(each);
	if (procedure->client->several == GATT_SEVERAL_UNKNOWN &&
	    server_features(procedure->client)) {
		gatt_read_op(&each->read, server_features(procedure->client)->value_handle,
			     features_read);
		return gatt_start_op(procedure);
	}
	each->singly = procedure->client->several == GATT_SEVERAL_UNKNOWN ||
		       procedure->client->several == GATT_SEVERAL_NEVER;
	if (each->singly)
		return ask_one(each);
	each->asked = loop_now(procedure->client->loop);
	*op = (struct att_op){
		.verb = ATT_READ_MULTIPLE_VARIABLE,
		.value = bytes(each->handles + 2 * each->at, 2 * fit),
		.record = one_of_several, .done = several_read,
	};
	error = gatt_start_op(procedure);
	each->singly = error == -EOPNOTSUPP;
	return each->singly ? ask_one(each) : error;
}

static void ask_next(struct gatt_read_each *each)
{
	int error = each->at < each->n ? ask(&each->read.procedure) : 0;

	if (error || each->at == each->n)
		gatt_end(&each->read.procedure, error);
}

static void features_read(struct att_op *op, int error)
{
	enum { ENHANCED_ATT = 1 };
	struct gatt_read_each *each = each_of(op);
	bool offered = !error && each->read.len && each->read.value[0] & ENHANCED_ATT;

	if (error && !ble_error_att(error) && error != -EBADMSG) {
		gatt_end(&each->read.procedure, error);
		return;
	}
	if (offered)
		learn(each->read.procedure.client, GATT_SEVERAL_OFFERED);
	each->singly = !offered;
	ask_next(each);
}

static void one_read(struct att_op *op, int error)
{
	struct gatt_read_each *each = each_of(op);

	if (!error && gatt_outdated(&each->read.procedure))
		error = ATT_DATABASE_OUT_OF_SYNC;
	if (error)
		gatt_end(&each->read.procedure, error);
	else if (tell_read(each, handle_at(each))) {
		each->at++;
		ask_next(each);
	}
}

static void several_read(struct att_op *op, int error)
{
	struct gatt_read_each *each = each_of(op);
	struct gatt_client *client = each->read.procedure.client;

	if (!error)
		learn(client, GATT_SEVERAL_ANSWERED);
	else if (error == ATT_REQUEST_NOT_SUPPORTED || error == -ETIMEDOUT)
		learn(client, GATT_SEVERAL_NEVER);
	if (!error && gatt_outdated(&each->read.procedure)) {
		error = ATT_DATABASE_OUT_OF_SYNC;
	} else if (ble_error_att(error) && !gatt_has_remedy(client, error)) {
		each->singly = true; /* it tells which of them cannot be read */
		error = 0;
	} else if (!error && !each->room) {
		error = ask_one(each);
		if (!error)
			return;
	} else if (!error && each->at == each->from) {
		error = -EBADMSG; /* no progress: it would be endless */
	}
	if (error)
		gatt_end(&each->read.procedure, error);
	else
		ask_next(each);
}

static uint16_t several_handle(const struct gatt_procedure *procedure, size_t index)
{
	const struct gatt_read_each *each = container_of(procedure, struct gatt_read_each,
							 read.procedure);

	return index < each->n ? get_le16(each->handles + 2 * index) : 0;
}

/* Whoever does not wait for 30 s sees the silence, too. */
static bool abandon_several(struct gatt_procedure *procedure)
{
	enum { SILENCE_NS = 1000000000 };
	struct gatt_read_each *each = container_of(procedure, struct gatt_read_each,
						   read.procedure);

	if (procedure->op.verb == ATT_READ_MULTIPLE_VARIABLE &&
	    procedure->client->several != GATT_SEVERAL_ANSWERED &&
	    loop_now(procedure->client->loop) - each->asked >= SILENCE_NS)
		learn(procedure->client, GATT_SEVERAL_NEVER);
	return false;
}

int gatt_read_multiple(struct gatt_client *client, struct gatt_read_each *each,
		       const uint8_t *handles, size_t n)
{
	static const struct gatt_class class = { .start = ask,
						 .abandon = abandon_several,
						 .reset = gatt_reset_nothing,
						 .handle = several_handle };

	each->handles = handles;
	each->n = n;
	each->at = 0;
	each->singly = false;
	return gatt_run(client, &each->read.procedure, &class);
}
