/* SPDX-License-Identifier: MIT */
/* Subscriptions: the user's side of gatt/subscribe.c. */
#include <errno.h>
#include <stdlib.h>

#include "api/internal.h"

struct ble_subscription {
	struct list link; /* in its client's subscriptions */
	struct ble_client *client;
	struct gatt_subscriber subscriber; /* without a notifier it rests */
	uint16_t handle;      /* of the value, in the tree that it was found in */
	struct ble_uuid uuid;
	uint8_t mode;         /* enum ble_subscribe, as it was asked for */
	bool held;            /* the user has the pointer */
	bool due;             /* a resubscribe comes to it yet */
	ble_notified_func notified;
	void *user;
	struct configure_call *call; /* that is telling the peer of it */
};

/* A call that tells the peer: by the configuration, or by nothing at all where
 * it has nothing to learn; then the task ends it. */
struct configure_call {
	struct ble_op op;
	struct gatt_configuration configuration;
	bool writing;
	bool leaving; /* what it tells the peer is that nobody listens */
	struct loop_task task;
	struct ble_subscription *subscription; /* NULL: it left meanwhile */
	bool all; /* goes on with the next one that is due */
	int error; /* the first of these */
};

/* Rests, or is gone where nobody holds it. */
static void rest(struct ble_subscription *subscription)
{
	if (subscription->subscriber.notifier)
		gatt_drop_subscriber(&subscription->client->gatt,
				     &subscription->subscriber);
	subscription->subscriber.notifier = NULL;
	if (subscription->held)
		return;
	list_remove(&subscription->link);
	free(subscription);
}

/* The peer was told, or could not be. */
static void settle(struct configure_call *call, int error)
{
	struct ble_subscription *subscription = call->subscription;

	if (call->writing)
		gatt_configured(&call->op.client->gatt, &call->configuration, error);
	call->writing = false;
	call->subscription = NULL;
	if (!subscription)
		return;
	subscription->call = NULL;
	if (error)
		rest(subscription);
}

static void configure_tell(struct ble_op *op, int error)
{
	struct configure_call *call = container_of(op, struct configure_call, op);

	loop_undefer(&call->task);
	if (!call->leaving)
		settle(call, error);
	if (op->done)
		op->done(op->user, call->error ? call->error : error);
}

/* The subscription that was asked for and nobody waits for any more rests. The
 * peer may have heard of it, so this call goes on and tells it otherwise. */
static void take_back(struct configure_call *call)
{
	struct ble_subscription *subscription = call->subscription;
	struct gatt_client *gatt = &call->op.client->gatt;

	call->leaving = true;
	settle(call, 0);
	if (!subscription)
		return;
	if (gatt->att && subscription->subscriber.notifier) {
		gatt_unsubscribe(gatt, &subscription->subscriber,
				 &call->configuration, &call->writing);
		subscription->subscriber.notifier = NULL;
	}
	rest(subscription);
}

/* That nobody listens is told the peer, whoever still wants to know when. Two
 * octets fit into every PDU, so any other write need not be put right. */
static bool configure_stop(struct ble_op *op)
{
	struct configure_call *call = container_of(op, struct configure_call, op);
	bool expired = !op->silent;

	loop_undefer(&call->task);
	if (call->leaving && call->writing && op->client->att)
		return true;
	if (call->writing)
		gatt_cancel(&call->configuration.write.procedure);
	if (!call->all && !call->leaving)
		take_back(call);
	else if (call->leaving || !expired)
		settle(call, 0);
	return call->leaving && call->writing;
}

static void next_due(struct configure_call *call);

static void write_done(struct gatt_procedure *procedure, int error)
{
	struct configure_call *call = container_of(procedure, struct configure_call,
						   configuration.write.procedure);

	settle(call, error);
	if (!call->all || !call->op.client->att) {
		op_end(&call->op, error);
		return;
	}
	if (error && !call->error)
		call->error = error;
	next_due(call);
}

static void task_run(struct loop_task *task)
{
	op_end(&container_of(task, struct configure_call, task)->op, 0);
}

static struct configure_call *new_call(struct ble_client *client,
				       ble_done_func done, void *user,
				       int *ret_error)
{
	static const struct op_class class = { configure_stop, configure_tell };
	struct configure_call *call =
		op_new(client, sizeof(*call), &class, done, user, ret_error);

	if (!call)
		return NULL;
	call->configuration.write.procedure.done = write_done;
	call->task.run = task_run;
	return call;
}

static int begin_call(struct configure_call *call, int error, struct ble_op **ret_op)
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

static int say_unable(struct ble_client *client, uint16_t handle,
		      enum ble_subscribe mode)
{
	return loop_say(client->loop, -EOPNOTSUPP, "the characteristic at 0x%04x "
			"cannot %s, or has no descriptor to configure it", handle,
			mode == BLE_SUBSCRIBE_INDICATE ? "indicate" :
			mode == BLE_SUBSCRIBE_NOTIFY ? "notify" :
			"notify or indicate");
}

/* Puts it in place, and queues what the peer is to be told by this call. */
static int join(struct ble_subscription *subscription, struct configure_call *call)
{
	struct ble_client *client = subscription->client;
	enum ble_subscribe mode = (enum ble_subscribe)subscription->mode;
	int error = gatt_subscribe(&client->gatt, &subscription->subscriber,
				   subscription->handle, mode,
				   &call->configuration, &call->writing);

	if (error) {
		subscription->subscriber.notifier = NULL;
		return error == -EOPNOTSUPP ? say_unable(client, subscription->handle,
							 mode) : error;
	}
	call->subscription = subscription;
	subscription->call = call;
	return 0;
}

int client_subscribe(struct ble_client *client, uint16_t handle,
		     enum ble_subscribe mode, ble_notified_func notified,
		     void *user, ble_done_func done, void *done_user,
		     struct ble_subscription **ret_subscription,
		     struct ble_op **ret_op)
{
	const struct ble_characteristic *c =
		ble_services_characteristic(&client->gatt.tree.view, handle);
	struct ble_subscription *subscription;
	struct configure_call *call;
	int error;

	if ((unsigned int)mode > BLE_SUBSCRIBE_INDICATE)
		return loop_say(client->loop, -EINVAL, "no such way to subscribe: %d",
				(int)mode);
	if (client->state == CLIENT_CONNECTED && !c)
		return loop_say(client->loop, -ENOENT, "no characteristic that was discovered "
				"has the handle 0x%04x", handle);
	call = new_call(client, done, done_user, &error);
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
	subscription->user = user;
	subscription->subscriber.value = on_value;
	error = begin_call(call, join(subscription, call), ret_op);
	if (error) {
		free(subscription);
		return error;
	}
	list_append(&client->subscriptions, &subscription->link);
	if (ret_subscription)
		*ret_subscription = subscription;
	return 0;
}

int ble_client_subscribe(struct ble_client *client, uint16_t handle,
			 enum ble_subscribe mode, ble_notified_func notified,
			 ble_done_func done, void *user,
			 struct ble_subscription **ret_subscription,
			 struct ble_op **ret_op)
{
	return client_subscribe(client, handle, mode, notified, user, done, user,
				ret_subscription, ret_op);
}

/* -- Unsubscribing ---------------------------------------------------------------------- */

/* A resubscribe goes on without it; its own call is over. */
static void leave_call(struct ble_subscription *subscription)
{
	struct configure_call *call = subscription->call;

	if (!call)
		return;
	subscription->call = NULL;
	call->subscription = NULL;
	if (!call->all)
		ble_op_cancel(&call->op);
}

int ble_subscription_free(struct ble_subscription *subscription, ble_done_func done,
		    void *user, struct ble_op **ret_op)
{
	struct configure_call *call;
	struct ble_client *client;
	int error;

	if (ret_op)
		*ret_op = NULL;
	if (!subscription)
		return 0;
	client = subscription->client;
	leave_call(subscription);
	call = new_call(client, done, user, &error);
	if (call)
		call->leaving = true;
	if (call && subscription->subscriber.notifier) {
		error = gatt_unsubscribe(&client->gatt, &subscription->subscriber,
					 &call->configuration, &call->writing);
		subscription->subscriber.notifier = NULL;
	}
	subscription->held = false;
	rest(subscription);
	return call ? begin_call(call, error, ret_op) : error;
}

/* -- All of a client's ------------------------------------------------------------------ */

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
	return subscription->subscriber.notifier;
}

void subscription_let_go(struct ble_subscription *subscription)
{
	subscription->held = false;
	if (!ble_subscription_active(subscription))
		rest(subscription);
}

static struct ble_subscription *subscription_at(struct list *link)
{
	return list_entry(link, struct ble_subscription, link);
}

void client_rest_subscriptions(struct ble_client *client)
{
	list_for_each(link, &client->subscriptions)
		rest(subscription_at(link));
}

void client_end_subscriptions(struct ble_client *client)
{
	list_for_each(link, &client->subscriptions) {
		subscription_at(link)->held = false;
		rest(subscription_at(link));
	}
}

/* -- Resubscribing ------------------------------------------------------------------------ */

/* Finds its characteristic in the tree of now. */
static int find_again(struct ble_subscription *subscription)
{
	const struct ble_services *tree = &subscription->client->gatt.tree.view;
	const struct ble_characteristic *c =
		ble_services_characteristic(tree, subscription->handle);
	int error = 0;

	if (!c || c->value_handle != subscription->handle ||
	    !ble_uuid_equal(&c->uuid, &subscription->uuid))
		error = ble_services_find(tree, &subscription->uuid, &c);
	if (!error)
		subscription->handle = c->value_handle;
	return error;
}

/* Asks for it again. */
static int renew(struct ble_subscription *subscription, struct configure_call *call)
{
	int error = gatt_renew(&subscription->client->gatt, &subscription->subscriber,
			       &call->configuration, &call->writing);

	if (call->writing) {
		call->subscription = subscription;
		subscription->call = call;
	}
	return error;
}

static struct ble_subscription *pop_due(struct ble_client *client)
{
	list_for_each(link, &client->subscriptions) {
		struct ble_subscription *subscription = subscription_at(link);

		if (!subscription->due)
			continue;
		subscription->due = false;
		return subscription;
	}
	return NULL;
}

/* Goes on until there is something to tell the peer; the rest follows once it
 * was told. The end comes from the next dispatch. */
static void next_due(struct configure_call *call)
{
	struct ble_subscription *subscription;

	while (!call->writing && (subscription = pop_due(call->op.client))) {
		bool active = ble_subscription_active(subscription);
		int error = active ? renew(subscription, call)
				   : find_again(subscription);

		if (!error && !active)
			error = join(subscription, call);
		if (!call->writing)
			settle(call, error);
		if (error && !call->error)
			call->error = error;
		if (error)
			rest(subscription);
	}
	if (!call->writing)
		loop_defer(call->op.client->loop, &call->task);
}

int ble_client_resubscribe(struct ble_client *client, ble_done_func done,
			   void *user, struct ble_op **ret_op)
{
	struct configure_call *call;
	int error;

	call = new_call(client, done, user, &error);
	if (!call)
		return error;
	call->all = true;
	list_for_each(link, &client->subscriptions)
		if (!ble_subscription_active(subscription_at(link)))
			subscription_at(link)->due = true;
	op_begin(&call->op, 0, ret_op);
	next_due(call);
	return 0;
}

/* -- Another tree --------------------------------------------------------------------------- */

/* The peer cannot be asked again just now: what it may have forgotten is not to
 * be waited for. */
static void rest_due(struct ble_client *client)
{
	list_for_each(link, &client->subscriptions) {
		struct ble_subscription *s = subscription_at(link);

		if (!s->due)
			continue;
		s->due = false;
		rest(s);
	}
}

/* A call that is telling the peer of it goes on, and then knows better. */
static void leave_old(struct ble_subscription *subscription)
{
	gatt_drop_subscriber(&subscription->client->gatt, &subscription->subscriber);
	subscription->subscriber.notifier = NULL;
	if (subscription->call)
		subscription->call->error = -ENOENT;
}

void client_renew_subscriptions(struct ble_client *client, uint16_t start,
				uint16_t end)
{
	struct configure_call *call;
	bool any = false;
	int error;

	list_for_each(link, &client->subscriptions) {
		struct ble_subscription *s = subscription_at(link);

		if (!ble_subscription_active(s) || s->handle < start || s->handle > end)
			continue;
		if (!gatt_stands(&client->gatt, &s->subscriber))
			leave_old(s);
		if (!s->call)
			any = s->due = true;
	}
	if (!any)
		return;
	call = new_call(client, NULL, NULL, &error);
	if (!call) {
		rest_due(client);
		return;
	}
	call->all = true;
	op_begin(&call->op, 0, NULL);
	next_due(call);
}
