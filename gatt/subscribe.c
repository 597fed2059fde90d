/* SPDX-License-Identifier: MIT */
/*
 * Subscribers of notifications and indications. A characteristic with subscribers
 * has one notifier; the peer's configuration is written only when the combined setting
 * changes.
 */
#include "gatt/gatt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

enum { CLIENT_CONFIGURATION = 0x2902 };

struct gatt_notifier {
	uint16_t handle;        /* of the value */
	uint16_t configuration; /* handle of its descriptor */
	unsigned int number;    /* distinguishes it from an earlier one with the same handle */
	uint8_t bits;           /* the peer's configuration after our writes */
	unsigned int writes;    /* without a response so far */
	struct list subscribers;
};

/* The index of the first notifier whose handle is not below this one. */
static size_t place(const struct gatt_client *client, uint16_t handle)
{
	size_t low = 0, high = client->notifiers.count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (client->notifiers.sorted[middle]->handle < handle)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct gatt_notifier *find(struct gatt_client *client, uint16_t handle)
{
	size_t i = place(client, handle);

	if (i == client->notifiers.count || client->notifiers.sorted[i]->handle != handle)
		return NULL;
	return client->notifiers.sorted[i];
}

static void free_notifier(struct gatt_client *client, struct gatt_notifier *notifier)
{
	size_t i = place(client, notifier->handle);
	struct gatt_notifier **at = &client->notifiers.sorted[i];

	memmove(at, at + 1, (--client->notifiers.count - i) * sizeof(*at));
	free(notifier);
	if (client->notifiers.count)
		return;
	free(client->notifiers.sorted);
	client->notifiers.sorted = NULL;
}

static int insert(struct gatt_client *client, struct gatt_notifier *notifier)
{
	size_t i = place(client, notifier->handle), count = client->notifiers.count;
	struct gatt_notifier **sorted = client->notifiers.sorted;

	/* Room for 2, 4, 8, ... */
	if (count == 0 || (count > 1 && !(count & (count - 1)))) {
		sorted = realloc(client->notifiers.sorted,
				 (count ? 2 * count : 2) * sizeof(*sorted));
		if (!sorted)
			return -ENOMEM;
		client->notifiers.sorted = sorted;
	}
	memmove(sorted + i + 1, sorted + i, (count - i) * sizeof(*sorted));
	sorted[i] = notifier;
	client->notifiers.count++;
	return 0;
}

static int new_notifier(struct gatt_client *client,
			const struct ble_characteristic *characteristic,
			struct gatt_notifier **ret_notifier)
{
	struct ble_uuid uuid = ble_uuid16(CLIENT_CONFIGURATION);
	const struct ble_descriptor *configuration =
		ble_characteristic_find_descriptor(characteristic, &uuid);
	struct gatt_notifier *notifier;

	if (!configuration)
		return -EOPNOTSUPP;
	notifier = calloc(1, sizeof(*notifier));
	if (!notifier)
		return -ENOMEM;
	notifier->handle = characteristic->value_handle;
	notifier->configuration = configuration->handle;
	notifier->number = ++client->notifiers.made;
	list_init(&notifier->subscribers);
	if (insert(client, notifier)) {
		free(notifier);
		return -ENOMEM;
	}
	*ret_notifier = notifier;
	return 0;
}

static uint8_t wanted(const struct gatt_notifier *notifier)
{
	uint8_t bits = 0;

	list_for_each(link, &notifier->subscribers)
		bits |= list_entry(link, struct gatt_subscriber, link)->mode;
	return bits;
}

/* Writes the configuration if it differs from the peer's. Before the response to an
 * earlier write it is not known whether the peer accepted it, so it is written again:
 * then each subscriber gets the error of a refusal. */
static int tell(struct gatt_client *client, struct gatt_notifier *notifier,
		struct gatt_configuration *configuration, bool *ret_write)
{
	uint8_t bits = wanted(notifier);
	int error;

	*ret_write = false;
	if (bits == notifier->bits && !notifier->writes)
		return 0;
	configuration->handle = notifier->handle;
	configuration->notifier = notifier->number;
	configuration->before = notifier->bits;
	put_le16(configuration->octets, bits);
	error = gatt_write(client, &configuration->write, notifier->configuration,
			   bytes(configuration->octets, 2));
	if (!error) {
		notifier->bits = bits;
		notifier->writes++;
		*ret_write = true;
	}
	return error;
}

/* AUTO prefers notifications: they need no confirmation. 0: not possible. */
static uint8_t settle(enum ble_subscribe mode, uint8_t properties)
{
	uint8_t modes = (uint8_t)((properties & BLE_NOTIFY ? BLE_SUBSCRIBE_NOTIFY : 0) |
				  (properties & BLE_INDICATE ? BLE_SUBSCRIBE_INDICATE : 0));

	if (mode == BLE_SUBSCRIBE_AUTO)
		return modes & BLE_SUBSCRIBE_NOTIFY ? BLE_SUBSCRIBE_NOTIFY : modes;
	return (uint8_t)(modes & mode);
}

int gatt_subscribe(struct gatt_client *client, struct gatt_subscriber *subscriber,
		   uint16_t handle, enum ble_subscribe mode,
		   struct gatt_configuration *configuration, bool *ret_write)
{
	const struct ble_characteristic *characteristic =
		ble_services_characteristic(&client->tree, handle);
	struct gatt_notifier *notifier;
	int error = 0;

	if (!characteristic)
		return -ENOENT;
	subscriber->mode = settle(mode, characteristic->properties);
	if (!subscriber->mode)
		return -EOPNOTSUPP;
	notifier = find(client, characteristic->value_handle);
	if (!notifier)
		error = new_notifier(client, characteristic, &notifier);
	if (error)
		return error;
	subscriber->notifier = notifier;
	list_append(&notifier->subscribers, &subscriber->link);
	error = tell(client, notifier, configuration, ret_write);
	if (error)
		gatt_drop_subscriber(client, subscriber);
	return error;
}

void gatt_configurations_unknown(struct gatt_client *client, uint16_t start, uint16_t end,
				 const struct gatt_subscriber *except)
{
	for (size_t i = 0; i < client->notifiers.count; i++) {
		struct gatt_notifier *n = client->notifiers.sorted[i];

		if (n->configuration >= start && n->handle <= end &&
		    n != except->notifier)
			n->bits = 0;
	}
}

int gatt_resubscribe(struct gatt_client *client, struct gatt_subscriber *subscriber,
		     struct gatt_configuration *configuration, bool *ret_write)
{
	return tell(client, subscriber->notifier, configuration, ret_write);
}

static void free_if_unused(struct gatt_client *client, struct gatt_notifier *notifier)
{
	if (!list_empty(&notifier->subscribers))
		return;
	list_walk_end(&client->walk, &notifier->subscribers);
	free_notifier(client, notifier);
}

int gatt_unsubscribe(struct gatt_client *client, struct gatt_subscriber *subscriber,
		     struct gatt_configuration *configuration, bool *ret_write)
{
	struct gatt_notifier *notifier = subscriber->notifier;
	int error;

	list_walk_leave(&client->walk, &subscriber->link);
	error = tell(client, notifier, configuration, ret_write);
	free_if_unused(client, notifier);
	return error;
}

void gatt_configured(struct gatt_client *client,
		     const struct gatt_configuration *configuration, int error)
{
	struct gatt_notifier *notifier = find(client, configuration->handle);

	if (!notifier || notifier->number != configuration->notifier)
		return; /* its last subscriber left meanwhile */
	notifier->writes--;
	if (error && notifier->bits == configuration->octets[0])
		notifier->bits = configuration->before;
}

void gatt_drop_subscriber(struct gatt_client *client,
			  struct gatt_subscriber *subscriber)
{
	list_walk_leave(&client->walk, &subscriber->link);
	free_if_unused(client, subscriber->notifier);
}

static struct gatt_subscriber *first_lost(const struct gatt_client *client,
					  const struct gatt_notifier *notifier, bool moved)
{
	const struct ble_characteristic *c =
		ble_services_characteristic(&client->tree, notifier->handle);

	list_for_each(link, &notifier->subscribers) {
		struct gatt_subscriber *s = list_entry(link, struct gatt_subscriber, link);

		/* A tree of chosen services may say nothing of it. */
		if (moved || (c && !settle((enum ble_subscribe)s->mode, c->properties)))
			return s;
	}
	return NULL;
}

/* The first of all, as moved() may remove others. */
static struct gatt_subscriber *find_lost(const struct gatt_client *client,
					 const struct ble_services *was, bool whole)
{
	struct gatt_subscriber *lost = NULL;

	for (size_t i = 0; !lost && i < client->notifiers.count; i++) {
		const struct gatt_notifier *n = client->notifiers.sorted[i];

		lost = first_lost(client, n, gatt_moved(was, &client->tree, whole,
							n->configuration));
	}
	return lost;
}

void gatt_drop_moved(struct gatt_client *client, const struct ble_services *was,
		     bool whole)
{
	struct gatt_subscriber *lost;

	while ((lost = find_lost(client, was, whole))) {
		gatt_drop_subscriber(client, lost);
		lost->notifier = NULL;
		if (lost->moved)
			lost->moved(lost);
	}
}

void gatt_notified(struct gatt_client *client, uint16_t handle,
		   struct ble_bytes value)
{
	struct gatt_notifier *notifier = find(client, handle);
	struct list *link;

	if (!notifier)
		return;
	for (link = list_walk_first(&client->walk, &notifier->subscribers); link;
	     link = list_walk_next(&client->walk)) {
		struct gatt_subscriber *subscriber =
			list_entry(link, struct gatt_subscriber, link);

		subscriber->value(subscriber, handle, value);
	}
}
