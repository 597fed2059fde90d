/* SPDX-License-Identifier: MIT */
/* Keeps the tree up to date while the peer changes its database. */
#include <errno.h>
#include <string.h>

#include "att/pdu.h"
#include "base/bytes.h"
#include "gatt/gatt.h"

enum { SERVICE_CHANGED = 0x2a05, SUPPORTED_FEATURES = 0x2b29 };
enum { ROBUST_CACHING = 1, MULTIPLE_VALUES = 4 }; /* Vol 3, Part G, 7.2 */
enum { DELAY_MS = 500 };

/* The first one with this UUID, as a peer has one; NULL if it lacks the property. */
static const struct ble_characteristic *find(const struct ble_services *tree,
					     uint16_t number, uint8_t property)
{
	const struct ble_uuid uuid = ble_uuid16(number);

	for (size_t i = 0; i < tree->n_characteristics; i++)
		if (ble_uuid_equal(&tree->characteristics[i].uuid, &uuid))
			return tree->characteristics[i].properties & property ?
				       &tree->characteristics[i] : NULL;
	return NULL;
}

/* -- Client Supported Features and the subscription ------------------------------- */

/* Written once for each link: a peer that refuses is not asked again. */
static void features_done(struct gatt_procedure *procedure, int error)
{
	struct gatt_service_changed *changed = procedure->user;

	const struct ble_characteristic *c =
		find(&changed->client->tree, SUPPORTED_FEATURES, BLE_WRITE);

	changed->features_queued = false;
	changed->features_done = !error || !c ||
				 c->value_handle == changed->features.one.handle;
}

static void write_features(struct gatt_service_changed *changed)
{
	struct gatt_client *client = changed->client;
	const struct ble_characteristic *c =
		find(&client->tree, SUPPORTED_FEATURES, BLE_WRITE);

	if (!c || changed->features_done || changed->features_queued)
		return;
	changed->bits = ROBUST_CACHING;
	if (client->att->multiple_values)
		changed->bits |= MULTIPLE_VALUES;
	changed->features.procedure.done = features_done;
	changed->features.procedure.user = changed;
	changed->features_queued = !gatt_write(client, &changed->features, c->value_handle,
					       bytes(&changed->bits, 1));
}

static void unsubscribe(struct gatt_service_changed *changed)
{
	if (changed->subscriber.notifier)
		gatt_drop_subscriber(changed->client, &changed->subscriber);
	changed->subscriber.notifier = NULL;
}

static void configured(struct gatt_procedure *procedure, int error)
{
	struct gatt_service_changed *changed = procedure->user;

	changed->configuring = false;
	gatt_configured(changed->client, &changed->configuration, error);
	if (error)
		unsubscribe(changed);
}

static void start_timer(struct gatt_client *client)
{
	loop_timer_in(client->loop, &client->service_changed->timer, DELAY_MS);
}

/* Once for each link, and again if the characteristic moved. */
static void moved(struct gatt_subscriber *subscriber)
{
	container_of(subscriber, struct gatt_service_changed, subscriber)->subscribe_tried =
		false;
}

static void subscribe(struct gatt_service_changed *changed)
{
	struct gatt_client *client = changed->client;
	const struct ble_characteristic *c;
	int error;

	if (changed->configuring)
		return;
	c = find(&client->tree, SERVICE_CHANGED, BLE_INDICATE);
	if (changed->subscribe_tried || !c)
		return;
	changed->subscribe_tried = true;
	changed->configuration.write.procedure.done = configured;
	changed->configuration.write.procedure.user = changed;
	error = gatt_subscribe(client, &changed->subscriber, c->value_handle,
			       BLE_SUBSCRIBE_INDICATE, &changed->configuration,
			       &changed->configuring);
	if (error)
		changed->subscriber.notifier = NULL;
	if (error == -ENOMEM) { /* is tried again later */
		changed->subscribe_tried = false;
		start_timer(client);
	}
}

static void on_timer(struct loop_timer *timer)
{
	struct gatt_service_changed *changed =
		container_of(timer, struct gatt_service_changed, timer);

	if (!changed->client->att)
		return;
	write_features(changed);
	subscribe(changed);
}

/* -- A change ------------------------------------------------------------------------ */

static void widen(struct gatt_service_changed *changed, uint16_t start, uint16_t end)
{
	if (!start || start > end) { /* not a range: take all */
		start = 1;
		end = 0xffff;
	}
	if (!changed->start || start < changed->start)
		changed->start = start;
	if (end > changed->end)
		changed->end = end;
}

static void rediscover(struct gatt_service_changed *changed);

static void discovery_done(struct gatt_procedure *procedure, int error)
{
	struct gatt_service_changed *changed = procedure->user;
	uint16_t start = changed->start, end = changed->end;

	changed->discovering = false;
	if (!changed->client->att)
		return;
	gatt_remedied(changed->client, &changed->out_of_sync);
	changed->start = changed->end = 0;
	if (!error && changed->discovery.again) { /* the tree is outdated already */
		widen(changed, start, end);
		rediscover(changed);
	}
	if (!error)
		gatt_configurations_unknown(changed->client, start, end,
					    &changed->subscriber);
	changed->changed(changed, error, start, end);
}

static int discover(struct gatt_service_changed *changed,
		    int (*run)(struct gatt_client *client, struct gatt_discovery *discovery))
{
	int error;

	changed->discovery.renews = true;
	changed->discovery.procedure.done = discovery_done;
	changed->discovery.procedure.user = changed;
	error = run(changed->client, &changed->discovery);
	changed->discovering = !error;
	changed->client->outdated = !error;
	if (!error && changed->outdated)
		changed->outdated(changed);
	return error;
}

/* From dispatch, before what waits in the queue is sent. A change that comes while this
 * discovery runs has it start over, as it may be past the range. */
static void rediscover(struct gatt_service_changed *changed)
{
	int error;

	if (changed->discovering) {
		changed->discovery.again = true;
		return;
	}
	error = discover(changed, gatt_discover_next);
	if (!error)
		return;
	gatt_tree_lost(changed->client, error);
	discovery_done(&changed->discovery.procedure, error);
}

static void on_indication(struct gatt_subscriber *subscriber, uint16_t handle,
			  struct ble_bytes value)
{
	struct gatt_service_changed *changed =
		container_of(subscriber, struct gatt_service_changed, subscriber);

	(void)handle;
	if (value.len == 4)
		widen(changed, get_le16(value.data), get_le16(value.data + 2));
	else
		widen(changed, 0, 0);
	rediscover(changed);
}

/* -- The remedy for Database Out Of Sync: a discovery ---------------------------------- */

static struct gatt_service_changed *changed_of(struct gatt_remedy *remedy)
{
	return container_of(remedy, struct gatt_service_changed, out_of_sync);
}

/* Whether the new tree will tell if each of its handles is still the same attribute's. */
static bool can_repeat(const struct gatt_procedure *procedure)
{
	uint16_t (*handle)(const struct gatt_procedure *procedure, size_t index) =
		procedure->class->handle;
	const struct ble_services *tree = &procedure->client->tree;
	size_t n = 0;

	while (handle && gatt_in_tree(tree, handle(procedure, n)))
		n++;
	return n && !handle(procedure, n) && !procedure->cancelled;
}

/* Any other procedure ends with the error; the discovery is for those that follow it. */
static bool out_of_sync(struct gatt_remedy *remedy, struct gatt_procedure *procedure)
{
	struct gatt_service_changed *changed = changed_of(remedy);
	struct gatt_client *client = changed->client;

	if (!client->tree.n_services)
		return false;
	widen(changed, 0, 0);
	if (!can_repeat(procedure)) {
		procedure->remedy = NULL; /* it ends, and the discovery runs behind it */
		if (!changed->discovering)
			discover(changed, gatt_discover_next);
		return false;
	}
	if (changed->discovering) /* it is queued, and comes first now */
		gatt_cancel(&changed->discovery.procedure);
	return discover(changed, gatt_discover_first) == 0;
}

/* The procedure is repeated. If one of its handles is another attribute's now, or the
 * discovery failed, it was taken out of the queue. */
static int back_in_sync(struct gatt_remedy *remedy, struct gatt_procedure *procedure)
{
	(void)remedy;
	(void)procedure;
	return 0;
}

/* -- Init and end -------------------------------------------------------------------- */

static void ended(struct gatt_client *client)
{
	struct gatt_service_changed *changed = client->service_changed;

	loop_timer_stop(&changed->timer);
	if (changed->features_queued)
		gatt_cancel(&changed->features.procedure);
	if (changed->configuring)
		gatt_cancel(&changed->configuration.write.procedure);
	if (changed->discovering)
		gatt_cancel(&changed->discovery.procedure);
	unsubscribe(changed);
	changed->features_queued = changed->configuring = changed->discovering = false;
	changed->features_done = changed->subscribe_tried = client->outdated = false;
	changed->start = changed->end = 0;
}

void gatt_service_changed_init(struct gatt_service_changed *changed,
			       struct gatt_client *client)
{
	changed->client = client;
	changed->timer.fire = on_timer;
	changed->subscriber.value = on_indication;
	changed->subscriber.moved = moved;
	changed->out_of_sync = (struct gatt_remedy){
		.error = ATT_DATABASE_OUT_OF_SYNC,
		.start = out_of_sync, .end = back_in_sync,
		.for_others = true,
	};
	gatt_add_remedy(client, &changed->out_of_sync); /* the first one: it fits */
	client->service_changed = changed;
	client->discovered = start_timer;
	client->ended = ended;
}
