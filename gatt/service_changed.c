/* SPDX-License-Identifier: MIT */
/* Keeping the tree true while the peer's database changes. */
#include <errno.h>
#include <string.h>

#include "att/pdu.h"
#include "base/bytes.h"
#include "gatt/gatt.h"

enum { SERVICE_CHANGED = 0x2a05, SUPPORTED_FEATURES = 0x2b29 };
enum { ROBUST_CACHING = 1, MULTIPLE_VALUES = 4 }; /* Vol 3, Part G, 7.2 */
enum { TELL_MS = 500 };
enum { REPEAT_DUE = 1, REPEATED }; /* of a procedure */

static void refresh(struct gatt_keeper *keeper);

/* The first one; a peer has one. NULL: none that can do this. */
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

/* -- Telling the peer -------------------------------------------------------------- */

static void features_done(struct gatt_procedure *procedure, int error)
{
	struct gatt_keeper *keeper = procedure->user;

	(void)error; /* it is not asked again: that may never end */
	keeper->telling = false;
	keeper->told = true;
}

static void tell_features(struct gatt_keeper *keeper)
{
	struct gatt_client *client = keeper->client;
	const struct ble_characteristic *c =
		find(&client->tree, SUPPORTED_FEATURES, BLE_WRITE);

	if (!c || keeper->told || keeper->telling)
		return;
	keeper->bits = ROBUST_CACHING;
	if (client->att->multiple_values)
		keeper->bits |= MULTIPLE_VALUES;
	keeper->features.procedure.done = features_done;
	keeper->features.procedure.user = keeper;
	keeper->telling = !gatt_write(client, &keeper->features, c->value_handle,
				      bytes(&keeper->bits, 1));
}

static void unsubscribe(struct gatt_keeper *keeper)
{
	if (keeper->subscribed)
		gatt_drop_subscriber(keeper->client, &keeper->changes);
	keeper->changes.notifier = NULL;
	keeper->subscribed = false;
}

static void configured(struct gatt_procedure *procedure, int error)
{
	struct gatt_keeper *keeper = procedure->user;

	keeper->configuring = false;
	gatt_configured(keeper->client, &keeper->configuration, error);
	if (error)
		unsubscribe(keeper);
}

static void ask_for_changes(struct gatt_keeper *keeper)
{
	struct gatt_client *client = keeper->client;
	const struct ble_characteristic *c;
	int error;

	if (keeper->configuring)
		return;
	if (keeper->subscribed && !gatt_stands(client, &keeper->changes)) {
		unsubscribe(keeper);
		keeper->asked = false;
	}
	c = find(&client->tree, SERVICE_CHANGED, BLE_INDICATE);
	if (keeper->asked || !c)
		return;
	keeper->asked = true;
	keeper->configuration.write.procedure.done = configured;
	keeper->configuration.write.procedure.user = keeper;
	error = gatt_subscribe(client, &keeper->changes, c->value_handle,
			       BLE_SUBSCRIBE_INDICATE, &keeper->configuration,
			       &keeper->configuring);
	keeper->subscribed = !error;
	if (error)
		keeper->changes.notifier = NULL;
	if (error == -ENOMEM) { /* that passes */
		keeper->asked = false;
		gatt_keep(client);
	}
}

static void tell(struct loop_timer *timer)
{
	struct gatt_keeper *keeper = container_of(timer, struct gatt_keeper, tell);

	if (!keeper->client->att)
		return;
	tell_features(keeper);
	ask_for_changes(keeper);
}

void gatt_keep(struct gatt_client *client)
{
	if (client->keeper)
		loop_timer_in(client->loop, &client->keeper->tell, TELL_MS);
}

/* -- What changed -------------------------------------------------------------------- */

static void widen(struct gatt_keeper *keeper, uint16_t start, uint16_t end)
{
	if (!start || start > end) { /* a peer that says it wrong */
		start = 1;
		end = 0xffff;
	}
	if (!keeper->start || start < keeper->start)
		keeper->start = start;
	if (end > keeper->end)
		keeper->end = end;
}

/* Changes that come while a discovery runs lead to another one: it may be past
 * them. They are told together. */
static void refreshed(struct gatt_procedure *procedure, int error)
{
	struct gatt_keeper *keeper = procedure->user;
	uint16_t start = keeper->start, end = keeper->end;

	keeper->refreshing = false;
	if (!keeper->client->att)
		return;
	if (!error && keeper->again) {
		refresh(keeper);
		return;
	}
	keeper->start = keeper->end = 0;
	if (!error)
		gatt_doubt(keeper->client, start, end, &keeper->changes);
	keeper->changed(keeper, error, start, end);
}

static int discover(struct gatt_keeper *keeper)
{
	int error;

	keeper->again = false;
	keeper->discovery.procedure.done = refreshed;
	keeper->discovery.procedure.user = keeper;
	error = gatt_discover(keeper->client, &keeper->discovery);
	keeper->refreshing = !error;
	return error;
}

/* From dispatch. */
static void refresh(struct gatt_keeper *keeper)
{
	int error;

	if (keeper->refreshing) {
		keeper->again = true;
		return;
	}
	error = discover(keeper);
	if (error)
		refreshed(&keeper->discovery.procedure, error);
}

static void on_change(struct gatt_subscriber *subscriber, uint16_t handle,
		      struct ble_bytes value)
{
	struct gatt_keeper *keeper = container_of(subscriber, struct gatt_keeper,
						  changes);

	(void)handle;
	if (value.len == 4)
		widen(keeper, get_le16(value.data), get_le16(value.data + 2));
	else
		widen(keeper, 0, 0);
	refresh(keeper);
}

/* -- Out of sync ----------------------------------------------------------------------- */

/* False: there is no such value or descriptor in the tree. */
static bool place_of(const struct ble_services *tree, uint16_t handle,
		     struct gatt_place *ret_place)
{
	const struct ble_descriptor *d = ble_services_descriptor(tree, handle);
	const struct ble_characteristic *c = d ? d->characteristic :
		ble_services_characteristic(tree, handle);

	if (!c || (!d && c->value_handle != handle))
		return false;
	*ret_place = (struct gatt_place){ handle, c->value_handle, d ? d->uuid : c->uuid,
					  c->uuid };
	return true;
}

/* Puts a discovery in the first place of the queue, and the procedure, which
 * stood there, behind it. */
static int discover_before(struct gatt_keeper *keeper,
			   struct gatt_procedure *procedure)
{
	struct list *queue = &keeper->client->queue, others;
	int error;

	if (keeper->refreshing) /* it waits in the queue: this is its turn */
		gatt_cancel(&keeper->discovery.procedure);
	list_remove(&procedure->link);
	list_init(&others);
	list_splice(&others, queue);
	error = discover(keeper);
	list_append(queue, &procedure->link);
	list_splice(queue, &others);
	return error;
}

bool gatt_resync(struct gatt_procedure *procedure)
{
	struct gatt_client *client = procedure->client;
	struct gatt_keeper *keeper = client->keeper;
	uint16_t handle;

	if (!keeper || !client->att || procedure->repeat ||
	    !client->tree.n_services)
		return false;
	widen(keeper, 0, 0);
	handle = procedure->class->again ? procedure->class->again(procedure) : 0;
	if (!place_of(&client->tree, handle, &procedure->place)) {
		if (!keeper->refreshing)
			discover(keeper); /* for the calls that follow */
		return false;
	}
	procedure->repeat = REPEAT_DUE;
	return !discover_before(keeper, procedure);
}

int gatt_repeat(struct gatt_procedure *procedure)
{
	const struct gatt_place *was = &procedure->place;
	struct gatt_client *client = procedure->client;
	struct gatt_place is;

	if (procedure->repeat != REPEAT_DUE)
		return 0;
	procedure->repeat = REPEATED;
	if (client->tree_error && !ble_error_att(client->tree_error))
		return client->tree_error; /* the link, most likely */
	if (client->tree_error || !place_of(&client->tree, was->handle, &is) ||
	    is.value != was->value || !ble_uuid_equal(&is.uuid, &was->uuid) ||
	    !ble_uuid_equal(&is.characteristic, &was->characteristic))
		return ATT_DATABASE_OUT_OF_SYNC;
	return 0;
}

/* -- Its life ---------------------------------------------------------------------------- */

void gatt_keeper_init(struct gatt_keeper *keeper, struct gatt_client *client)
{
	keeper->client = client;
	keeper->tell.fire = tell;
	keeper->changes.value = on_change;
	client->keeper = keeper;
}

void gatt_keeper_clear(struct gatt_keeper *keeper)
{
	loop_timer_stop(&keeper->tell);
	if (keeper->telling)
		gatt_cancel(&keeper->features.procedure);
	if (keeper->configuring)
		gatt_cancel(&keeper->configuration.write.procedure);
	if (keeper->refreshing)
		gatt_cancel(&keeper->discovery.procedure);
	unsubscribe(keeper);
	keeper->telling = keeper->configuring = keeper->refreshing = false;
	keeper->told = keeper->asked = keeper->again = false;
	keeper->start = keeper->end = 0;
}
