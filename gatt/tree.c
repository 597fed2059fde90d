/* SPDX-License-Identifier: MIT */
#include "gatt/tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

uint16_t gatt_tree_handle(const void *items, size_t index, size_t size)
{
	uint16_t handle;

	memcpy(&handle, (const char *)items + index * size, sizeof(handle));
	return handle;
}

/* Inserts one item in the order of handles, mostly at the end. The room doubles
 * whenever the count is a power of two, so it follows from the count. */
static int insert(void **items, size_t *count, size_t size, const void *item)
{
	uint16_t handle = gatt_tree_handle(item, 0, size);
	size_t at = *count;
	char *place;

	if ((*count & (*count - 1)) == 0) {
		size_t room = *count ? 2 * *count : 1;
		void *more = realloc(*items, room * size);

		if (!more)
			return -ENOMEM;
		*items = more;
	}
	while (at && gatt_tree_handle(*items, at - 1, size) > handle)
		at--;
	place = (char *)*items + at * size;
	memmove(place + size, place, (*count - at) * size);
	memcpy(place, item, size);
	++*count;
	return 0;
}

/* An add function for each type; all use insert(). */
#define DEFINE_ADD(what, plural)                                            \
	int gatt_tree_add_##what(struct ble_services *tree,                    \
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

void gatt_tree_clear(struct ble_services *tree)
{
	for (size_t i = 0; i < tree->n_characteristics; i++)
		gatt_tree_describe(&tree->characteristics[i], NULL);
	free(tree->services);
	free(tree->characteristics);
	free(tree->descriptors);
	free(tree->includes);
	*tree = (struct ble_services){ .generation = tree->generation + 1 };
}

void gatt_tree_replace(struct ble_services *tree, struct ble_services *with)
{
	unsigned int generation = tree->generation + 1;

	gatt_tree_clear(tree);
	*tree = *with;
	tree->generation = generation;
	*with = (struct ble_services){ .n_services = 0 };
}

const void *gatt_tree_at(const void *items, size_t count, size_t size,
			 uint16_t handle)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (gatt_tree_handle(items, middle, size) <= handle)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? (const char *)items + (low - 1) * size : NULL;
}

struct ble_service *gatt_tree_group(const struct ble_services *tree, uint16_t handle)
{
	const struct ble_service *found = gatt_tree_at(tree->services, tree->n_services,
					       sizeof(*found), handle);

	if (!found || handle > found->end)
		return NULL;
	return &tree->services[found - tree->services];
}

const struct ble_service *gatt_tree_before(const struct ble_services *tree,
					   uint16_t handle)
{
	return gatt_tree_at(tree->services, tree->n_services, sizeof(*tree->services),
		    handle);
}

const struct ble_characteristic *
gatt_tree_characteristic_from(const struct ble_services *tree, uint16_t handle)
{
	const struct ble_characteristic *before = NULL;

	if (!tree->n_characteristics)
		return NULL;
	if (handle > 1)
		before = gatt_tree_at(tree->characteristics, tree->n_characteristics,
			      sizeof(*before), (uint16_t)(handle - 1));
	before = before ? before + 1 : tree->characteristics;
	return before < tree->characteristics + tree->n_characteristics
		? before : NULL;
}

bool gatt_tree_meets_another(const struct ble_services *tree,
			     const struct ble_characteristic *characteristic)
{
	const struct ble_characteristic *c =
		gatt_tree_at(tree->characteristics, tree->n_characteristics, sizeof(*c),
			     characteristic->value_handle);

	return c && (c->handle >= characteristic->handle ||
		     c->value_handle >= characteristic->handle);
}

static void set_ends(struct ble_services *tree)
{
	for (size_t i = 0; i < tree->n_characteristics; i++) {
		struct ble_characteristic *c = &tree->characteristics[i];

		c->end = gatt_tree_group(tree, c->handle)->end;
		if (i + 1 < tree->n_characteristics && c[1].handle <= c->end)
			c->end = (uint16_t)(c[1].handle - 1);
	}
}

void gatt_tree_settle(struct ble_services *tree)
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

static void tie_services(struct ble_services *tree)
{
	for (size_t i = 0; i < tree->n_services; i++) {
		tree->services[i].tree = tree;
		tree->services[i].n_characteristics = 0;
	}
}

static void tie_characteristics(struct ble_services *tree)
{
	size_t d = 0;

	for (size_t i = 0; i < tree->n_characteristics; i++) {
		struct ble_characteristic *c = &tree->characteristics[i];
		struct ble_service *s = gatt_tree_group(tree, c->handle);

		c->service = s;
		s->n_characteristics++;
		c->n_descriptors = 0;
		while (d < tree->n_descriptors &&
		       tree->descriptors[d].handle <= c->end) {
			tree->descriptors[d++].characteristic = c;
			c->n_descriptors++;
		}
	}
}

/* Gives back memory after the last insert. If realloc() fails, nothing changes. */
static void *trim(void *items, size_t count, size_t size)
{
	bool fits = (count & (count - 1)) == 0; /* see insert() */
	void *less = fits ? NULL : realloc(items, count * size);

	return less ? less : items;
}

static void trim_all(struct ble_services *tree)
{
	tree->services = trim(tree->services, tree->n_services, sizeof(*tree->services));
	tree->characteristics = trim(tree->characteristics, tree->n_characteristics,
				     sizeof(*tree->characteristics));
	tree->descriptors = trim(tree->descriptors, tree->n_descriptors,
				 sizeof(*tree->descriptors));
	tree->includes = trim(tree->includes, tree->n_includes, sizeof(*tree->includes));
}

void gatt_tree_tie(struct ble_services *tree, struct ble_loop *loop)
{
	trim_all(tree);
	tree->loop = loop;
	tie_services(tree);
	tie_characteristics(tree);
	for (size_t i = 0; i < tree->n_includes; i++)
		tree->includes[i].service =
			gatt_tree_group(tree, tree->includes[i].handle);
}
