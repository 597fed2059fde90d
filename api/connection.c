/* SPDX-License-Identifier: MIT */
/*
 * A link and the clients that share it. Each has its own calls, subscriptions and
 * callbacks; the queue of procedures, the tree and the notifiers are the link's. The last
 * client that leaves frees the link.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"

static struct ble_client *client_at(struct list *on_link)
{
	return list_entry(on_link, struct ble_client, on_link);
}

/* -- The object ----------------------------------------------------------------------- */

static struct connection *connection_of(struct gatt_service_changed *service_changed)
{
	return container_of(service_changed, struct connection, service_changed);
}

static void on_changed(struct gatt_service_changed *service_changed, int error, uint16_t start,
		       uint16_t end);
static void on_outdated(struct gatt_service_changed *service_changed);

static void learned(struct gatt_client *gatt)
{
	struct connection *connection = container_of(gatt, struct connection, gatt);

	adapter_remember(connection->adapter, &connection->address, gatt->several);
}

int connection_new(struct ble_adapter *adapter, struct connection **ret_connection)
{
	struct connection *connection = calloc(1, sizeof(*connection));

	if (!connection)
		return -ENOMEM;
	connection->refs = 1;
	connection->adapter = adapter;
	list_init(&connection->clients);
	list_init(&connection->ops);
	gatt_client_init(&connection->gatt, adapter->loop);
	connection->gatt.learned = learned;
	gatt_service_changed_init(&connection->service_changed, &connection->gatt);
	connection->service_changed.changed = on_changed;
	connection->service_changed.outdated = on_outdated;
	*ret_connection = connection;
	return 0;
}

static void hold(struct connection *connection)
{
	connection->held++;
}

static void release(struct connection *connection)
{
	if (--connection->held == 0 && connection->refs == 0)
		free(connection);
}

/* The last client has left the link before. */
void connection_unref(struct connection *connection)
{
	if (--connection->refs)
		return;
	/* Without a link each is freed when it is cancelled. */
	while (!list_empty(&connection->ops))
		ble_op_cancel(list_entry(connection->ops.next, struct ble_op, link));
	gatt_client_clear(&connection->gatt);
	if (!connection->held)
		free(connection);
}

/* -- Events of the link --------------------------------------------------------------- */

static void on_value(void *user, uint16_t handle, struct ble_bytes value)
{
	struct connection *connection = user;

	connection->heard++;
	hold(connection);
	gatt_notified(&connection->gatt, handle, value);
	release(connection);
}

/* Each client is told from a task of its own, as the callbacks may free any of them. */
static void on_writable(void *user)
{
	struct connection *connection = user;

	list_for_each(link, &connection->clients) {
		struct ble_client *client = client_at(link);

		client->refused |= client->full;
		client->full = false;
		loop_defer(client->loop, &client->room);
	}
}

/* For a walk that calls back: a child of fork() calls no other client back. */
static struct list *next_client(struct connection *connection)
{
	struct list *link = list_walk_next(&connection->walk);

	return link && !loop_inherited(client_at(link)->loop) ? link : NULL;
}

static void on_overrun(void *user, unsigned int packets)
{
	struct connection *connection = user;
	struct list *link;

	hold(connection);
	for (link = list_walk_first(&connection->walk, &connection->clients); link;
	     link = next_client(connection)) {
		struct ble_client *client = client_at(link);

		if (client->state == CLIENT_CONNECTED && client->overrun)
			client->overrun(client->overrun_user, packets);
	}
	release(connection);
}

/* Each client's subscriptions are renewed before the first callback. */
static void on_changed(struct gatt_service_changed *service_changed, int error, uint16_t start,
		       uint16_t end)
{
	struct connection *connection = connection_of(service_changed);
	struct list *link;

	if (!error)
		connection_renew_subscriptions(connection, start, end);
	list_for_each(l, &connection->clients)
		loop_defer(client_at(l)->loop, &client_at(l)->room);
	hold(connection);
	for (link = list_walk_first(&connection->walk, &connection->clients); link;
	     link = next_client(connection)) {
		struct ble_client *client = client_at(link);

		if (client->state == CLIENT_CONNECTED && client->changed)
			client->changed(client->changed_user, error, start, end);
	}
	release(connection);
}

static void on_outdated(struct gatt_service_changed *service_changed)
{
	list_for_each(link, &connection_of(service_changed)->clients)
		client_hold_commands(client_at(link));
}

/* The clients stay in the list. */
static void free_link(struct connection *connection)
{
	struct att *att = connection->gatt.att;

	list_for_each(link, &connection->clients) {
		client_at(link)->requests = att->requests;
		client_at(link)->att = NULL;
	}
	list_remove(&connection->up);
	connection->gatt.att = NULL;
	att_free(att);
}

/* No call can be made from the first callback on. Each client is taken off the list before
 * its callbacks, which may free any other one. */
static void on_closed(void *user, int error, uint8_t reason)
{
	struct connection *connection = user;

	hold(connection);
	list_walk_end(&connection->walk, &connection->clients);
	free_link(connection);
	list_for_each(link, &connection->clients)
		if (!client_at(link)->connect)
			client_at(link)->state = CLIENT_CLOSING;
	gatt_client_lost(&connection->gatt, -ENOTCONN);
	while (!list_empty(&connection->clients)) {
		struct ble_client *client = client_at(connection->clients.next);

		if (loop_inherited(client->loop))
			break;
		list_remove(&client->on_link);
		if (client->connect)
			connect_lost(client->connect, error, reason);
		else
			client_end(client, reason, false);
	}
	release(connection);
}

static const struct att_events link_events = {
	.value = on_value,
	.closed = on_closed,
	.writable = on_writable,
	.overrun = on_overrun,
};

/* -- Clients come ---------------------------------------------------------------------- */

bool same_peer(const struct ble_address *a, const struct ble_address *b)
{
	return !memcmp(a->octet, b->octet, sizeof(a->octet)) &&
	       (a->type == b->type || a->type == BLE_ADDRESS_UNKNOWN ||
		b->type == BLE_ADDRESS_UNKNOWN);
}

struct connection *connection_find(const struct ble_adapter *adapter,
				   const struct ble_address *address)
{
	list_for_each(link, &adapter->connections) {
		struct connection *connection = list_entry(link, struct connection, up);

		if (same_peer(&connection->address, address))
			return connection;
	}
	return NULL;
}

int client_own_connection(struct ble_client *client)
{
	struct connection *own;
	int error;

	if (client->connection->refs == 1)
		return 0;
	error = connection_new(client->adapter, &own);
	if (error)
		return error;
	connection_unref(client->connection);
	client->connection = own;
	return 0;
}

static void enter(struct ble_client *client)
{
	client->refused = client->full = false;
	client->att = client->connection->gatt.att;
	list_append(&client->connection->clients, &client->on_link);
}

void client_take_link(struct ble_client *client, struct att *att)
{
	struct connection *connection = client->connection;

	/* The tree of an earlier connection may be wrong now. */
	gatt_tree_clear(&connection->gatt.tree);
	connection->address = client->address;
	connection_use_cache(connection);
	connection->gatt.several = adapter_recall(client->adapter, &client->address);
	connection->gatt.att = att;
	att->events = &link_events;
	att->user = connection;
	enter(client);
}

void connection_set_up(struct connection *connection)
{
	if (!list_queued(&connection->up))
		list_append(&connection->adapter->connections, &connection->up);
}

void client_join(struct ble_client *client, struct connection *connection)
{
	if (client->connection != connection) {
		connection->refs++;
		connection_unref(client->connection);
		client->connection = connection;
	}
	client->address = connection->address;
	enter(client);
}

/* -- Clients go ------------------------------------------------------------------------- */

bool client_shares_link(const struct ble_client *client)
{
	const struct list *clients = &client->connection->clients;

	return client->att && clients->next != clients->prev;
}

void client_drop_link(struct ble_client *client)
{
	struct connection *connection = client->connection;

	list_walk_leave(&connection->walk, &client->on_link);
	if (!client->att)
		return;
	client->requests = client->att->requests;
	client->att = NULL;
	if (list_empty(&connection->clients))
		free_link(connection);
}

/* The last call first, so that none is started when the one before it is cancelled. */
void client_leave(struct ble_client *client)
{
	if (client_shares_link(client)) {
		for (struct list *l = client->ops.prev; l != &client->ops; l = l->prev)
			op_stop(list_entry(l, struct ble_op, link));
		client_leave_subscriptions(client);
	}
	client_drop_link(client);
}
