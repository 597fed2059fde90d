/* SPDX-License-Identifier: MIT */
/* The queue of procedures, and those of one request that has no value. */
#include "gatt/gatt.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"

void gatt_client_init(struct gatt_client *client, struct ble_loop *loop)
{
	memset(client, 0, sizeof(*client));
	client->loop = loop;
	list_init(&client->queue);
}

void gatt_client_clear(struct gatt_client *client)
{
	gatt_tree_clear(&client->tree);
}

static int start(struct gatt_procedure *procedure)
{
	return procedure->client->att ? procedure->class->start(procedure)
				      : -ENOTCONN;
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

static void over(struct gatt_procedure *procedure)
{
	if (procedure->class->clear)
		procedure->class->clear(procedure);
}

static void tell(struct gatt_procedure *procedure, int error)
{
	over(procedure);
	procedure->done(procedure, error);
}

/* Each done may free any procedure, also one that stands in failed, and the
 * client. */
static void end_failed(struct list *failed)
{
	struct list *link;

	while ((link = list_pop(failed)))
		tell(list_entry(link, struct gatt_procedure, link), -ENOTCONN);
}

int gatt_run(struct gatt_client *client, struct gatt_procedure *procedure,
	     const struct gatt_class *class)
{
	bool first = list_empty(&client->queue);
	int error;

	if (!client->att)
		return -ENOTCONN;
	procedure->client = client;
	procedure->class = class;
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
	tell(procedure, error);
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
		if (procedure->class->abandon &&
		    procedure->class->abandon(procedure))
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
	over(procedure);
	return false;
}

void gatt_client_lost(struct gatt_client *client, int error)
{
	struct list failed;

	client->att = NULL;
	list_init(&failed);
	list_splice(&failed, &client->queue);
	while (!list_empty(&failed))
		tell(list_entry(list_pop(&failed), struct gatt_procedure, link),
		     error);
}

void gatt_op_done(struct att_op *op, int error)
{
	gatt_end(gatt_procedure_of(op), error);
}

/* -- Exchange MTU --------------------------------------------------------------- */

int gatt_start_op(struct gatt_procedure *procedure)
{
	return att_submit(procedure->client->att, &procedure->op);
}

int gatt_exchange_mtu(struct gatt_client *client,
		      struct gatt_procedure *procedure, uint16_t mtu)
{
	static const struct gatt_class class = { .start = gatt_start_op };

	procedure->op = (struct att_op){
		.verb = ATT_EXCHANGE_MTU, .start = mtu, .done = gatt_op_done,
	};
	return gatt_run(client, procedure, &class);
}
