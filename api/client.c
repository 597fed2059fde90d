/* SPDX-License-Identifier: MIT */
/* The client and its link. connect.c makes the link; read.c, write.c and
 * subscription.c use it. */
#include <errno.h>
#include <stdlib.h>

#include "api/internal.h"

/* -- The object ------------------------------------------------------------------- */

static void closing(struct loop_task *task);
static void room(struct loop_task *task);

static void learned(struct gatt_client *gatt)
{
	struct ble_client *client = container_of(gatt, struct ble_client, gatt);

	adapter_remember(client->adapter, &client->address, gatt->several);
}

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
	client->timeout_ms = BLE_FOREVER;
	client->closing.run = closing;
	client->room.run = room;
	gatt_client_init(&client->gatt, client->loop);
	client->gatt.learned = learned;
	client_init_service_changed(client);
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
	/* Without a link no call has to go on to clean up at the peer, so each is
	 * freed when it is cancelled. */
	client_drop_link(client);
	while (!list_empty(&client->ops))
		ble_op_cancel(list_entry(client->ops.next, struct ble_op, link));
	client_end_subscriptions(client);
	gatt_client_clear(&client->gatt);
	loop_undefer(&client->closing);
	loop_undefer(&client->room);
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
	return &client->gatt.tree;
}

/* -- The link ---------------------------------------------------------------------- */

static void on_value(void *user, uint16_t handle, struct ble_bytes value)
{
	struct ble_client *client = user;

	client->heard++;
	client_hold(client);
	gatt_notified(&client->gatt, handle, value);
	client_release(client);
}

static void room(struct loop_task *task)
{
	client_tell_writable(container_of(task, struct ble_client, room));
}

static void on_writable(void *user)
{
	struct ble_client *client = user;

	client->refused = true;
	client_tell_writable(client);
}

static void on_overrun(void *user, unsigned int packets)
{
	struct ble_client *client = user;

	if (client->overrun)
		client->overrun(client->overrun_user, packets);
}

/* Ends all calls, then the connection. */
static void end_connection(struct ble_client *client, int error, uint8_t reason,
			   bool asked)
{
	client_hold(client);
	client->state = CLIENT_CLOSING;
	gatt_client_lost(&client->gatt, error);
	while (!list_empty(&client->ops))
		op_end(list_entry(client->ops.next, struct ble_op, link), error);
	client_deactivate_subscriptions(client);
	client->state = CLIENT_IDLE;
	if (client->disconnected && client->refs)
		client->disconnected(client->disconnected_user, reason, asked);
	if (client->keeper && !loop_inherited(client->loop))
		client->keeper_disconnected(client->keeper, reason, asked);
	client_release(client);
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
	.writable = on_writable,
	.overrun = on_overrun,
};

void client_take_link(struct ble_client *client, struct att *att)
{
	/* The tree of an earlier connection may be wrong now. */
	gatt_tree_clear(&client->gatt.tree);
	client_use_cache(client);
	client->gatt.several = adapter_recall(client->adapter, &client->address);
	client->refused = false;
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
		connect_end(client->connect, -ENOTCONN);
	else
		end_connection(client, -ENOTCONN, ENDED_BY_THIS_HOST, true);
}

void ble_client_disconnect(struct ble_client *client)
{
	if (client->state == CLIENT_IDLE || client->state == CLIENT_CLOSING)
		return;
	client_drop_link(client);
	if (client->connect)
		connect_cancel_attempt(client->connect);
	else
		client->state = CLIENT_CLOSING;
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
