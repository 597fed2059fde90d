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

static void walk(const struct ble_services *tree)
{
	const struct ble_characteristic *c = NULL;
	const struct ble_descriptor *d = NULL;
	const struct ble_include *include = NULL;
	const struct ble_service *s = NULL;

	while ((c = ble_services_next_characteristic(tree, c))) {
		size_t n = 0;

		HOLDS(c->service && c->handle > c->service->handle);
		HOLDS(c->value_handle <= c->end && c->end <= c->service->end);
		HOLDS(ble_services_characteristic(tree, c->handle) == c);
		HOLDS(ble_services_characteristic(tree, c->value_handle) == c);
		while ((d = ble_characteristic_next_descriptor(c, d)))
			n++;
		HOLDS(n == c->n_descriptors);
	}
	while ((d = ble_services_next_descriptor(tree, d))) {
		HOLDS(d->characteristic && d->handle <= d->characteristic->end);
		HOLDS(ble_services_descriptor(tree, d->handle) == d);
	}
	while ((s = ble_services_next(tree, s))) {
		size_t n = 0;

		HOLDS(ble_services_service(tree, s->handle) == s);
		while ((c = ble_service_next_characteristic(s, c)))
			n++;
		HOLDS(n == s->n_characteristics);
	}
	while ((include = ble_services_next_include(tree, include)))
		HOLDS(include->service != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = fuzz_copy((struct ble_bytes){ data, size }), *again;
	struct gatt_cache_key key = { 0 };
	struct ble_services tree;
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
