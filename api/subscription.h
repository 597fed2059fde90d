/* SPDX-License-Identifier: MIT */
/* What subscription.c and resubscribe.c share. */
#ifndef API_SUBSCRIPTION_H
#define API_SUBSCRIPTION_H

#include "api/internal.h"

enum subscription_state {
	SUBSCRIPTION_INACTIVE, /* no values, until a resubscribe */
	SUBSCRIPTION_DUE,      /* the same; a resubscribe has not come to it yet */
	SUBSCRIPTION_MOVED,    /* the same; is looked for in the new tree at once */
	SUBSCRIPTION_LOST,     /* no values; its call is going to end with an error */
	SUBSCRIPTION_OVER,     /* never again a value; the user has to free it */
	/* In its client's subscribers: active. */
	SUBSCRIPTION_ASKING,   /* call writes its configuration */
	SUBSCRIPTION_ACTIVE,
	SUBSCRIPTION_RENEWING, /* the same; to be written again */
};

struct ble_subscription {
	struct list link; /* in its client's subscriptions */
	struct ble_client *client;
	struct gatt_subscriber subscriber;
	enum subscription_state state;
	uint16_t handle;      /* of the value, in the tree that it was found in */
	struct ble_uuid uuid;
	uint8_t mode;         /* enum ble_subscribe, as the user asked */
	bool held;            /* the user has the pointer */
	ble_notified_func notified;
	void *user;
	struct configure_call *call; /* while ASKING or LOST */
};

/* A call that writes a client configuration descriptor. If no write is
 * needed, the task ends the call. */
struct configure_call {
	struct ble_op op;
	struct gatt_configuration configuration;
	bool writing;
	bool leaving; /* it unsubscribes */
	struct loop_task task;
	struct ble_subscription *subscription; /* NULL: freed meanwhile */
	/* Of a resubscribe: goes on with the next subscription. Otherwise NULL. */
	void (*next)(struct configure_call *call);
	int error; /* the first one of these */
};

struct configure_call *configure_new(struct ble_client *client, ble_done_func done,
				     void *user, int *ret_error);

/* The write ended with this error, or none was needed: updates the subscription. */
void configure_finish(struct configure_call *call, int error);

/* Registers it for values, and queues the write that this takes, if any, as one
 * of this call. */
int subscription_activate(struct ble_subscription *subscription,
			  struct configure_call *call);

/* It gets no values from now on. It is freed if the user does not hold it. state: what it
 * becomes otherwise. */
void subscription_deactivate(struct ble_subscription *subscription,
			     enum subscription_state state);

static inline struct ble_subscription *subscription_at(struct list *link)
{
	return list_entry(link, struct ble_subscription, link);
}

#endif
