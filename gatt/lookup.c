/* SPDX-License-Identifier: MIT */
/* The calls on the tree that users have: walk, count, find. */
#include "gatt/tree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/loop.h"

/* -- Walking -------------------------------------------------------------------- */

#define FOLLOWING(items, count, previous) \
	following(items, count, sizeof(*(items)), previous)

static const void *following(const void *items, size_t count, size_t size,
			     const void *previous)
{
	const char *next = previous ? (const char *)previous + size : items;

	return count && next < (const char *)items + count * size ? next : NULL;
}

const struct ble_service *ble_services_next(const struct ble_services *tree,
					    const struct ble_service *previous)
{
	return FOLLOWING(tree->services, tree->n_services, previous);
}

const struct ble_characteristic *
ble_services_next_characteristic(const struct ble_services *tree,
				 const struct ble_characteristic *previous)
{
	return FOLLOWING(tree->characteristics, tree->n_characteristics, previous);
}

const struct ble_descriptor *
ble_services_next_descriptor(const struct ble_services *tree,
			     const struct ble_descriptor *previous)
{
	return FOLLOWING(tree->descriptors, tree->n_descriptors, previous);
}

const struct ble_include *
ble_services_next_include(const struct ble_services *tree,
			  const struct ble_include *previous)
{
	return FOLLOWING(tree->includes, tree->n_includes, previous);
}

/* The elements that belong to the one at this handle follow it in their array: the
 * one before the first of them is the last at or below the handle. */

const struct ble_characteristic *
ble_service_next_characteristic(const struct ble_service *service,
				const struct ble_characteristic *previous)
{
	const struct ble_services *tree = service->tree;
	const struct ble_characteristic *c = previous;

	if (!c)
		c = gatt_tree_at(tree->characteristics, tree->n_characteristics,
				 sizeof(*c), service->handle);
	c = ble_services_next_characteristic(tree, c);
	return c && c->service == service ? c : NULL;
}

const struct ble_descriptor *
ble_characteristic_next_descriptor(const struct ble_characteristic *characteristic,
				   const struct ble_descriptor *previous)
{
	const struct ble_services *tree = characteristic->service->tree;
	const struct ble_descriptor *d = previous;

	if (!d)
		d = gatt_tree_at(tree->descriptors, tree->n_descriptors, sizeof(*d),
				 characteristic->handle);
	d = ble_services_next_descriptor(tree, d);
	return d && d->characteristic == characteristic ? d : NULL;
}

/* -- Counting ------------------------------------------------------------------- */

size_t ble_services_count(const struct ble_services *tree)
{
	return tree->n_services;
}

size_t ble_services_count_characteristics(const struct ble_services *tree)
{
	return tree->n_characteristics;
}

size_t ble_services_count_descriptors(const struct ble_services *tree)
{
	return tree->n_descriptors;
}

size_t ble_services_count_includes(const struct ble_services *tree)
{
	return tree->n_includes;
}

unsigned int ble_services_generation(const struct ble_services *tree)
{
	return tree->generation;
}

/* -- By handle ------------------------------------------------------------------ */

const struct ble_service *ble_services_service(const struct ble_services *tree,
					       uint16_t handle)
{
	const struct ble_service *found = gatt_tree_at(
		tree->services, tree->n_services, sizeof(*found), handle);

	return found && found->handle == handle ? found : NULL;
}

const struct ble_characteristic *
ble_services_characteristic(const struct ble_services *tree, uint16_t handle)
{
	const struct ble_characteristic *found = gatt_tree_at(
		tree->characteristics, tree->n_characteristics, sizeof(*found), handle);

	return found && (found->handle == handle || found->value_handle == handle)
		? found : NULL;
}

const struct ble_descriptor *
ble_services_descriptor(const struct ble_services *tree, uint16_t handle)
{
	const struct ble_descriptor *found = gatt_tree_at(
		tree->descriptors, tree->n_descriptors, sizeof(*found), handle);

	return found && found->handle == handle ? found : NULL;
}

/* -- By UUID ------------------------------------------------------------------- */

/* A search for the only item of an array with a UUID. */
struct search {
	const void *items;
	size_t count, size;
	size_t uuid, handle; /* offsets; the handle is the one to be used */
	const char *what;
};

static size_t search_from(const struct search *search, size_t i,
			  const struct ble_uuid *uuid)
{
	struct ble_uuid seen;

	for (; i < search->count; i++) {
		memcpy(&seen, (const char *)search->items + i * search->size +
		       search->uuid, sizeof(seen));
		if (ble_uuid_equal(&seen, uuid))
			break;
	}
	return i;
}

/* Names as many handles as the text has room for. */
static int refuse_ambiguous(const struct search *search, struct ble_loop *loop,
		       const struct ble_uuid *uuid)
{
	char handles[120], text[BLE_UUID_TEXT];
	size_t len = 0;

	for (size_t i = search_from(search, 0, uuid);
	     i < search->count && len + 12 < sizeof(handles);
	     i = search_from(search, i + 1, uuid))
		len += (size_t)snprintf(handles + len, sizeof(handles) - len,
					"%s0x%04x", len ? ", " : "",
					gatt_tree_handle((const char *)search->items +
						  search->handle, i, search->size));
	return loop_set_error(loop, -ENOTUNIQ, "several %ss have the UUID %s, at the "
			      "handles %s: choose one by its handle", search->what,
			      ble_uuid_text(uuid, text), handles);
}

static int find_only(const struct search *search, struct ble_loop *loop,
		     const struct ble_uuid *uuid, const void **ret_item)
{
	size_t i = search_from(search, 0, uuid);
	char text[BLE_UUID_TEXT];

	if (i == search->count)
		return loop ? loop_set_error(loop, -ENOENT, "no %s that was discovered has "
					     "the UUID %s", search->what,
					     ble_uuid_text(uuid, text))
			    : -ENOENT;
	if (search_from(search, i + 1, uuid) < search->count)
		return refuse_ambiguous(search, loop, uuid);
	*ret_item = (const char *)search->items + i * search->size;
	return 0;
}

int ble_services_find_characteristic(const struct ble_services *tree,
				     const struct ble_uuid *uuid,
				     const struct ble_characteristic **ret_characteristic)
{
	const struct search search = {
		tree->characteristics, tree->n_characteristics,
		sizeof(struct ble_characteristic),
		offsetof(struct ble_characteristic, uuid),
		offsetof(struct ble_characteristic, value_handle), "characteristic",
	};
	const void *item = NULL;
	int error = find_only(&search, tree->loop, uuid, &item);

	if (!error)
		*ret_characteristic = item;
	return error;
}

int ble_services_find_service(const struct ble_services *tree,
			      const struct ble_uuid *uuid,
			      const struct ble_service **ret_service)
{
	const struct search search = {
		tree->services, tree->n_services, sizeof(struct ble_service),
		offsetof(struct ble_service, uuid),
		offsetof(struct ble_service, handle), "service",
	};
	const void *item = NULL;
	int error = find_only(&search, tree->loop, uuid, &item);

	if (!error)
		*ret_service = item;
	return error;
}

const struct ble_characteristic *
ble_service_find_characteristic(const struct ble_service *service, const struct ble_uuid *uuid)
{
	const struct ble_characteristic *c = NULL;

	do
		c = ble_service_next_characteristic(service, c);
	while (c && !ble_uuid_equal(&c->uuid, uuid));
	return c;
}

const struct ble_descriptor *
ble_characteristic_find_descriptor(const struct ble_characteristic *characteristic,
			const struct ble_uuid *uuid)
{
	const struct ble_descriptor *d = NULL;

	do
		d = ble_characteristic_next_descriptor(characteristic, d);
	while (d && !ble_uuid_equal(&d->uuid, uuid));
	return d;
}

/* Vol 3, Part G, 3.3.1.1, bit by bit, in BlueZ's words. */
const char *ble_property_text(enum ble_property property)
{
	static const char *const names[] = {
		"broadcast", "read", "write-without-response", "write", "notify",
		"indicate", "authenticated-signed-writes", "extended-properties",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (property == 1u << i)
			return names[i];
	return "unknown";
}
