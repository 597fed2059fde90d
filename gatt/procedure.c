/* SPDX-License-Identifier: MIT */
/* The queue of procedures, and the procedures that have one request and no value. */
#include "gatt/gatt.h"

#include <errno.h>
#include <string.h>

#include "att/pdu.h"
#include "base/bytes.h"

static void end_failed(struct loop_task *task);
static void limit_reached(struct loop_timer *timer);

void gatt_client_init(struct gatt_client *client, struct ble_loop *loop)
{
	memset(client, 0, sizeof(*client));
	client->loop = loop;
	client->failing.run = end_failed;
	client->limit.fire = limit_reached;
	list_init(&client->queue);
	list_init(&client->failed);
}

void gatt_client_clear(struct gatt_client *client)
{
	if (client->ended)
		client->ended(client);
	loop_undefer(&client->failing);
	loop_timer_stop(&client->limit);
	gatt_tree_clear(&client->tree);
}

/* The timer of its first request is set by then, and is earlier: the loop's alarm need not
 * be set for this one. */
static void set_limit(const struct gatt_procedure *procedure)
{
	struct gatt_client *client = procedure->client;

	if (procedure->unlimited)
		loop_timer_stop(&client->limit);
	else
		loop_timer_in(client->loop, &client->limit, GATT_LIMIT_S * 1000);
}

static int start(struct gatt_procedure *procedure)
{
	struct gatt_remedy *remedy = procedure->remedy;
	int error = procedure->client->att ? 0 : -ENOTCONN;

	procedure->remedy = NULL;
	procedure->remedied = false;
	if (!error && remedy) {
		error = remedy->end(remedy, procedure);
		if (!error)
			procedure->class->reset(procedure);
	}
	if (!error)
		error = procedure->class->start(procedure);
	if (!error)
		set_limit(procedure);
	return error;
}

static struct gatt_procedure *first_of(struct gatt_client *client)
{
	if (list_empty(&client->queue))
		return NULL;
	return list_entry(client->queue.next, struct gatt_procedure, link);
}

/* Starts the first procedure in the queue. If its start fails, the procedure ends in the
 * next dispatch, since this may be called outside of one, and the next one is started. */
static void start_first(struct gatt_client *client)
{
	struct gatt_procedure *procedure;

	while ((procedure = first_of(client))) {
		procedure->error = start(procedure);
		if (!procedure->error)
			return;
		list_remove(&procedure->link);
		list_append(&client->failed, &procedure->link);
		loop_defer(client->loop, &client->failing);
	}
}

/* The same, unless the first one waits for a remedy. */
static void start_next(struct gatt_client *client)
{
	const struct gatt_procedure *first = first_of(client);

	if (first && (!first->remedy || first->remedied))
		start_first(client);
}

static void clear(struct gatt_procedure *procedure)
{
	if (procedure->class->clear)
		procedure->class->clear(procedure);
}

static void call_done(struct gatt_procedure *procedure, int error)
{
	clear(procedure);
	if (procedure->moved)
		loop_set_error(procedure->client->loop, error, "the peer's services changed "
			       "before this was sent: 0x%04x is not the attribute that it was",
			       procedure->moved);
	procedure->done(procedure, error);
}

/* Each done may free the client and any procedure, also one that is in the list. */
static void end_all(struct list *procedures)
{
	struct list *link;

	while ((link = list_pop(procedures))) {
		struct gatt_procedure *procedure =
			list_entry(link, struct gatt_procedure, link);

		call_done(procedure, procedure->error);
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

static void init(struct gatt_procedure *procedure, struct gatt_client *client,
		 const struct gatt_class *class)
{
	procedure->client = client;
	procedure->class = class;
	procedure->remedy = NULL;
	procedure->remedied = false;
	procedure->moved = 0;
	procedure->repeated = 0;
	procedure->cancelled = procedure->late = false;
}

int gatt_run(struct gatt_client *client, struct gatt_procedure *procedure,
	     const struct gatt_class *class)
{
	bool first = list_empty(&client->queue);
	int error;

	if (!client->att)
		return -ENOTCONN;
	init(procedure, client, class);
	list_append(&client->queue, &procedure->link);
	error = first ? start(procedure) : 0;
	if (error)
		list_remove(&procedure->link);
	return error;
}

int gatt_run_first(struct gatt_client *client, struct gatt_procedure *procedure,
		   const struct gatt_class *class)
{
	int error;

	init(procedure, client, class);
	list_prepend(&client->queue, &procedure->link);
	error = start(procedure);
	if (error)
		list_remove(&procedure->link);
	return error;
}

int gatt_run_next(struct gatt_client *client, struct gatt_procedure *procedure,
		  const struct gatt_class *class)
{
	struct gatt_procedure *first = first_of(client);

	if (!client->att || !first)
		return gatt_run(client, procedure, class);
	if (first->remedy)
		return gatt_run_first(client, procedure, class);
	init(procedure, client, class);
	list_prepend(&first->link, &procedure->link);
	return 0;
}

void gatt_fail_moved(struct gatt_client *client,
		     uint16_t (*moved)(const struct gatt_procedure *procedure,
				       const void *user),
		     const void *user, int error)
{
	list_for_each(link, &client->queue) {
		struct gatt_procedure *procedure =
			list_entry(link, struct gatt_procedure, link);
		bool runs = procedure == first_of(client) && !procedure->remedy;

		procedure->moved = runs ? 0 : moved(procedure, user);
		if (!procedure->moved)
			continue;
		procedure->error = error;
		list_remove(&procedure->link);
		list_append(&client->failed, &procedure->link);
		loop_defer(client->loop, &client->failing);
	}
}

int gatt_add_remedy(struct gatt_client *client, struct gatt_remedy *remedy)
{
	uint8_t bit = (uint8_t)(client->remedies ? client->remedies->bit << 1 : 1);

	if (!bit)
		return -ENOSPC;
	remedy->bit = bit;
	remedy->next = client->remedies;
	client->remedies = remedy;
	return 0;
}

static struct gatt_remedy *find_remedy(const struct gatt_client *client, int error)
{
	struct gatt_remedy *remedy = client->remedies;

	while (remedy && remedy->error != error)
		remedy = remedy->next;
	return remedy;
}

bool gatt_has_remedy(const struct gatt_client *client, int error)
{
	return find_remedy(client, error);
}

bool gatt_wait_for_remedy(struct gatt_procedure *procedure, int error)
{
	struct gatt_remedy *remedy = find_remedy(procedure->client, error);

	if (!remedy || procedure->repeated & remedy->bit || !procedure->client->att ||
	    (procedure->cancelled && !remedy->for_others))
		return false;
	procedure->repeated = (uint8_t)(procedure->repeated | remedy->bit);
	procedure->remedy = remedy;
	if (!remedy->start(remedy, procedure)) {
		procedure->remedy = NULL;
		return false;
	}
	/* Otherwise it is that of a procedure of the remedy. */
	if (first_of(procedure->client) == procedure)
		loop_timer_stop(&procedure->client->limit);
	return true;
}

void gatt_remedied(struct gatt_client *client, struct gatt_remedy *remedy)
{
	list_for_each(link, &client->queue) {
		struct gatt_procedure *procedure =
			list_entry(link, struct gatt_procedure, link);

		if (procedure->remedy != remedy)
			continue;
		procedure->remedied = true;
		if (procedure == first_of(client))
			start_first(client);
		return;
	}
}

static int too_late(const struct gatt_client *client)
{
	return loop_set_error(client->loop, -ETIMEDOUT, "the peer answers so slowly that this took "
			      "more than %d minutes: ble_op_set_timeout() gives it longer",
			      GATT_LIMIT_S / 60);
}

void gatt_end(struct gatt_procedure *procedure, int error)
{
	if (ble_error_att(error) && gatt_wait_for_remedy(procedure, error))
		return;
	list_remove(&procedure->link);
	loop_timer_stop(&procedure->client->limit);
	start_next(procedure->client);
	if (procedure->late)
		error = too_late(procedure->client);
	call_done(procedure, error);
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
	bool first = first_of(client) == procedure;

	if (first && !procedure->remedy && client->att) {
		if (procedure->class->abandon &&
		    procedure->class->abandon(procedure)) {
			procedure->cancelled = true;
			return true;
		}
		att_cancel(client->att, &procedure->op);
	}
	list_remove(&procedure->link);
	if (first) {
		loop_timer_stop(&client->limit);
		start_next(client);
	}
	clear(procedure);
	return false;
}

/* Ends the first one, after the requests that the peer needs, as if its request had not
 * been answered. */
static void limit_reached(struct loop_timer *timer)
{
	struct gatt_client *client = container_of(timer, struct gatt_client, limit);
	struct gatt_procedure *procedure = first_of(client);

	if (procedure->class->abandon && procedure->class->abandon(procedure)) {
		procedure->cancelled = procedure->late = true;
		return;
	}
	att_cancel(client->att, &procedure->op);
	procedure->op.done(&procedure->op, too_late(client));
}

void gatt_unlimit(struct gatt_procedure *procedure)
{
	procedure->unlimited = true;
	if (procedure->client && first_of(procedure->client) == procedure)
		loop_timer_stop(&procedure->client->limit);
}

void gatt_client_lost(struct gatt_client *client, int error)
{
	struct list ending;

	client->att = NULL;
	loop_timer_stop(&client->limit);
	list_init(&ending);
	list_splice(&ending, &client->failed);
	list_for_each(link, &client->queue)
		list_entry(link, struct gatt_procedure, link)->error = error;
	list_splice(&ending, &client->queue);
	if (client->ended)
		client->ended(client);
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

void gatt_reset_nothing(struct gatt_procedure *procedure)
{
	(void)procedure;
}

int gatt_exchange_mtu(struct gatt_client *client,
		      struct gatt_procedure *procedure, uint16_t mtu)
{
	static const struct gatt_class class = { .start = gatt_start_op,
						 .reset = gatt_reset_nothing };

	procedure->op = (struct att_op){
		.verb = ATT_EXCHANGE_MTU, .start = mtu, .done = gatt_op_done,
	};
	return gatt_run(client, procedure, &class);
}
