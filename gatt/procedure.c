/* SPDX-License-Identifier: MIT */
/* The queue of procedures, and those of one request that has no value. */
#include "gatt/gatt.h"

#include <errno.h>
#include <string.h>

#include "att/pdu.h"
#include "base/bytes.h"

static void end_failed(struct loop_task *task);

void gatt_client_init(struct gatt_client *client, struct ble_loop *loop)
{
	memset(client, 0, sizeof(*client));
	client->loop = loop;
	client->failing.run = end_failed;
	list_init(&client->queue);
	list_init(&client->failed);
}

void gatt_client_clear(struct gatt_client *client)
{
	if (client->keeper)
		gatt_keeper_clear(client->keeper);
	loop_undefer(&client->failing);
	gatt_tree_clear(&client->tree);
}

static int start(struct gatt_procedure *procedure)
{
	int error = procedure->client->att ? gatt_repeat(procedure) : -ENOTCONN;

	return error ? error : procedure->class->start(procedure);
}

/* Starts the first procedure that can be. Those that cannot end from the next
 * dispatch: this may be called from outside of one. */
static void start_next(struct gatt_client *client)
{
	while (!list_empty(&client->queue)) {
		struct gatt_procedure *procedure = list_entry(
			client->queue.next, struct gatt_procedure, link);

		procedure->error = start(procedure);
		if (!procedure->error)
			return;
		list_remove(&procedure->link);
		list_append(&client->failed, &procedure->link);
		loop_defer(client->loop, &client->failing);
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

/* Each done may free any procedure, also one that stands in the list, and the
 * client. */
static void end_all(struct list *procedures)
{
	struct list *link;

	while ((link = list_pop(procedures))) {
		struct gatt_procedure *procedure =
			list_entry(link, struct gatt_procedure, link);

		tell(procedure, procedure->error);
	}
}

static void end_failed(struct loop_task *task)
{
	struct gatt_client *client = container_of(task, struct gatt_client, failing);
	struct list ending;

	list_init(&ending);
	list_splice(&ending, &client->failed);
	end_all(&ending);
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
	procedure->repeat = 0;
	list_append(&client->queue, &procedure->link);
	error = first ? start(procedure) : 0;
	if (error)
		list_remove(&procedure->link);
	return error;
}

void gatt_end(struct gatt_procedure *procedure, int error)
{
	if (error == ATT_DATABASE_OUT_OF_SYNC && gatt_resync(procedure))
		return;
	list_remove(&procedure->link);
	start_next(procedure->client);
	tell(procedure, error);
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

	if (running && client->att) {
		if (procedure->class->abandon &&
		    procedure->class->abandon(procedure))
			return true;
		att_cancel(client->att, &procedure->op);
	}
	list_remove(&procedure->link);
	if (running)
		start_next(client);
	over(procedure);
	return false;
}

void gatt_client_lost(struct gatt_client *client, int error)
{
	struct list ending;

	client->att = NULL;
	list_init(&ending);
	list_splice(&ending, &client->failed);
	list_for_each(link, &client->queue)
		list_entry(link, struct gatt_procedure, link)->error = error;
	list_splice(&ending, &client->queue);
	if (client->keeper)
		gatt_keeper_clear(client->keeper);
	end_all(&ending);
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
