/* SPDX-License-Identifier: MIT */
/* Subscriptions: the user's side of gatt/subscribe.c. */
#include <errno.h>
#include <stdlib.h>

#include "api/internal.h"

struct ble_subscription {
	struct list link; /* in its client's subscriptions */
	struct ble_client *client;
	struct gatt_subscriber subscriber;
	ble_notified_func notified;
	void *user;
	struct configure_call *call; /* its subscribe call while under way */
};

/* A subscribe or unsubscribe call under way. The peer is told by the
 * configuration; where it has nothing to learn the task calls back. */
struct configure_call {
	struct ble_op op;
	struct gatt_configuration configuration;
	bool write;
	struct loop_task task;
	struct ble_subscription *subscription; /* NULL: unsubscribing */
	ble_done_func done;                    /* may be NULL there */
	void *user;
};

static void free_subscription(struct ble_subscription *subscription)
{
	list_remove(&subscription->link);
	free(subscription);
}

static void configured(struct configure_call *call, int error)
{
	struct ble_subscription *subscription = call->subscription;
	struct ble_client *client = call->op.client;

	list_remove(&call->op.link);
	loop_undefer(&call->task);
	if (call->write)
		gatt_configured(&client->gatt, &call->configuration, error);
	if (subscription) {
		subscription->call = NULL;
		if (error) {
			gatt_drop_subscriber(&client->gatt, &subscription->subscriber);
			free_subscription(subscription);
		}
	}
	if (call->done)
		call->done(call->user, error);
	free(call);
}

static void write_done(struct gatt_procedure *procedure, int error)
{
	configured(container_of(procedure, struct configure_call,
				configuration.write.procedure), error);
}

static void task_run(struct loop_task *task)
{
	configured(container_of(task, struct configure_call, task), 0);
}

static void call_lost(struct ble_op *op, int error)
{
	configured(container_of(op, struct configure_call, op), error);
}

/* Two octets fit into every PDU, so the write never has to be put right. */
static void call_cancel(struct ble_op *op)
{
	struct configure_call *call = container_of(op, struct configure_call, op);
	struct ble_subscription *subscription = call->subscription;

	if (call->write) {
		gatt_cancel(&call->configuration.write.procedure);
		gatt_configured(&op->client->gatt, &call->configuration, 0);
	}
	if (subscription)
		subscription->call = NULL;
	loop_undefer(&call->task);
	list_remove(&op->link);
	free(call);
}

static const struct op_class configure_class = {
	.cancel = call_cancel,
	.lost = call_lost,
};

static struct configure_call *new_call(struct ble_subscription *subscription,
				       ble_done_func done, void *user)
{
	struct configure_call *call = calloc(1, sizeof(*call));

	if (!call)
		return NULL;
	call->configuration.write.procedure.done = write_done;
	call->task.run = task_run;
	call->subscription = subscription;
	call->done = done;
	call->user = user;
	return call;
}

static void begin_call(struct ble_client *client, struct configure_call *call,
		       struct ble_op **ret_op)
{
	client_add_op(client, &call->op, &configure_class, ret_op);
	if (!call->write)
		loop_defer(client->loop, &call->task);
}

/* -- Subscribing ------------------------------------------------------------------------ */

static void on_value(struct gatt_subscriber *subscriber, uint16_t handle,
		     struct ble_bytes value)
{
	struct ble_subscription *subscription =
		container_of(subscriber, struct ble_subscription, subscriber);

	subscription->notified(subscription->user, handle, value);
}

int client_subscribe(struct ble_client *client, uint16_t handle,
		     enum ble_subscribe mode, ble_notified_func notified,
		     void *user, ble_done_func done, void *done_user,
		     struct ble_subscription **ret_subscription)
{
	struct ble_subscription *subscription;
	struct configure_call *call;
	int error = -ENOMEM;

	if (client->state != CLIENT_CONNECTED)
		return -ENOTCONN;
	subscription = calloc(1, sizeof(*subscription));
	call = new_call(subscription, done, done_user);
	if (!subscription || !call)
		goto fail;
	subscription->client = client;
	subscription->notified = notified;
	subscription->user = user;
	subscription->subscriber.value = on_value;
	error = gatt_subscribe(&client->gatt, &subscription->subscriber, handle,
			       mode, &call->configuration, &call->write);
	if (error == -EOPNOTSUPP)
		loop_say(client->loop, error, "the characteristic at 0x%04x "
			 "cannot %s", handle,
			 mode == BLE_SUBSCRIBE_INDICATE ? "indicate" :
			 mode == BLE_SUBSCRIBE_NOTIFY ? "notify" :
			 "notify or indicate");
	if (error)
		goto fail;
	subscription->call = call;
	list_append(&client->subscriptions, &subscription->link);
	begin_call(client, call, NULL);
	if (ret_subscription)
		*ret_subscription = subscription;
	return 0;
fail:
	free(subscription);
	free(call);
	return error;
}

int ble_client_subscribe(struct ble_client *client, uint16_t handle,
			 enum ble_subscribe mode, ble_notified_func notified,
			 ble_done_func done, void *user,
			 struct ble_subscription **ret_subscription)
{
	return client_subscribe(client, handle, mode, notified, user, done, user,
				ret_subscription);
}

int client_unsubscribe(struct ble_subscription *subscription,
		       ble_done_func done, void *user, struct ble_op **ret_op)
{
	struct ble_client *client = subscription->client;
	struct configure_call *call = new_call(NULL, done, user);
	int error = -ENOMEM;

	if (subscription->call)
		call_cancel(&subscription->call->op);
	if (call)
		error = gatt_unsubscribe(&client->gatt, &subscription->subscriber,
					 &call->configuration, &call->write);
	else
		gatt_drop_subscriber(&client->gatt, &subscription->subscriber);
	free_subscription(subscription);
	if (error)
		free(call);
	else
		begin_call(client, call, ret_op);
	return error;
}

int ble_unsubscribe(struct ble_subscription *subscription, ble_done_func done,
		    void *user)
{
	return client_unsubscribe(subscription, done, user, NULL);
}

struct ble_client *subscription_client(const struct ble_subscription *subscription)
{
	return subscription->client;
}

void client_end_subscriptions(struct ble_client *client)
{
	while (!list_empty(&client->subscriptions)) {
		struct ble_subscription *subscription =
			list_entry(client->subscriptions.next,
				   struct ble_subscription, link);

		gatt_drop_subscriber(&client->gatt, &subscription->subscriber);
		free_subscription(subscription);
	}
}
