/* SPDX-License-Identifier: MIT */
/* The cache: trees packed into bytes, and its files. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "gatt/cache.h"
#include "tests/failmalloc.h"
#include "tests/harness.h"

enum { MAX = 2048, COUNTS = 31, ITEMS = 39 };

static const struct gatt_cache_key key = {
	{ { 1, 2, 3, 4, 5, 0xc6 }, BLE_ADDRESS_RANDOM },
	{ 9, 8, 7 },
};

static uint8_t *data;
static size_t len;

/* Two services with an include, characteristics with and without descriptors. */
static int make_tree(struct ble_services *tree)
{
	static const struct ble_service services[] = {
		{ .handle = 1, .end = 9, .primary = true },
		{ .handle = 16, .end = 0xffff },
	};
	static const struct ble_characteristic characteristics[] = {
		{ .handle = 3, .value_handle = 4, .properties = BLE_READ },
		{ .handle = 5, .value_handle = 7, .properties = BLE_NOTIFY },
		{ .handle = 17, .value_handle = 18, .properties = BLE_INDICATE },
	};
	static const struct ble_descriptor descriptors[] = {
		{ .handle = 8 }, { .handle = 9 }, { .handle = 19 }, { .handle = 0xffff },
	};
	static const struct ble_include include = { .handle = 2, .start = 16,
						    .end = 0xffff };
	int error = 0;

	memset(tree, 0, sizeof(*tree));
	for (size_t i = 0; i < 2 && !error; i++)
		error = gatt_tree_add_service(tree, &services[i]);
	for (size_t i = 0; i < 3 && !error; i++)
		error = gatt_tree_add_characteristic(tree, &characteristics[i]);
	for (size_t i = 0; i < 4 && !error; i++)
		error = gatt_tree_add_descriptor(tree, &descriptors[i]);
	if (!error)
		error = gatt_tree_add_include(tree, &include);
	for (size_t i = 0; i < tree->n_characteristics; i++)
		tree->characteristics[i].uuid = ble_uuid16((uint16_t)(0x2a00 + i));
	if (error)
		return error;
	gatt_tree_settle(tree);
	gatt_tree_tie(tree, NULL);
	return 0;
}

static void pack(void)
{
	struct ble_services tree;

	REQUIRE(make_tree(&tree) == 0);
	REQUIRE(gatt_cache_pack(&key, &tree, &data, &len) == 0);
	CHECK(len < MAX);
	gatt_tree_clear(&tree);
}

static int unpack(const uint8_t *octets, size_t n)
{
	struct ble_services tree;
	int error = gatt_cache_unpack(bytes(octets, n), &key, &tree);

	if (error)
		return error;
	/* Whatever it was: all of it can be walked. */
	gatt_tree_tie(&tree, NULL);
	for (size_t i = 0; i < tree.n_descriptors; i++)
		CHECK(tree.descriptors[i].characteristic != NULL);
	for (size_t i = 0; i < tree.n_characteristics; i++) {
		const struct ble_characteristic *c = &tree.characteristics[i];

		REQUIRE(c->service != NULL);
		CHECK(c->handle > c->service->handle && c->end <= c->service->end);
		CHECK(c->value_handle > c->handle && c->value_handle <= c->end);
	}
	gatt_tree_clear(&tree);
	return 0;
}

static void there_and_back(void)
{
	struct ble_services was, is;

	pack();
	REQUIRE(make_tree(&was) == 0);
	REQUIRE(gatt_cache_unpack(bytes(data, len), &key, &is) == 0);
	gatt_tree_tie(&is, NULL);
	CHECK_INT(is.n_services, 2);
	REQUIRE(is.n_characteristics == 3);
	CHECK_INT(is.n_descriptors, 4);
	CHECK_INT(is.n_includes, 1);
	for (size_t i = 0; i < 3; i++) {
		const struct ble_characteristic *a = &was.characteristics[i];
		const struct ble_characteristic *b = &is.characteristics[i];

		CHECK_INT(b->handle, a->handle);
		CHECK_INT(b->value_handle, a->value_handle);
		CHECK_INT(b->end, a->end);
		CHECK_INT(b->properties, a->properties);
		CHECK_INT(b->n_descriptors, a->n_descriptors);
		CHECK_INT(b->service->handle, a->service->handle);
		CHECK(ble_uuid_equal(&a->uuid, &b->uuid));
	}
	CHECK_INT(is.services[0].primary, true);
	CHECK_INT(is.services[1].primary, false);
	CHECK_INT(is.includes[0].start, 16);
	gatt_tree_clear(&was);
	gatt_tree_clear(&is);
	free(data);
}

/* Short ones, a long one, and each octet another. */
static void damaged(void)
{
	uint8_t copy[MAX];

	pack();
	for (size_t n = 0; n < len; n++) {
		uint8_t *part = malloc(n ? n : 1); /* its end is watched */

		REQUIRE(part != NULL);
		memcpy(part, data, n);
		CHECK_INT(unpack(part, n), -EBADMSG);
		free(part);
	}
	memcpy(copy, data, len);
	copy[len] = 0;
	CHECK_INT(unpack(copy, len + 1), -EBADMSG);
	for (size_t i = 0; i < len; i++) {
		copy[i] ^= 0x40;
		CHECK_INT(unpack(copy, len), -EBADMSG);
		copy[i] ^= 0x40;
	}
	CHECK_INT(unpack(copy, len), 0);
	free(data);
}

/* The sum that belongs to it, as gatt/cache.h says. */
static void sign(uint8_t *octets, size_t n)
{
	uint32_t sum = UINT32_C(2166136261);

	for (size_t i = 0; i < n - 4; i++)
		sum = (sum ^ octets[i]) * UINT32_C(16777619);
	put_le32(octets + n - 4, sum);
}

/* With the right sum: of another peer, another hash, with handles that lie. */
static void lying(void)
{
	static const struct {
		size_t at;
		uint8_t octet;
		int error;
	} lies[] = {
		{ 0, 'b', -EBADMSG },              /* no tree */
		{ 7, 2, -EBADMSG },                /* a later version */
		{ 8, 2, -ENOENT },                 /* address */
		{ 14, BLE_ADDRESS_PUBLIC, -ENOENT },
		{ 15 + 15, 1, -ENOENT },           /* hash */
		{ COUNTS, 3, -EBADMSG },           /* one more service than there is */
		{ COUNTS + 1, 0xff, -EBADMSG },
		{ ITEMS, 0, -EBADMSG },            /* handle 0 */
		{ ITEMS + 2, 0, -EBADMSG },        /* ends before it starts */
		{ ITEMS + 2, 16, -EBADMSG },       /* into the next one */
		{ ITEMS + 4, 2, -EBADMSG },        /* neither primary nor not */
		{ ITEMS + 21, 9, -EBADMSG },       /* not in their order */
		{ ITEMS + 42, 1, -EBADMSG },       /* the handle of its service */
		{ ITEMS + 42, 10, -EBADMSG },      /* in no service */
		{ ITEMS + 44, 3, -EBADMSG },       /* its value is it */
		{ ITEMS + 44, 10, -EBADMSG },      /* behind its service */
		{ ITEMS + 44, 6, -EBADMSG },       /* behind the next one */
		{ ITEMS + 105, 7, -EBADMSG },      /* a descriptor as value */
		{ ITEMS + 105, 10, -EBADMSG },     /* of nothing */
		{ ITEMS + 105, 9, -EBADMSG },      /* twice */
		{ ITEMS + 177, 0, -EBADMSG },      /* an include at 0 */
		{ ITEMS + 177, 12, -EBADMSG },     /* of no service */
		{ ITEMS + 4, 0, 0 },               /* such a tree there is */
	};
	uint8_t copy[MAX];

	pack();
	CHECK_INT(len, ITEMS + 177 + 22 + 4);
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		memcpy(copy, data, len);
		copy[lies[i].at] = lies[i].octet;
		sign(copy, len);
		harness_about("lie %zu", i);
		CHECK_INT(unpack(copy, len), lies[i].error);
	}
	harness_about(NULL);
	free(data);
}

/* Anything with a right sum is a tree or is none, and harms nobody. */
static void random_lies(void)
{
	unsigned int trees = 0;
	uint8_t copy[MAX];

	pack();
	for (int i = 0; i < 20000; i++) {
		uint32_t lies = 1 + harness_below(3);

		memcpy(copy, data, len);
		while (lies--)
			copy[ITEMS + harness_below((uint32_t)len - ITEMS - 4)] =
				(uint8_t)harness_random();
		sign(copy, len);
		trees += !unpack(copy, len);
	}
	CHECK(trees > 0 && trees < 20000);
	free(data);
}

static int all_of_it(void *user)
{
	struct ble_services tree;
	int error = make_tree(&tree);

	(void)user;
	data = NULL;
	if (!error)
		error = gatt_cache_pack(&key, &tree, &data, &len);
	gatt_tree_clear(&tree);
	if (!error)
		error = unpack(data, len);
	free(data);
	return error;
}

static void without_memory(void)
{
	CHECK(fail_each(all_of_it, NULL) > 8);
}

static const struct test_case trees[] = {
	TEST(there_and_back), TEST(damaged), TEST(lying), TEST(random_lies),
	TEST(without_memory), { 0 }
};

static const struct test_suite suites[] = {
	{ "trees", trees }, { 0 }
};

int main(int argc, char **argv)
{
	return harness_main(argc, argv, suites);
}
