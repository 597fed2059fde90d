/* SPDX-License-Identifier: MIT */
/* The client: its link, and the calls that are one GATT procedure. How it gets
 * connected stands in connect.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "base/bytes.h"

/* -- The object ------------------------------------------------------------------- */

static void closing(struct loop_task *task);

int ble_client_new(struct ble_adapter *adapter,
		   const struct ble_address *address,
		   struct ble_client **ret_client)
{
	struct ble_client *client = calloc(1, sizeof(*client));

	if (!client)
		return -ENOMEM;
	client->refs = 1;
	client->adapter = ble_adapter_ref(adapter);
	client->loop = adapter->loop;
	client->address = *address;
	client->closing.run = closing;
	gatt_client_init(&client->gatt);
	list_init(&client->ops);
	list_init(&client->subscriptions);
	*ret_client = client;
	return 0;
}

struct ble_client *ble_client_ref(struct ble_client *client)
{
	client->refs++;
	return client;
}

/* Around callbacks: they may drop the client, its memory stays until then. */
static void hold(struct ble_client *client)
{
	client->held++;
}

static void release(struct ble_client *client)
{
	if (--client->held == 0 && client->refs == 0)
		free(client);
}

struct ble_client *ble_client_unref(struct ble_client *client)
{
	if (!client || --client->refs)
		return NULL;
	/* Without a link nothing has to be put right at the peer, so every
	 * cancelled call is freed at once. */
	client_drop_link(client);
	while (!list_empty(&client->ops)) {
		struct ble_op *op = list_entry(client->ops.next, struct ble_op, link);

		op->class->cancel(op);
	}
	client_end_subscriptions(client);
	gatt_client_clear(&client->gatt);
	loop_undefer(&client->closing);
	ble_adapter_unref(client->adapter);
	if (!client->held)
		free(client);
	return NULL;
}

const struct ble_address *ble_client_address(const struct ble_client *client)
{
	return &client->address;
}

void ble_client_on_disconnected(struct ble_client *client,
				ble_disconnected_func disconnected, void *user)
{
	client->disconnected = disconnected;
	client->disconnected_user = user;
}

bool ble_client_connected(const struct ble_client *client)
{
	return client->state == CLIENT_CONNECTED;
}

uint16_t ble_client_mtu(const struct ble_client *client)
{
	return client->att ? client->att->mtu : 0;
}

unsigned int ble_client_requests(const struct ble_client *client)
{
	return client->att ? client->att->requests : client->requests;
}

const struct ble_services *ble_client_services(const struct ble_client *client)
{
	return &client->gatt.tree.view;
}

void ble_op_cancel(struct ble_op *op)
{
	if (op)
		op->class->cancel(op);
}

/* -- The link ---------------------------------------------------------------------- */

static void on_value(void *user, uint16_t handle, struct ble_bytes value)
{
	struct ble_client *client = user;

	hold(client);
	gatt_notified(&client->gatt, handle, value);
	release(client);
}

/* Everything that was under way ends, then the connection. */
static void end_connection(struct ble_client *client, int error, uint8_t reason,
			   bool asked)
{
	hold(client);
	client->state = CLIENT_CLOSING;
	gatt_client_lost(&client->gatt, error);
	while (!list_empty(&client->ops)) {
		struct ble_op *op = list_entry(client->ops.next, struct ble_op, link);

		op->class->lost(op, error);
	}
	client_end_subscriptions(client);
	client->state = CLIENT_IDLE;
	if (client->disconnected && client->refs)
		client->disconnected(client->disconnected_user, reason, asked);
	release(client);
}

static void on_closed(void *user, int error, uint8_t reason)
{
	struct ble_client *client = user;

	client_drop_link(client);
	if (client->connect)
		connect_lost(client->connect, error, reason);
	else
		end_connection(client, -ENOTCONN, reason, false);
}

static const struct att_events client_events = {
	.value = on_value,
	.closed = on_closed,
};

void client_take_link(struct ble_client *client, struct att *att)
{
	/* What an earlier connection found may no longer hold. */
	gatt_tree_clear(&client->gatt.tree);
	client->att = att;
	client->gatt.att = att;
	att->events = &client_events;
	att->user = client;
}

void client_drop_link(struct ble_client *client)
{
	struct att *att = client->att;

	if (!att)
		return;
	client->requests = att->requests;
	client->att = NULL;
	client->gatt.att = NULL;
	att_free(att);
}

/* -- Disconnecting ------------------------------------------------------------------- */

enum { ENDED_BY_THIS_HOST = 0x16 };

static void closing(struct loop_task *task)
{
	struct ble_client *client = container_of(task, struct ble_client, closing);

	if (client->connect)
		connect_abort(client->connect, -ENOTCONN);
	else
		end_connection(client, -ENOTCONN, ENDED_BY_THIS_HOST, true);
}

void ble_client_disconnect(struct ble_client *client)
{
	if (client->state == CLIENT_IDLE || client->state == CLIENT_CLOSING)
		return;
	client_drop_link(client);
	if (client->connect)
		connect_halt(client->connect);
	else
		client->state = CLIENT_CLOSING;
	loop_defer(client->loop, &client->closing);
}

int ble_client_disconnect_sync(struct ble_client *client)
{
	struct ble_loop *loop = client->loop;
	int error = 0;

	if (loop_dispatching(loop))
		return -EDEADLK;
	ble_loop_ref(loop);
	hold(client);
	ble_client_disconnect(client);
	/* Not for a state: the callback may have connected again. */
	while (list_queued(&client->closing.link) && !error)
		error = ble_loop_dispatch(loop, -1);
	/* It is done; the interrupt is the next call's. */
	if (error == -EINTR && !list_queued(&client->closing.link)) {
		ble_loop_interrupt(loop);
		error = 0;
	}
	release(client);
	ble_loop_unref(loop);
	return error;
}

/* -- Discovery -------------------------------------------------------------------------- */

struct discover_call {
	struct ble_op op;
	struct gatt_discovery discovery;
	ble_done_func done;
	void *user;
};

static void discover_cancel(struct ble_op *op)
{
	struct discover_call *call = container_of(op, struct discover_call, op);

	gatt_cancel(&call->discovery.procedure);
	gatt_tree_clear(&call->discovery.tree);
	list_remove(&op->link);
	free(call);
}

static void discover_done(struct gatt_procedure *procedure, int error)
{
	struct discover_call *call = container_of(procedure, struct discover_call,
						  discovery.procedure);

	gatt_tree_clear(&call->discovery.tree);
	list_remove(&call->op.link);
	call->done(call->user, error);
	free(call);
}

/* Procedures are ended by the GATT layer when the link goes. */
static const struct op_class discover_class = { .cancel = discover_cancel };

int ble_client_discover(struct ble_client *client, ble_done_func done,
			void *user, struct ble_op **ret_op)
{
	struct discover_call *call;
	int error;

	if (client->state != CLIENT_CONNECTED)
		return -ENOTCONN;
	call = calloc(1, sizeof(*call));
	if (!call)
		return -ENOMEM;
	call->done = done;
	call->user = user;
	call->discovery.procedure.done = discover_done;
	error = gatt_discover(&client->gatt, &call->discovery);
	if (error)
		free(call);
	else
		client_add_op(client, &call->op, &discover_class, ret_op);
	return error;
}

/* -- Read ----------------------------------------------------------------------------------- */

struct read_call {
	struct ble_op op;
	ble_value_func done;
	void *user;
	struct gatt_read read;
};

static void read_cancel(struct ble_op *op)
{
	struct read_call *call = container_of(op, struct read_call, op);

	gatt_cancel(&call->read.procedure);
	list_remove(&op->link);
	free(call);
}

static void read_done(struct gatt_procedure *procedure, int error)
{
	struct read_call *call = container_of(procedure, struct read_call,
					      read.procedure);
	struct ble_bytes value = { call->read.value, error ? 0 : call->read.len };

	list_remove(&call->op.link);
	call->done(call->user, error, value);
	free(call);
}

static const struct op_class read_class = { .cancel = read_cancel };

int ble_client_read(struct ble_client *client, uint16_t handle,
		    ble_value_func done, void *user, struct ble_op **ret_op)
{
	struct read_call *call;
	int error;

	if (client->state != CLIENT_CONNECTED)
		return -ENOTCONN;
	if (!handle)
		return -EINVAL;
	call = malloc(sizeof(*call));
	if (!call)
		return -ENOMEM;
	call->done = done;
	call->user = user;
	call->read.procedure.done = read_done;
	error = gatt_read(&client->gatt, &call->read, handle);
	if (error)
		free(call);
	else
		client_add_op(client, &call->op, &read_class, ret_op);
	return error;
}

/* -- Write ------------------------------------------------------------------------------------ */

struct write_call {
	struct ble_op op;
	ble_done_func done; /* NULL: cancelled, puts the peer right */
	void *user;
	struct gatt_write write;
	uint8_t value[];
};

static void write_cancel(struct ble_op *op)
{
	struct write_call *call = container_of(op, struct write_call, op);

	call->done = NULL;
	if (gatt_cancel(&call->write.procedure))
		return;
	list_remove(&op->link);
	free(call);
}

static void write_done(struct gatt_procedure *procedure, int error)
{
	struct write_call *call = container_of(procedure, struct write_call,
					       write.procedure);

	list_remove(&call->op.link);
	if (call->done)
		call->done(call->user, error);
	free(call);
}

static const struct op_class write_class = { .cancel = write_cancel };

int ble_client_write(struct ble_client *client, uint16_t handle,
		     struct ble_bytes value, ble_done_func done, void *user,
		     struct ble_op **ret_op)
{
	struct write_call *call;
	int error;

	if (client->state != CLIENT_CONNECTED)
		return -ENOTCONN;
	if (!handle)
		return -EINVAL;
	if (value.len > ATT_VALUE_MAX)
		return loop_say(client->loop, -EMSGSIZE, "the value is %zu bytes "
				"long, an attribute holds %d at most",
				value.len, ATT_VALUE_MAX);
	call = malloc(sizeof(*call) + value.len);
	if (!call)
		return -ENOMEM;
	call->done = done;
	call->user = user;
	call->write.procedure.done = write_done;
	if (value.len)
		memcpy(call->value, value.data, value.len);
	error = gatt_write(&client->gatt, &call->write, handle,
			   bytes(call->value, value.len));
	if (error)
		free(call);
	else
		client_add_op(client, &call->op, &write_class, ret_op);
	return error;
}

/* -- Write command ------------------------------------------------------------------------------- */

struct command_call {
	struct ble_op op;
	ble_done_func done;
	void *user;
	struct att_op att;
	uint8_t value[];
};

static void command_cancel(struct ble_op *op)
{
	struct command_call *call = container_of(op, struct command_call, op);

	if (op->client->att)
		att_cancel(op->client->att, &call->att);
	list_remove(&op->link);
	free(call);
}

static void command_lost(struct ble_op *op, int error)
{
	struct command_call *call = container_of(op, struct command_call, op);

	list_remove(&op->link);
	call->done(call->user, error);
	free(call);
}

static void command_done(struct att_op *att, int error)
{
	command_lost(&container_of(att, struct command_call, att)->op, error);
}

static const struct op_class command_class = {
	.cancel = command_cancel,
	.lost = command_lost,
};

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
		return loop_say(client->loop, -EMSGSIZE, "the value is %zu bytes "
				"long, a write without response carries %u here",
				value.len, client->att->mtu - 3u);
	if (!done)
		return att_submit(client->att, &once);
	call = malloc(sizeof(*call) + value.len);
	if (!call)
		return -ENOMEM;
	call->done = done;
	call->user = user;
	call->att = once;
	call->att.value.data = call->value;
	call->att.done = command_done;
	if (value.len)
		memcpy(call->value, value.data, value.len);
	error = att_submit(client->att, &call->att);
	if (error)
		free(call);
	else
		client_add_op(client, &call->op, &command_class, ret_op);
	return error;
}
