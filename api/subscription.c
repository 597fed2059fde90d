/* SPDX-License-Identifier: MIT */
/*
 * Subscriptions: one subscriber of one characteristic, and the calls that write
 * its client configuration descriptor. gatt/subscribe.c decides what is written.
 */
#include <errno.h>
#include <stdlib.h>

#include "api/subscription.h"

void subscription_deactivate(struct ble_subscription *subscription,
			     enum subscription_state state)
{
	if (ble_subscription_active(subscription))
		gatt_drop_subscriber(&subscription->client->connection->gatt,
				     &subscription->subscriber);
	/* The end of a connection revives none. */
	if (subscription->state != SUBSCRIPTION_OVER)
		subscription->state = state;
	if (subscription->held)
		return;
	list_remove(&subscription->link);
	free(subscription);
}

void configure_finish(struct configure_call *call, int error)
{
	struct ble_subscription *subscription = call->subscription;

	if (call->writing)
		gatt_configured(call->configuration.write.procedure.client,
				&call->configuration, error);
	call->writing = false;
	call->subscription = NULL;
	if (!subscription)
		return;
	subscription->call = NULL;
	if (subscription->state == SUBSCRIPTION_LOST)
		error = -ENOENT;
	if (!error)
		subscription->state = SUBSCRIPTION_ACTIVE;
	else
		subscription_deactivate(subscription, call->next ? SUBSCRIPTION_INACTIVE :
							   SUBSCRIPTION_OVER);
}

static void configure_call_back(struct ble_op *op, int error)
{
	struct configure_call *call = container_of(op, struct configure_call, op);

	loop_undefer(&call->task);
	if (!call->leaving)
		configure_finish(call, error);
	if (op->done)
		op->done(op->user, call->error ? call->error : error);
}

/* Removes it, and queues the write that this takes, if any, as one of the call. */
static int leave(struct ble_subscription *subscription, struct configure_call *call,
		 enum subscription_state state)
{
	int error = 0;

	if (call && ble_subscription_active(subscription)) {
		error = gatt_unsubscribe(&subscription->client->connection->gatt, &subscription->subscriber,
					 &call->configuration, &call->writing);
		subscription->state = state;
	}
	subscription_deactivate(subscription, state);
	return error;
}

/* Of a subscribe that was cancelled or timed out: deactivates the subscription.
 * The peer may have received the request, so this call goes on and unsubscribes. */
static void revert(struct configure_call *call)
{
	struct ble_subscription *subscription = call->subscription;
	bool lost = subscription && subscription->state == SUBSCRIPTION_LOST;

	call->leaving = true;
	configure_finish(call, 0);
	if (subscription && !lost)
		leave(subscription, call, call->op.silent ? SUBSCRIPTION_INACTIVE :
							    SUBSCRIPTION_OVER);
}

/* A write that unsubscribes goes on, though the user no longer waits for it. Any
 * other is cancelled: its two octets fit into one PDU, so the peer's queue of
 * prepared writes is empty. */
static bool configure_cancel(struct ble_op *op)
{
	struct configure_call *call = container_of(op, struct configure_call, op);
	bool expired = !op->silent && !op->stopped;

	loop_undefer(&call->task);
	if (call->leaving && call->writing && call->configuration.write.procedure.client->att)
		return true;
	if (call->writing)
		gatt_cancel(&call->configuration.write.procedure);
	if (!call->next && !call->leaving)
		revert(call);
	else if (call->leaving || !expired)
		configure_finish(call, 0);
	return call->leaving && call->writing;
}

static void write_done(struct gatt_procedure *procedure, int error)
{
	struct configure_call *call = container_of(procedure, struct configure_call,
						   configuration.write.procedure);

	configure_finish(call, error);
	if (!call->next || !call->op.client->att) {
		op_end(&call->op, error);
		return;
	}
	if (error && !call->error)
		call->error = error;
	call->next(call);
}

static void task_run(struct loop_task *task)
{
	op_end(&container_of(task, struct configure_call, task)->op, 0);
}

struct configure_call *configure_new(struct ble_client *client, ble_done_func done,
				     void *user, int *ret_error)
{
	static const struct op_class class = { configure_cancel, configure_call_back };
	struct configure_call *call =
		op_new(client, sizeof(*call), &class, done, user, ret_error);

	if (!call)
		return NULL;
	call->configuration.write.procedure.done = write_done;
	call->task.run = task_run;
	return call;
}

/* As op_begin(); without a write the task ends it. */
static int configure_begin(struct configure_call *call, int error,
			   struct ble_op **ret_op)
{
	error = op_begin(&call->op, error, ret_op);
	if (!error && !call->writing)
		loop_defer(call->op.client->loop, &call->task);
	return error;
}

/* -- Subscribing ------------------------------------------------------------------------ */

static void on_value(struct gatt_subscriber *subscriber, uint16_t handle,
		     struct ble_bytes value)
{
	struct ble_subscription *subscription =
		container_of(subscriber, struct ble_subscription, subscriber);

	if (subscription->notified)
		subscription->notified(subscription->user, handle, value);
}

/* While its configuration is written, the call ends with the error. */
static void on_moved(struct gatt_subscriber *subscriber)
{
	struct ble_subscription *subscription =
		container_of(subscriber, struct ble_subscription, subscriber);

	if (subscription->state == SUBSCRIPTION_ASKING) {
		subscription->state = SUBSCRIPTION_LOST;
		subscription->call->error = -ENOENT;
		return;
	}
	subscription->state = SUBSCRIPTION_MOVED;
}

static int refuse_subscribe(struct ble_client *client, uint16_t handle,
		      enum ble_subscribe mode)
{
	return loop_set_error(client->loop, -EOPNOTSUPP, "the characteristic at 0x%04x "
			      "cannot %s, or has no descriptor to configure it", handle,
			      mode == BLE_SUBSCRIBE_INDICATE ? "indicate" :
			      mode == BLE_SUBSCRIBE_NOTIFY ? "notify" :
			      "notify or indicate");
}

int subscription_activate(struct ble_subscription *subscription,
			  struct configure_call *call)
{
	struct ble_client *client = subscription->client;
	enum ble_subscribe mode = (enum ble_subscribe)subscription->mode;
	int error = gatt_subscribe(&client->connection->gatt, &subscription->subscriber,
				   subscription->handle, mode,
				   &call->configuration, &call->writing);

	if (error)
		return error == -EOPNOTSUPP ? refuse_subscribe(client, subscription->handle,
							 mode) : error;
	subscription->state = SUBSCRIPTION_ASKING;
	call->subscription = subscription;
	subscription->call = call;
	return 0;
}

int ble_client_subscribe(struct ble_client *client, uint16_t handle,
			 enum ble_subscribe mode, ble_notified_func notified,
			 void *notified_user, ble_done_func done, void *user,
			 struct ble_subscription **ret_subscription,
			 struct ble_op **ret_op)
{
	const struct ble_characteristic *c =
		ble_services_characteristic(&client->connection->gatt.tree, handle);
	struct ble_subscription *subscription;
	struct configure_call *call;
	int error;

	if ((unsigned int)mode > BLE_SUBSCRIBE_INDICATE)
		return loop_set_error(client->loop, -EINVAL, "no such way to subscribe: %d",
				      (int)mode);
	if (client->state == CLIENT_CONNECTED && !c)
		return loop_set_error(client->loop, -ENOENT, "no characteristic that was discovered "
				      "has the handle 0x%04x", handle);
	call = configure_new(client, done, user, &error);
	if (!call)
		return error;
	subscription = calloc(1, sizeof(*subscription));
	if (!subscription) {
		free(call);
		return -ENOMEM;
	}
	subscription->client = client;
	subscription->handle = c->value_handle;
	subscription->uuid = c->uuid;
	subscription->mode = (uint8_t)mode;
	subscription->held = ret_subscription;
	subscription->notified = notified;
	subscription->user = notified_user;
	subscription->subscriber.value = on_value;
	subscription->subscriber.moved = on_moved;
	error = configure_begin(call, subscription_activate(subscription, call), ret_op);
	if (error) {
		free(subscription);
		return error;
	}
	list_append(&client->subscriptions, &subscription->link);
	if (ret_subscription)
		*ret_subscription = subscription;
	return 0;
}

/* -- Unsubscribing ---------------------------------------------------------------------- */

/* A resubscribe goes on without it; its own call is cancelled. */
static void leave_call(struct ble_subscription *subscription)
{
	struct configure_call *call = subscription->call;

	if (!call)
		return;
	subscription->call = NULL;
	call->subscription = NULL;
	if (!call->next)
		ble_op_cancel(&call->op);
}

int ble_subscription_free(struct ble_subscription *subscription, ble_done_func done,
			  void *user, struct ble_op **ret_op)
{
	struct configure_call *call;
	struct ble_client *client;
	int error;

	if (!subscription) {
		if (ret_op)
			*ret_op = NULL;
		return 0;
	}
	client = subscription->client;
	leave_call(subscription);
	call = configure_new(client, done, user, &error);
	subscription->held = false;
	if (!call) {
		leave(subscription, NULL, SUBSCRIPTION_OVER);
		return error;
	}
	call->leaving = true;
	return configure_begin(call, leave(subscription, call, SUBSCRIPTION_OVER), ret_op);
}

/* -- Leaving the link --------------------------------------------------------------------- */

/* Without memory the peer goes on sending values, which are ignored. */
static void unsubscribe(struct ble_subscription *subscription)
{
	struct connection *connection = subscription->client->connection;
	int error;
	struct configure_call *call = configure_new(subscription->client, NULL, NULL, &error);

	error = leave(subscription, call, SUBSCRIPTION_INACTIVE);
	if (error || !call || !call->writing) {
		free(call);
		return;
	}
	call->leaving = true;
	call->op.silent = true;
	call->op.client = NULL;
	list_append(&connection->ops, &call->op.link);
}

void client_leave_subscriptions(struct ble_client *client)
{
	list_for_each(link, &client->subscriptions)
		if (ble_subscription_active(subscription_at(link)))
			unsubscribe(subscription_at(link));
}

/* -- Getters -------------------------------------------------------------------------- */

struct ble_client *ble_subscription_client(const struct ble_subscription *subscription)
{
	return subscription->client;
}

uint16_t ble_subscription_handle(const struct ble_subscription *subscription)
{
	return subscription->handle;
}

const struct ble_uuid *ble_subscription_uuid(const struct ble_subscription *subscription)
{
	return &subscription->uuid;
}

bool ble_subscription_active(const struct ble_subscription *subscription)
{
	return subscription->state >= SUBSCRIPTION_ASKING;
}

void subscription_disown(struct ble_subscription *subscription)
{
	subscription->held = false;
	if (!ble_subscription_active(subscription))
		subscription_deactivate(subscription, SUBSCRIPTION_OVER);
}
