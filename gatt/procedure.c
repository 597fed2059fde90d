/* SPDX-License-Identifier: MIT */
/* The queue of procedures, and the ones that are a single request. */
#include "gatt/gatt.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"

void gatt_client_init(struct gatt_client *client)
{
	memset(client, 0, sizeof(*client));
	list_init(&client->queue);
}

void gatt_client_clear(struct gatt_client *client)
{
	gatt_tree_clear(&client->tree);
}

static int start(struct gatt_procedure *procedure)
{
	return procedure->client->att ? procedure->start(procedure) : -ENOTCONN;
}

/* Starts the first procedure that can be; those that cannot go to failed. */
static void start_next(struct gatt_client *client, struct list *failed)
{
	while (!list_empty(&client->queue)) {
		struct list *link = client->queue.next;

		if (start(list_entry(link, struct gatt_procedure, link)) == 0)
			return;
		list_remove(link);
		list_append(failed, link);
	}
}

/* Each done may free any procedure, also one that stands in failed, and the
 * client. */
static void end_failed(struct list *failed)
{
	struct list *link;

	while ((link = list_pop(failed))) {
		struct gatt_procedure *procedure =
			list_entry(link, struct gatt_procedure, link);

		procedure->done(procedure, -ENOTCONN);
	}
}

int gatt_run(struct gatt_client *client, struct gatt_procedure *procedure)
{
	bool first = list_empty(&client->queue);
	int error;

	if (!client->att)
		return -ENOTCONN;
	procedure->client = client;
	list_append(&client->queue, &procedure->link);
	error = first ? start(procedure) : 0;
	if (error)
		list_remove(&procedure->link);
	return error;
}

void gatt_end(struct gatt_procedure *procedure, int error)
{
	struct gatt_client *client = procedure->client;
	struct list failed;

	list_init(&failed);
	list_remove(&procedure->link);
	start_next(client, &failed);
	procedure->done(procedure, error);
	end_failed(&failed);
}

void gatt_next(struct gatt_procedure *procedure)
{
	int error = att_submit(procedure->client->att, &procedure->op);

	if (error)
		gatt_end(procedure, error);
}

bool gatt_cancel(struct gatt_procedure *procedure)
{
	struct gatt_client *client = procedure->client;
	bool running = client->queue.next == &procedure->link;
	struct list failed;

	if (running && client->att) {
		if (procedure->abandon && procedure->abandon(procedure))
			return true;
		att_cancel(client->att, &procedure->op);
	}
	list_remove(&procedure->link);
	/* What fails to start now must still end from dispatch: it goes back
	 * into the queue, where the end of the link finds it. */
	list_init(&failed);
	if (running)
		start_next(client, &failed);
	list_splice(&client->queue, &failed);
	return false;
}

void gatt_client_lost(struct gatt_client *client, int error)
{
	struct list failed;

	client->att = NULL;
	list_init(&failed);
	list_splice(&failed, &client->queue);
	while (!list_empty(&failed)) {
		struct gatt_procedure *procedure =
			list_entry(list_pop(&failed), struct gatt_procedure, link);

		procedure->done(procedure, error);
	}
}

void gatt_op_done(struct att_op *op, int error)
{
	gatt_end(gatt_procedure_of(op), error);
}

/* -- Exchange MTU --------------------------------------------------------------- */

static int start_op(struct gatt_procedure *procedure)
{
	return att_submit(procedure->client->att, &procedure->op);
}

int gatt_exchange_mtu(struct gatt_client *client,
		      struct gatt_procedure *procedure, uint16_t mtu)
{
	procedure->op = (struct att_op){
		.verb = ATT_EXCHANGE_MTU, .start = mtu, .done = gatt_op_done,
	};
	procedure->start = start_op;
	procedure->abandon = NULL;
	return gatt_run(client, procedure);
}

/* -- Read ------------------------------------------------------------------------- */

static void read_record(struct att_op *op, const struct att_record *record)
{
	struct gatt_read *read = container_of(gatt_procedure_of(op),
					      struct gatt_read, procedure);
	size_t room = sizeof(read->value) - read->len;
	size_t len = record->value.len < room ? record->value.len : room;

	if (len)
		memcpy(read->value + read->len, record->value.data, len);
	read->len += len;
}

int gatt_read(struct gatt_client *client, struct gatt_read *read,
	      uint16_t handle)
{
	read->len = 0;
	read->procedure.op = (struct att_op){
		.verb = ATT_READ_LONG, .start = handle,
		.record = read_record, .done = gatt_op_done,
	};
	read->procedure.start = start_op;
	read->procedure.abandon = NULL;
	return gatt_run(client, &read->procedure);
}
