/* SPDX-License-Identifier: MIT */
/* Runs the steps of a discovery one after the other; discover_steps.c has them. */
#include "gatt/discover_steps.h"

#include <errno.h>
#include <string.h>

#include "att/pdu.h"

/* A peer whose services change during each discovery: after so many, what waits ends. */
enum { RESTARTS = 2 };

static struct gatt_discovery *discovery_of(struct att_op *op)
{
	return container_of(gatt_procedure_of(op), struct gatt_discovery,
			    procedure);
}

const char gatt_no_service[] = "the peer offers no service that was asked for";

/* What was asked for by a handle of one tree, when the next one has another attribute
 * there, ends: nothing is read from or written to that one. */
struct trees {
	const struct ble_services *was, *is;
	bool whole;
};

static uint16_t moved_handle(const struct gatt_procedure *procedure, const void *user)
{
	const struct trees *trees = user;
	uint16_t handle;

	for (size_t i = 0; procedure->class->handle &&
			   (handle = procedure->class->handle(procedure, i)); i++)
		if (gatt_moved(trees->was, trees->is, trees->whole, handle))
			return handle;
	return 0;
}

static void tree_changed(struct gatt_client *client, const struct ble_services *was,
			 bool whole)
{
	const struct trees trees = { was, &client->tree, whole };

	gatt_fail_moved(client, moved_handle, &trees, ATT_DATABASE_OUT_OF_SYNC);
	gatt_drop_moved(client, was, whole);
}

static void use_tree(struct gatt_discovery *discovery)
{
	struct gatt_client *client = discovery->procedure.client;
	struct ble_services was = client->tree;

	client->tree = (struct ble_services){ .generation = was.generation };
	gatt_tree_replace(&client->tree, &discovery->tree);
	gatt_tree_tie(&client->tree, client->loop);
	tree_changed(client, &was, !discovery->uuids);
	gatt_tree_clear(&was);
	if (discovery->hashed && !discovery->known)
		client->service_changed->save(client->service_changed, discovery->hash,
					      &client->tree);
	if (client->discovered)
		client->discovered(client);
}

void gatt_tree_lost(struct gatt_client *client, int error)
{
	gatt_fail_moved(client, gatt_handle_in_tree, &client->tree,
			ble_error_att(error) ? ATT_DATABASE_OUT_OF_SYNC : error);
}

/* A record that was late, and not lost, may disturb the repetition. */
static bool starts_over(struct gatt_discovery *discovery, int error)
{
	bool disturbed = discovery->repeats == 1 && error == -EBADMSG;

	if (disturbed || (!error && discovery->misplaced && !discovery->repeats)) {
		discovery->repeats++;
		return true;
	}
	return !error && discovery->again && discovery->restarts++ < RESTARTS;
}

static int start(struct gatt_procedure *procedure);
static void reset(struct gatt_procedure *procedure);

static void end(struct gatt_discovery *discovery, int error)
{
	struct gatt_procedure *procedure = &discovery->procedure;
	struct gatt_client *client = procedure->client;

	if (starts_over(discovery, error)) {
		reset(procedure);
		error = start(procedure);
		if (!error)
			return;
	}
	if (!error && discovery->misplaced)
		error = loop_set_error(client->loop, -EBADMSG, "the adapter lost a part of what "
				       "the peer has, twice: a declaration, or a second "
				       "configuration, is where a descriptor should be");
	if (!error && discovery->uuids && !discovery->tree.n_services)
		error = loop_set_error(client->loop, -ENOENT, "%s", gatt_no_service);
	if (ble_error_att(error) && gatt_wait_for_remedy(procedure, error))
		return;
	if (discovery->renews) {
		client->outdated = false;
		if (error || discovery->again)
			gatt_tree_lost(client, error ? error : ATT_DATABASE_OUT_OF_SYNC);
	}
	if (!error)
		use_tree(discovery);
	gatt_end(procedure, error);
}

static void step_record(struct att_op *op, const struct att_record *record)
{
	struct gatt_discovery *discovery = discovery_of(op);
	int error = discovery->steps[discovery->step].record(discovery, op, record);

	if (error) {
		att_cancel(discovery->procedure.client->att, op);
		end(discovery, error);
	}
}

static void step_done(struct att_op *op, int error);

/* Prepares the next step that has a range; false after the last. */
static bool next_step(struct gatt_discovery *discovery)
{
	struct att_op *op = &discovery->procedure.op;

	for (; discovery->steps[discovery->step].range; discovery->step++) {
		const struct gatt_step *step = &discovery->steps[discovery->step];

		*op = (struct att_op){ .verb = step->verb,
				       .type = ble_uuid16(step->type),
				       .record = step_record, .done = step_done };
		if (step->range(discovery, op))
			return true;
	}
	return false;
}

static void step_done(struct att_op *op, int error)
{
	struct gatt_discovery *discovery = discovery_of(op);
	const struct gatt_step *step = &discovery->steps[discovery->step];
	bool more = false;

	if (step->ended)
		error = step->ended(discovery, error);
	if (!error && !discovery->known) {
		if (!step->each ||
		    ++discovery->uuid == discovery->n_uuids)
			discovery->step++;
		more = next_step(discovery);
		if (more)
			error = gatt_start_op(&discovery->procedure);
	}
	if (error || !more)
		end(discovery, error);
}

static struct gatt_discovery *of(struct gatt_procedure *procedure)
{
	return container_of(procedure, struct gatt_discovery, procedure);
}

static int start(struct gatt_procedure *procedure)
{
	of(procedure)->again = false;
	next_step(of(procedure));
	return gatt_start_op(procedure);
}

static void clear(struct gatt_procedure *procedure)
{
	gatt_tree_clear(&of(procedure)->tree);
}

static void start_over(struct gatt_discovery *discovery)
{
	discovery->step = 0;
	discovery->uuid = 0;
	discovery->response = 0;
	discovery->left = discovery->late = 0;
	discovery->hashed = discovery->known = discovery->misplaced = false;
}

static void reset(struct gatt_procedure *procedure)
{
	clear(procedure);
	start_over(of(procedure));
}

typedef int (*run_func)(struct gatt_client *client, struct gatt_procedure *procedure,
			const struct gatt_class *class);

static int run(struct gatt_client *client, struct gatt_discovery *discovery, run_func queue)
{
	static const struct gatt_class class = { .start = start, .clear = clear,
						 .reset = reset };

	memset(&discovery->tree, 0, sizeof(discovery->tree));
	discovery->restarts = 0;
	discovery->repeats = 0;
	start_over(discovery);
	return queue(client, &discovery->procedure, &class);
}

static int run_all(struct gatt_client *client, struct gatt_discovery *discovery,
		   run_func queue)
{
	discovery->steps = gatt_steps_all;
	discovery->uuids = NULL;
	return run(client, discovery, queue);
}

int gatt_discover(struct gatt_client *client, struct gatt_discovery *discovery)
{
	return run_all(client, discovery, gatt_run);
}

int gatt_discover_next(struct gatt_client *client, struct gatt_discovery *discovery)
{
	return run_all(client, discovery, gatt_run_next);
}

int gatt_discover_first(struct gatt_client *client, struct gatt_discovery *discovery)
{
	return run_all(client, discovery, gatt_run_first);
}

int gatt_discover_only(struct gatt_client *client, struct gatt_discovery *discovery,
		       const struct ble_uuid *uuids, size_t n)
{
	discovery->steps = gatt_steps_chosen;
	discovery->uuids = uuids;
	discovery->n_uuids = n;
	return run(client, discovery, gatt_run);
}
