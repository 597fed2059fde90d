/* SPDX-License-Identifier: MIT */
/* The client. connect.c makes its link or joins it to one, connection.c has the link, read.c,
 * write.c and subscription.c use it. */
#include <errno.h>
#include <stdlib.h>

#include "api/internal.h"

/* -- The object ------------------------------------------------------------------- */

static void closing(struct loop_task *task);
static void room(struct loop_task *task);

int ble_client_new(struct ble_adapter *adapter,
		   const struct ble_address *address,
		   struct ble_client **ret_client)
{
	struct ble_client *client = calloc(1, sizeof(*client));
	int error = client ? connection_new(adapter, &client->connection) : -ENOMEM;

	if (error) {
		free(client);
		return error;
	}
	client->refs = 1;
	client->adapter = ble_adapter_ref(adapter);
	client->loop = adapter->loop;
	client->address = *address;
	client->timeout_ms = BLE_FOREVER;
	client->closing.run = closing;
	client->room.run = room;
	list_init(&client->ops);
	list_init(&client->subscriptions);
	*ret_client = client;
	return 0;
}

struct ble_client *ble_client_ref(struct ble_client *client)
{
	if (client)
		client->refs++;
	return client;
}

int ble_client_new_for_device(const struct ble_device *device,
			      struct ble_client **ret_client)
{
	return ble_client_new(ble_device_adapter(device), ble_device_address(device),
			      ret_client);
}

void client_hold(struct ble_client *client)
{
	client->held++;
}

void client_release(struct ble_client *client)
{
	if (--client->held == 0 && client->refs == 0)
		free(client);
}

struct ble_client *ble_client_unref(struct ble_client *client)
{
	if (!client || --client->refs)
		return NULL;
	/* Each call is freed when it is cancelled: without a link none has to clean up at
	 * the peer, and one that shares its link gives it what has to. */
	client_leave(client);
	while (!list_empty(&client->ops))
		ble_op_cancel(list_entry(client->ops.next, struct ble_op, link));
	client_end_subscriptions(client);
	loop_undefer(&client->closing);
	loop_undefer(&client->room);
	connection_unref(client->connection);
	ble_adapter_unref(client->adapter);
	if (!client->held)
		free(client);
	return NULL;
}

struct ble_adapter *ble_client_adapter(const struct ble_client *client)
{
	return client->adapter;
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

void ble_client_on_writable(struct ble_client *client, ble_writable_func writable,
			    void *user)
{
	client->writable = writable;
	client->writable_user = user;
}

void ble_client_on_overrun(struct ble_client *client, ble_overrun_func overrun, void *user)
{
	client->overrun = overrun;
	client->overrun_user = user;
}

void ble_client_on_changed(struct ble_client *client, ble_changed_func callback,
			   void *user)
{
	client->changed = callback;
	client->changed_user = user;
}

bool ble_client_connected(const struct ble_client *client)
{
	return client->state == CLIENT_CONNECTED;
}

uint16_t ble_client_mtu(const struct ble_client *client)
{
	return client->att ? client->att->mtu : 0;
}

uint16_t ble_client_max_write_command(const struct ble_client *client)
{
	return client->att ? (uint16_t)(client->att->mtu - 3) : 0;
}

void ble_client_set_timeout(struct ble_client *client, int ms)
{
	client->timeout_ms = ms;
	client->timeout_set = true;
}

unsigned int ble_client_requests(const struct ble_client *client)
{
	return client->att ? client->att->requests : client->requests;
}

const struct ble_services *ble_client_services(const struct ble_client *client)
{
	return &client->connection->gatt.tree;
}

/* -- The end of a connection ------------------------------------------------------------ */

static void room(struct loop_task *task)
{
	client_tell_writable(container_of(task, struct ble_client, room));
}

void client_end(struct ble_client *client, uint8_t reason, bool asked)
{
	client_hold(client);
	client->state = CLIENT_CLOSING;
	while (!list_empty(&client->ops))
		op_end_stopped(list_entry(client->ops.next, struct ble_op, link), -ENOTCONN);
	client_deactivate_subscriptions(client);
	client->state = CLIENT_IDLE;
	if (client->disconnected && client->refs)
		client->disconnected(client->disconnected_user, reason, asked);
	if (client->keeper && !loop_inherited(client->loop))
		client->keeper_disconnected(client->keeper, reason, asked);
	client_release(client);
}

/* -- Disconnecting ------------------------------------------------------------------- */

enum { ENDED_BY_THIS_HOST = 0x16 };

static void closing(struct loop_task *task)
{
	struct ble_client *client = container_of(task, struct ble_client, closing);

	if (client->connect) {
		connect_end(client->connect, -ENOTCONN);
		return;
	}
	client_hold(client);
	if (!client->connection->gatt.att)
		gatt_client_lost(&client->connection->gatt, -ENOTCONN);
	client_end(client, ENDED_BY_THIS_HOST, true);
	client_release(client);
}

void ble_client_disconnect(struct ble_client *client)
{
	if (client->state == CLIENT_IDLE || client->state == CLIENT_CLOSING)
		return;
	if (client->connect) {
		client_drop_link(client);
		connect_cancel_attempt(client->connect);
	} else {
		client_leave(client);
		client->state = CLIENT_CLOSING;
	}
	loop_defer(client->loop, &client->closing);
}

int ble_client_disconnect_sync(struct ble_client *client)
{
	struct ble_loop *loop = client->loop;
	int error = loop_may_run(loop);

	if (error)
		return error;
	ble_loop_ref(loop);
	client_hold(client);
	ble_client_disconnect(client);
	/* The state does not tell: the callback may have connected again. */
	while (list_queued(&client->closing.link) && !error)
		error = ble_loop_dispatch(loop, -1);
	/* It has succeeded, so the interrupt is left for the next call. */
	if (error == -EINTR && !list_queued(&client->closing.link)) {
		ble_loop_interrupt(loop);
		error = 0;
	}
	if (!error && !client->refs)
		error = -ECANCELED;
	client_release(client);
	ble_loop_unref(loop);
	return error;
}
