/* SPDX-License-Identifier: MIT */
#include "gatt/gaps.h"

struct gap { /* empty where start > end */
	uint16_t start, end;
};

static const struct gap empty = { 1, 0 };

static struct gap of_includes(const struct ble_services *tree, size_t index)
{
	const struct ble_service *s = &tree->services[index];
	const struct ble_characteristic *c =
		gatt_tree_characteristic_from(tree, s->handle);
	struct gap gap = { (uint16_t)(s->handle + 1), s->end };

	if (s->handle == 0xffff)
		return empty;
	if (c && c->handle <= s->end)
		gap.end = (uint16_t)(c->handle - 1);
	return gap;
}

static struct gap of_characteristics(const struct ble_services *tree, size_t index)
{
	const struct ble_service *s = &tree->services[index];

	if (s->end - s->handle < 2)
		return empty;
	return (struct gap){ (uint16_t)(s->handle + 1), s->end };
}

static struct gap of_descriptors(const struct ble_services *tree, size_t index)
{
	const struct ble_characteristic *c = &tree->characteristics[index];

	if (c->value_handle == 0xffff)
		return empty;
	return (struct gap){ (uint16_t)(c->value_handle + 1), c->end };
}

static struct gap gap_of(const struct ble_services *tree, enum gatt_gaps kind, size_t index)
{
	switch (kind) {
	case GATT_GAPS_INCLUDES:
		return of_includes(tree, index);
	case GATT_GAPS_CHARACTERISTICS:
		return of_characteristics(tree, index);
	case GATT_GAPS_DESCRIPTORS:
		break;
	}
	return of_descriptors(tree, index);
}

static size_t count_of(const struct ble_services *tree, enum gatt_gaps kind)
{
	return kind == GATT_GAPS_DESCRIPTORS ? tree->n_characteristics : tree->n_services;
}

/* The first gap from index on that is not empty and ends at or behind handle; the
 * count if there is none. */
static size_t next_gap(const struct ble_services *tree, enum gatt_gaps kind, size_t index,
		       uint32_t handle)
{
	size_t count = count_of(tree, kind);

	for (; index < count; index++) {
		struct gap gap = gap_of(tree, kind, index);

		if (gap.start <= gap.end && gap.end >= handle)
			break;
	}
	return index;
}

bool gatt_gaps_range(const struct ble_services *tree, enum gatt_gaps kind, uint16_t from,
		     size_t *ret_cursor, uint16_t *ret_start, uint16_t *ret_end)
{
	size_t count = count_of(tree, kind), first = next_gap(tree, kind, 0, from);

	if (first == count)
		return false;
	*ret_cursor = first;
	*ret_start = gap_of(tree, kind, first).start;
	if (*ret_start < from)
		*ret_start = from;
	for (size_t i = first; i < count; i = next_gap(tree, kind, i + 1, 0))
		*ret_end = gap_of(tree, kind, i).end;
	return true;
}

bool gatt_gaps_found(const struct ble_services *tree, enum gatt_gaps kind, uint16_t handle,
		     size_t *cursor, uint16_t *start, uint16_t *end)
{
	size_t count = count_of(tree, kind);
	size_t here = next_gap(tree, kind, *cursor, handle);
	size_t next = next_gap(tree, kind, here, handle + 1u);
	bool inside = here < count && gap_of(tree, kind, here).start <= handle;

	*cursor = here;
	if (next == count)
		*end = handle;
	else if (gap_of(tree, kind, next).start > *start)
		*start = gap_of(tree, kind, next).start;
	return inside;
}
