/* SPDX-License-Identifier: MIT */
/* Whether a handle is still that of the same attribute, in another tree. */
#include "gatt/gatt.h"

/* An attribute's identity across rediscovery. */
struct identity {
	uint16_t value; /* handle of its characteristic's value */
	struct ble_uuid uuid, characteristic;
};

static bool identify(const struct ble_services *tree, uint16_t handle,
		     struct identity *ret_identity)
{
	const struct ble_descriptor *d = ble_services_descriptor(tree, handle);
	const struct ble_characteristic *c = d ? d->characteristic :
		ble_services_characteristic(tree, handle);

	if (!c || (!d && c->value_handle != handle))
		return false;
	*ret_identity = (struct identity){ c->value_handle, d ? d->uuid : c->uuid, c->uuid };
	return true;
}

bool gatt_in_tree(const struct ble_services *tree, uint16_t handle)
{
	struct identity identity;

	return identify(tree, handle, &identity);
}

bool gatt_moved(const struct ble_services *was, const struct ble_services *is, bool whole,
		uint16_t handle)
{
	struct identity a, b;

	if (!identify(was, handle, &a) || (!whole && !gatt_tree_group(is, handle)))
		return false;
	return !identify(is, handle, &b) || a.value != b.value ||
	       !ble_uuid_equal(&a.uuid, &b.uuid) ||
	       !ble_uuid_equal(&a.characteristic, &b.characteristic);
}

uint16_t gatt_handle_in_tree(const struct gatt_procedure *procedure, const void *tree)
{
	uint16_t handle;

	for (size_t i = 0; procedure->class->handle &&
			   (handle = procedure->class->handle(procedure, i)); i++)
		if (gatt_in_tree(tree, handle))
			return handle;
	return 0;
}

bool gatt_outdated(const struct gatt_procedure *procedure)
{
	const struct gatt_client *client = procedure->client;

	return client->outdated && gatt_handle_in_tree(procedure, &client->tree);
}
