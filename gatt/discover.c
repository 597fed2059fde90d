/* SPDX-License-Identifier: MIT */
/* Runs the steps of a discovery one after the other; discover_steps.c has them. */
#include "gatt/discover_steps.h"

#include <errno.h>
#include <string.h>

static struct gatt_discovery *discovery_of(struct att_op *op)
{
	return container_of(gatt_procedure_of(op), struct gatt_discovery,
			    procedure);
}

static void end(struct gatt_discovery *discovery, int error)
{
	struct gatt_client *client = discovery->procedure.client;

	if (!error && discovery->uuids && !discovery->tree.n_services)
		error = loop_set_error(client->loop, -ENOENT, "the peer offers no service "
				       "that was asked for");
	if (!error) {
		gatt_tree_replace(&client->tree, &discovery->tree);
		gatt_tree_tie(&client->tree, client->loop);
		if (discovery->hashed && !discovery->known)
			client->service_changed->save(client->service_changed,
						      discovery->hash, &client->tree);
		if (client->discovered)
			client->discovered(client);
	}
	gatt_end(&discovery->procedure, error);
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
	discovery->hashed = discovery->known = false;
}

static void reset(struct gatt_procedure *procedure)
{
	clear(procedure);
	start_over(of(procedure));
}

static int run(struct gatt_client *client, struct gatt_discovery *discovery, bool first)
{
	static const struct gatt_class class = { .start = start, .clear = clear,
						 .reset = reset };

	memset(&discovery->tree, 0, sizeof(discovery->tree));
	start_over(discovery);
	return first ? gatt_run_first(client, &discovery->procedure, &class)
		     : gatt_run(client, &discovery->procedure, &class);
}

int gatt_discover(struct gatt_client *client, struct gatt_discovery *discovery)
{
	discovery->steps = gatt_steps_all;
	discovery->uuids = NULL;
	return run(client, discovery, false);
}

int gatt_discover_first(struct gatt_client *client, struct gatt_discovery *discovery)
{
	discovery->steps = gatt_steps_all;
	discovery->uuids = NULL;
	return run(client, discovery, true);
}

int gatt_discover_only(struct gatt_client *client, struct gatt_discovery *discovery,
		       const struct ble_uuid *uuids, size_t n)
{
	discovery->steps = gatt_steps_chosen;
	discovery->uuids = uuids;
	discovery->n_uuids = n;
	return run(client, discovery, false);
}
