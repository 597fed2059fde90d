/* SPDX-License-Identifier: MIT */
#include "tests/older/tree.h" /* blewire.h, and not that of the library */

#include "tests/tree_older.h"

const size_t older_sizes[4] = {
	sizeof(struct ble_service), sizeof(struct ble_characteristic),
	sizeof(struct ble_descriptor), sizeof(struct ble_include),
};

struct handles {
	uint16_t *at;
	size_t n, size;
};

static void note(struct handles *handles, uint16_t handle)
{
	if (handles->n < handles->size)
		handles->at[handles->n] = handle;
	handles->n++;
}

size_t older_walk(const struct ble_services *tree, uint16_t *handles, size_t size)
{
	const struct ble_characteristic *c = NULL;
	const struct ble_descriptor *d = NULL;
	const struct ble_include *include = NULL;
	const struct ble_service *s = NULL;
	struct handles seen = { handles, 0, size };

	while ((s = ble_services_next(tree, s))) {
		note(&seen, s->handle);
		while ((c = ble_service_next_characteristic(s, c))) {
			note(&seen, c->handle);
			while ((d = ble_characteristic_next_descriptor(c, d)))
				note(&seen, d->handle);
		}
	}
	while ((include = ble_services_next_include(tree, include)))
		note(&seen, include->handle);
	return seen.n;
}

int older_finds(const struct ble_services *tree)
{
	const struct ble_characteristic *c = NULL, *found_c = NULL;
	const struct ble_service *s = NULL, *found_s = NULL;
	const struct ble_descriptor *d = NULL;

	while ((c = ble_services_next_characteristic(tree, c)))
		if (ble_services_characteristic(tree, c->value_handle) != c ||
		    ble_services_find_characteristic(tree, &c->uuid, &found_c) || found_c != c ||
		    ble_service_find_characteristic(c->service, &c->uuid) != c)
			return 0;
	while ((d = ble_services_next_descriptor(tree, d)))
		if (ble_services_descriptor(tree, d->handle) != d)
			return 0;
	while ((s = ble_services_next(tree, s)))
		if (ble_services_service(tree, s->handle) != s ||
		    ble_services_find_service(tree, &s->uuid, &found_s) || found_s != s)
			return 0;
	return 1;
}
