/* SPDX-License-Identifier: MIT */
/* The tree as the user searches it: by handle and by UUID. */
#include "gatt/tree.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/loop.h"

/* -- By handle ----------------------------------------------------------------- */

/* What stands at which handle: the number of a service, a characteristic or a
 * descriptor, counted through all three arrays from 1. It takes two octets a
 * handle, so it is made where that is at most eight an attribute. Without it
 * the arrays are searched. */
enum { SPARSE = 4 };

static void enter(uint16_t *index, uint16_t handle, size_t number, bool *good)
{
	if (index[handle])
		*good = false; /* a peer that gave it to two */
	index[handle] = (uint16_t)number;
}

static bool fill(const struct gatt_tree *tree, uint16_t *index)
{
	size_t number = 0;
	bool good = true;

	for (size_t i = 0; i < tree->n_services; i++)
		enter(index, tree->services[i].handle, ++number, &good);
	for (size_t i = 0; i < tree->n_characteristics; i++) {
		enter(index, tree->characteristics[i].handle, ++number, &good);
		enter(index, tree->characteristics[i].value_handle, number, &good);
	}
	for (size_t i = 0; i < tree->n_descriptors; i++)
		enter(index, tree->descriptors[i].handle, ++number, &good);
	return good;
}

static uint16_t last_handle(const struct gatt_tree *tree)
{
	uint16_t last = 0;

	if (tree->n_services)
		last = tree->services[tree->n_services - 1].handle;
	for (size_t i = 0; i < tree->n_characteristics; i++)
		if (tree->characteristics[i].value_handle > last)
			last = tree->characteristics[i].value_handle;
	if (tree->n_descriptors && tree->descriptors[tree->n_descriptors - 1].handle > last)
		last = tree->descriptors[tree->n_descriptors - 1].handle;
	return last;
}

void gatt_tree_index(struct gatt_tree *tree)
{
	size_t handles = tree->n_services + 2 * tree->n_characteristics +
			 tree->n_descriptors;
	size_t room = last_handle(tree) + 1u;
	uint16_t *index;

	free(tree->by_handle);
	tree->by_handle = NULL;
	if (!handles || handles > UINT16_MAX || room > SPARSE * handles)
		return;
	index = calloc(room, sizeof(*index));
	if (index && !fill(tree, index)) {
		free(index);
		index = NULL;
	}
	tree->by_handle = index;
	tree->view.by_handle = index;
	tree->view.n_by_handle = index ? room : 0;
}

/* The item of an array with this handle, or at this handle by the index, where
 * its items have the numbers behind before. */
static const void *look_up(const struct ble_services *tree, uint16_t handle,
			   const void *items, size_t count, size_t size, size_t before)
{
	size_t at;

	if (!tree->by_handle)
		return gatt_tree_at(items, count, size, handle);
	/* Too small a number wraps, and is too large. */
	at = handle < tree->n_by_handle ? tree->by_handle[handle] - before - 1 : count;
	return at < count ? (const char *)items + at * size : NULL;
}

const struct ble_service *ble_services_service(const struct ble_services *tree,
					       uint16_t handle)
{
	const struct ble_service *found = look_up(tree, handle, tree->services,
						  tree->n_services, sizeof(*found), 0);

	return found && found->handle == handle ? found : NULL;
}

const struct ble_characteristic *
ble_services_characteristic(const struct ble_services *tree, uint16_t handle)
{
	const struct ble_characteristic *found =
		look_up(tree, handle, tree->characteristics, tree->n_characteristics,
			sizeof(*found), tree->n_services);

	return found && (found->handle == handle || found->value_handle == handle)
		? found : NULL;
}

const struct ble_descriptor *
ble_services_descriptor(const struct ble_services *tree, uint16_t handle)
{
	const struct ble_descriptor *found =
		look_up(tree, handle, tree->descriptors, tree->n_descriptors,
			sizeof(*found), tree->n_services + tree->n_characteristics);

	return found && found->handle == handle ? found : NULL;
}

/* -- By UUID ------------------------------------------------------------------- */

/* The only item of an array with this UUID. */
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

/* Names as many handles as a sentence holds. */
static int say_several(const struct search *search, struct ble_loop *loop,
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
	return loop_say(loop, -ENOTUNIQ, "several %ss have the UUID %s, at the "
			"handles %s: choose one by its handle", search->what,
			ble_uuid_text(uuid, text), handles);
}

static int find_only(const struct search *search, struct ble_loop *loop,
		     const struct ble_uuid *uuid, const void **ret_item)
{
	size_t i = search_from(search, 0, uuid);
	char text[BLE_UUID_TEXT];

	if (i == search->count)
		return loop ? loop_say(loop, -ENOENT, "no %s that was discovered has "
				       "the UUID %s", search->what,
				       ble_uuid_text(uuid, text))
			    : -ENOENT;
	if (search_from(search, i + 1, uuid) < search->count)
		return say_several(search, loop, uuid);
	*ret_item = (const char *)search->items + i * search->size;
	return 0;
}

int ble_services_find(const struct ble_services *tree,
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
ble_service_characteristic(const struct ble_service *service,
			   const struct ble_uuid *uuid)
{
	for (size_t i = 0; i < service->n_characteristics; i++)
		if (ble_uuid_equal(&service->characteristics[i].uuid, uuid))
			return &service->characteristics[i];
	return NULL;
}

const struct ble_descriptor *
ble_characteristic_descriptor(const struct ble_characteristic *characteristic,
			      const struct ble_uuid *uuid)
{
	for (size_t i = 0; i < characteristic->n_descriptors; i++)
		if (ble_uuid_equal(&characteristic->descriptors[i].uuid, uuid))
			return &characteristic->descriptors[i];
	return NULL;
}

/* Vol 3, Part G, 3.3.1.1, bit after bit, in the words that BlueZ's users know. */
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
