/* SPDX-License-Identifier: MIT */
/* All subscriptions of a client: at the end of a connection, after a reconnect,
 * and when the peer's tree has changed. */
#include <errno.h>

#include "api/subscription.h"

void client_deactivate_subscriptions(struct ble_client *client)
{
	list_for_each(link, &client->subscriptions)
		subscription_deactivate(subscription_at(link), SUBSCRIPTION_INACTIVE);
}

void client_end_subscriptions(struct ble_client *client)
{
	list_for_each(link, &client->subscriptions) {
		subscription_at(link)->held = false;
		subscription_deactivate(subscription_at(link), SUBSCRIPTION_OVER);
	}
}

/* -- Resubscribing ------------------------------------------------------------------------ */

/* Finds its characteristic in the current tree. */
static int find_characteristic(struct ble_subscription *subscription)
{
	const struct ble_services *tree = &subscription->client->connection->gatt.tree;
	const struct ble_characteristic *c =
		ble_services_characteristic(tree, subscription->handle);
	int error = 0;

	if (!c || c->value_handle != subscription->handle ||
	    !ble_uuid_equal(&c->uuid, &subscription->uuid))
		error = ble_services_find_characteristic(tree, &subscription->uuid, &c);
	if (!error)
		subscription->handle = c->value_handle;
	return error;
}

/* Writes its configuration again. */
static int renew(struct ble_subscription *subscription, struct configure_call *call)
{
	int error = gatt_resubscribe(&subscription->client->connection->gatt, &subscription->subscriber,
				     &call->configuration, &call->writing);

	if (call->writing) {
		subscription->state = SUBSCRIPTION_ASKING;
		call->subscription = subscription;
		subscription->call = call;
	}
	return error;
}

static struct ble_subscription *pop_due(struct ble_client *client)
{
	list_for_each(link, &client->subscriptions) {
		struct ble_subscription *subscription = subscription_at(link);

		if (subscription->state == SUBSCRIPTION_DUE)
			subscription->state = SUBSCRIPTION_INACTIVE;
		else if (subscription->state == SUBSCRIPTION_RENEWING)
			subscription->state = SUBSCRIPTION_ACTIVE;
		else
			continue;
		return subscription;
	}
	return NULL;
}

/* Activates one subscription after the other until one takes a write; its end
 * calls this again. The task ends the call after the last one. */
static void next_due(struct configure_call *call)
{
	struct ble_subscription *subscription;

	while (!call->writing && (subscription = pop_due(call->op.client))) {
		bool active = ble_subscription_active(subscription);
		int error = active ? renew(subscription, call)
				   : find_characteristic(subscription);

		if (!error && !active)
			error = subscription_activate(subscription, call);
		if (!call->writing)
			configure_finish(call, error);
		if (error && !call->error)
			call->error = error;
		if (error)
			subscription_deactivate(subscription, SUBSCRIPTION_INACTIVE);
	}
	if (!call->writing)
		loop_defer(call->op.client->loop, &call->task);
}

int ble_client_resubscribe(struct ble_client *client, ble_done_func done,
			   void *user, struct ble_op **ret_op)
{
	struct configure_call *call;
	int error;

	call = configure_new(client, done, user, &error);
	if (!call)
		return error;
	call->next = next_due;
	list_for_each(link, &client->subscriptions)
		if (subscription_at(link)->state == SUBSCRIPTION_INACTIVE)
			subscription_at(link)->state = SUBSCRIPTION_DUE;
	op_begin(&call->op, 0, ret_op);
	next_due(call);
	return 0;
}

/* -- Another tree --------------------------------------------------------------------------- */

/* There was no memory for the call: the peer may have forgotten these. */
static void deactivate_due(struct ble_client *client)
{
	list_for_each(link, &client->subscriptions) {
		struct ble_subscription *s = subscription_at(link);

		if (s->state == SUBSCRIPTION_DUE || s->state == SUBSCRIPTION_RENEWING)
			subscription_deactivate(s, SUBSCRIPTION_INACTIVE);
	}
}

static void renew_subscriptions(struct ble_client *client, uint16_t start, uint16_t end)
{
	struct configure_call *call;
	bool any = false;
	int error;

	list_for_each(link, &client->subscriptions) {
		struct ble_subscription *s = subscription_at(link);

		if (s->state == SUBSCRIPTION_MOVED)
			s->state = SUBSCRIPTION_DUE;
		else if (s->state == SUBSCRIPTION_ACTIVE && s->handle >= start && s->handle <= end)
			s->state = SUBSCRIPTION_RENEWING;
		else
			continue;
		any = true;
	}
	if (!any)
		return;
	call = configure_new(client, NULL, NULL, &error);
	if (!call) {
		deactivate_due(client);
		return;
	}
	call->next = next_due;
	op_begin(&call->op, 0, NULL);
	next_due(call);
}

void connection_renew_subscriptions(struct connection *connection, uint16_t start,
				    uint16_t end)
{
	list_for_each(link, &connection->clients)
		renew_subscriptions(list_entry(link, struct ble_client, on_link), start, end);
}
