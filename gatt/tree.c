/* SPDX-License-Identifier: MIT */
#include "gatt/tree.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/loop.h"

/* All four kinds start with their handle. */
static uint16_t handle_at(const void *items, size_t index, size_t size)
{
	uint16_t handle;

	memcpy(&handle, (const char *)items + index * size, sizeof(handle));
	return handle;
}

/* Puts one item in its place, which is the end but for stragglers. Room
 * doubles whenever the count is a power of two, so the count alone says how
 * much there is. */
static int insert(void **items, size_t *count, size_t size, const void *item)
{
	uint16_t handle = handle_at(item, 0, size);
	size_t at = *count;
	char *place;

	if ((*count & (*count - 1)) == 0) {
		size_t room = *count ? 2 * *count : 1;
		void *more = realloc(*items, room * size);

		if (!more)
			return -ENOMEM;
		*items = more;
	}
	while (at && handle_at(*items, at - 1, size) > handle)
		at--;
	place = (char *)*items + at * size;
	memmove(place + size, place, (*count - at) * size);
	memcpy(place, item, size);
	++*count;
	return 0;
}

/* An add function: type-safe outside, one insert inside. */
#define DEFINE_ADD(what, plural)                                            \
	int gatt_tree_add_##what(struct gatt_tree *tree,                    \
				 const struct ble_##what *item)             \
	{                                                                   \
		void *items = tree->plural;                                 \
		int error = insert(&items, &tree->n_##plural,               \
				   sizeof(*item), item);                    \
									    \
		tree->plural = items;                                       \
		return error;                                               \
	}

DEFINE_ADD(service, services)
DEFINE_ADD(characteristic, characteristics)
DEFINE_ADD(descriptor, descriptors)
DEFINE_ADD(include, includes)

void gatt_tree_describe(struct ble_characteristic *characteristic, char *text)
{
	free((void *)(uintptr_t)characteristic->description);
	characteristic->description = text;
}

void gatt_tree_clear(struct gatt_tree *tree)
{
	for (size_t i = 0; i < tree->n_characteristics; i++)
		gatt_tree_describe(&tree->characteristics[i], NULL);
	free(tree->services);
	free(tree->characteristics);
	free(tree->descriptors);
	free(tree->includes);
	memset(tree, 0, sizeof(*tree));
}

/* The last item at or below the handle. */
static const void *find(const void *items, size_t count, size_t size,
			uint16_t handle)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (handle_at(items, middle, size) <= handle)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? (const char *)items + (low - 1) * size : NULL;
}

struct ble_service *gatt_tree_group(const struct gatt_tree *tree, uint16_t handle)
{
	const struct ble_service *found = find(tree->services, tree->n_services,
					       sizeof(*found), handle);

	if (!found || handle > found->end)
		return NULL;
	return &tree->services[found - tree->services];
}

const struct ble_service *gatt_tree_before(const struct gatt_tree *tree,
					   uint16_t handle)
{
	return find(tree->services, tree->n_services, sizeof(*tree->services),
		    handle);
}

const struct ble_characteristic *
gatt_tree_characteristic_from(const struct gatt_tree *tree, uint16_t handle)
{
	const struct ble_characteristic *before = NULL;

	if (!tree->n_characteristics)
		return NULL;
	if (handle > 1)
		before = find(tree->characteristics, tree->n_characteristics,
			      sizeof(*before), (uint16_t)(handle - 1));
	before = before ? before + 1 : tree->characteristics;
	return before < tree->characteristics + tree->n_characteristics
		? before : NULL;
}

static void set_ends(struct gatt_tree *tree)
{
	for (size_t i = 0; i < tree->n_characteristics; i++) {
		struct ble_characteristic *c = &tree->characteristics[i];

		c->end = gatt_tree_group(tree, c->handle)->end;
		if (i + 1 < tree->n_characteristics && c[1].handle <= c->end)
			c->end = (uint16_t)(c[1].handle - 1);
	}
}

void gatt_tree_settle(struct gatt_tree *tree)
{
	size_t kept = 0;

	for (size_t i = 0; i < tree->n_characteristics; i++) {
		const struct ble_characteristic *c = &tree->characteristics[i];
		const struct ble_service *group = gatt_tree_group(tree, c->handle);

		if (group && c->value_handle <= group->end)
			tree->characteristics[kept++] = *c;
	}
	tree->n_characteristics = kept;
	set_ends(tree);
	for (size_t i = 0; i < tree->n_includes; i++) {
		static const struct ble_uuid unknown;
		struct ble_include *include = &tree->includes[i];
		const struct ble_service *group = gatt_tree_group(tree, include->start);

		if (group && ble_uuid_equal(&include->uuid, &unknown))
			include->uuid = group->uuid;
	}
}

static void tie_characteristics(struct gatt_tree *tree)
{
	size_t d = 0;

	for (size_t i = 0; i < tree->n_characteristics; i++) {
		struct ble_characteristic *c = &tree->characteristics[i];
		struct ble_service *s = gatt_tree_group(tree, c->handle);

		c->service = s;
		if (s && s->n_characteristics++ == 0)
			s->characteristics = c;
		c->descriptors = tree->descriptors ? tree->descriptors + d : NULL;
		c->n_descriptors = 0;
		while (d < tree->n_descriptors &&
		       tree->descriptors[d].handle <= c->end) {
			tree->descriptors[d++].characteristic = c;
			c->n_descriptors++;
		}
	}
}

void gatt_tree_tie(struct gatt_tree *tree, struct ble_loop *loop)
{
	for (size_t i = 0; i < tree->n_services; i++) {
		tree->services[i].characteristics = NULL;
		tree->services[i].n_characteristics = 0;
	}
	tie_characteristics(tree);
	for (size_t i = 0; i < tree->n_includes; i++)
		tree->includes[i].service =
			gatt_tree_group(tree, tree->includes[i].handle);
	tree->view = (struct ble_services){
		tree->services, tree->n_services,
		tree->characteristics, tree->n_characteristics,
		tree->descriptors, tree->n_descriptors,
		tree->includes, tree->n_includes,
		loop,
	};
}

/* -- For the user ------------------------------------------------------------- */

const struct ble_service *ble_services_service(const struct ble_services *tree,
					       uint16_t handle)
{
	const struct ble_service *found = find(tree->services, tree->n_services,
					       sizeof(*found), handle);

	return found && found->handle == handle ? found : NULL;
}

const struct ble_characteristic *
ble_services_characteristic(const struct ble_services *tree, uint16_t handle)
{
	const struct ble_characteristic *found =
		find(tree->characteristics, tree->n_characteristics,
		     sizeof(*found), handle);

	return found && (found->handle == handle || found->value_handle == handle)
		? found : NULL;
}

const struct ble_descriptor *
ble_services_descriptor(const struct ble_services *tree, uint16_t handle)
{
	const struct ble_descriptor *found =
		find(tree->descriptors, tree->n_descriptors, sizeof(*found),
		     handle);

	return found && found->handle == handle ? found : NULL;
}

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
					handle_at((const char *)search->items +
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
