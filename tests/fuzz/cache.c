/* SPDX-License-Identifier: MIT */
/* Files of service trees: what is believed of them is a tree that can be walked
 * and that packs to the same octets again. */
#include "gatt/cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "tests/fuzz/fuzz.h"

enum { KEY = 8, KEY_END = 8 + 7 + GATT_HASH };

/* A fuzzer does not find sums: here it is put right, as a forger would. */
static void put_sum(uint8_t *data, size_t len)
{
	uint32_t sum = UINT32_C(2166136261);

	for (size_t i = 0; i < len - 4; i++)
		sum = (sum ^ data[i]) * UINT32_C(16777619);
	put_le32(data + len - 4, sum);
}

static void walk(const struct gatt_tree *tree)
{
	const struct ble_services *view = &tree->view;

	for (size_t i = 0; i < view->n_characteristics; i++) {
		const struct ble_characteristic *c = &view->characteristics[i];

		HOLDS(c->service && c->handle > c->service->handle);
		HOLDS(c->value_handle <= c->end && c->end <= c->service->end);
		HOLDS(ble_services_characteristic(view, c->handle) == c);
		HOLDS(ble_services_characteristic(view, c->value_handle) == c);
		for (size_t j = 0; j < c->n_descriptors; j++)
			HOLDS(c->descriptors[j].characteristic == c);
	}
	for (size_t i = 0; i < view->n_descriptors; i++) {
		const struct ble_descriptor *d = &view->descriptors[i];

		HOLDS(d->characteristic && d->handle <= d->characteristic->end);
		HOLDS(ble_services_descriptor(view, d->handle) == d);
	}
	for (size_t i = 0; i < view->n_services; i++)
		HOLDS(ble_services_service(view, view->services[i].handle) ==
		      &view->services[i]);
	for (size_t i = 0; i < view->n_includes; i++)
		HOLDS(view->includes[i].service != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = fuzz_copy((struct ble_bytes){ data, size }), *again;
	struct gatt_cache_key key = { 0 };
	struct gatt_tree tree;
	size_t len;

	if (size >= KEY_END + 4) {
		memcpy(key.address.octet, data + KEY, 6);
		key.address.type = data[KEY + 6];
		memcpy(key.hash, data + KEY + 7, GATT_HASH);
		put_sum(copy, size);
	}
	if (!gatt_cache_unpack((struct ble_bytes){ copy, size }, &key, &tree)) {
		gatt_tree_tie(&tree, NULL);
		walk(&tree);
		HOLDS(gatt_cache_pack(&key, &tree, &again, &len) == 0);
		HOLDS(len == size && !memcmp(again, copy, size));
		free(again);
		gatt_tree_clear(&tree);
	}
	free(copy);
	return 0;
}
