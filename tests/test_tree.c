/* SPDX-License-Identifier: MIT */
/*
 * The calls on the service tree. Each of the 65,536 handles is looked up, and the
 * answer is compared with a walk over the whole array; the walks are compared with
 * the arrays.
 */
#include <string.h>

#include "gatt/tree.h"
#include "tests/failmalloc.h"
#include "tests/harness.h"
#include "tests/tree_older.h"

static void add_service(struct ble_services *tree, uint16_t handle, uint16_t end)
{
	const struct ble_service service = { .handle = handle, .end = end };

	REQUIRE(gatt_tree_add_service(tree, &service) == 0);
}

static void add_characteristic(struct ble_services *tree, uint16_t handle, uint16_t value)
{
	const struct ble_characteristic c = { .handle = handle, .value_handle = value };

	REQUIRE(gatt_tree_add_characteristic(tree, &c) == 0);
}

static void add_descriptor(struct ble_services *tree, uint16_t handle)
{
	const struct ble_descriptor descriptor = { .handle = handle };

	REQUIRE(gatt_tree_add_descriptor(tree, &descriptor) == 0);
}

static void check_handle(const struct ble_services *tree, uint16_t handle)
{
	const struct ble_service *service = NULL;
	const struct ble_characteristic *c = NULL;
	const struct ble_descriptor *descriptor = NULL;

	for (size_t i = 0; i < tree->n_services; i++)
		if (tree->services[i].handle == handle)
			service = &tree->services[i];
	for (size_t i = 0; i < tree->n_characteristics; i++)
		if (tree->characteristics[i].handle == handle ||
		    tree->characteristics[i].value_handle == handle)
			c = &tree->characteristics[i];
	for (size_t i = 0; i < tree->n_descriptors; i++)
		if (tree->descriptors[i].handle == handle)
			descriptor = &tree->descriptors[i];
	harness_about("handle 0x%04x", handle);
	CHECK(ble_services_service(tree, handle) == service);
	CHECK(ble_services_characteristic(tree, handle) == c);
	CHECK(ble_services_descriptor(tree, handle) == descriptor);
}

/* A walk over the whole tree, kind by kind, meets each element once, in order. */
static void check_flat_walks(const struct ble_services *tree)
{
	const struct ble_characteristic *c = NULL;
	const struct ble_descriptor *d = NULL;
	const struct ble_include *include = NULL;
	const struct ble_service *s = NULL;
	size_t i;

	for (i = 0; (s = ble_services_next(tree, s)); i++)
		CHECK(s == &tree->services[i]);
	CHECK_INT(i, ble_services_count(tree));
	for (i = 0; (c = ble_services_next_characteristic(tree, c)); i++)
		CHECK(c == &tree->characteristics[i]);
	CHECK_INT(i, ble_services_count_characteristics(tree));
	for (i = 0; (d = ble_services_next_descriptor(tree, d)); i++)
		CHECK(d == &tree->descriptors[i]);
	CHECK_INT(i, ble_services_count_descriptors(tree));
	for (i = 0; (include = ble_services_next_include(tree, include)); i++)
		CHECK(include == &tree->includes[i]);
	CHECK_INT(i, ble_services_count_includes(tree));
}

/* So does a walk from service to characteristic to descriptor. */
static void check_nested_walk(const struct ble_services *tree)
{
	const struct ble_characteristic *c = NULL;
	const struct ble_descriptor *d = NULL;
	const struct ble_service *s = NULL;
	size_t n_c = 0, n_d = 0;

	while ((s = ble_services_next(tree, s))) {
		size_t first_c = n_c;

		CHECK(s->tree == tree);
		while ((c = ble_service_next_characteristic(s, c))) {
			size_t first_d = n_d;

			CHECK(c == &tree->characteristics[n_c++] && c->service == s);
			while ((d = ble_characteristic_next_descriptor(c, d)))
				CHECK(d == &tree->descriptors[n_d++] &&
				      d->characteristic == c);
			CHECK_INT(c->n_descriptors, n_d - first_d);
		}
		CHECK_INT(s->n_characteristics, n_c - first_c);
	}
	CHECK_INT(n_c, tree->n_characteristics);
	CHECK_INT(n_d, tree->n_descriptors);
}

/* Ties it, looks up every handle, walks, and frees it. */
static void check(struct ble_services *tree)
{
	unsigned int generation = ble_services_generation(tree);

	gatt_tree_settle(tree);
	gatt_tree_tie(tree, NULL);
	for (uint32_t handle = 0; handle <= 0xffff; handle++)
		check_handle(tree, (uint16_t)handle);
	harness_about(NULL);
	check_flat_walks(tree);
	check_nested_walk(tree);
	CHECK_INT(ble_services_generation(tree), generation);
	gatt_tree_clear(tree);
	CHECK(ble_services_generation(tree) != generation);
	check_flat_walks(tree);
}

static void nothing(void)
{
	struct ble_services tree = { .n_services = 0 };

	check(&tree);
}

static void first_and_last(void)
{
	struct ble_services tree = { .n_services = 0 };

	add_service(&tree, 1, 1);
	check(&tree);
	add_service(&tree, 0xffff, 0xffff);
	check(&tree);
	add_service(&tree, 1, 2);
	add_service(&tree, 0xfffc, 0xffff);
	add_characteristic(&tree, 0xfffd, 0xfffe);
	add_descriptor(&tree, 0xffff);
	check(&tree);
}

/* Holes of every size between the services. */
static void dense_and_sparse(void)
{
	for (uint16_t hole = 0; hole < 8; hole++) {
		struct ble_services tree = { .n_services = 0 };
		uint16_t at = 1;

		for (int s = 0; s < 20; s++, at = (uint16_t)(at + 5 + 5 * hole)) {
			add_service(&tree, at, (uint16_t)(at + 4));
			add_characteristic(&tree, (uint16_t)(at + 1), (uint16_t)(at + 2));
			add_descriptor(&tree, (uint16_t)(at + 3));
			add_descriptor(&tree, (uint16_t)(at + 4));
		}
		check(&tree);
	}
}

/* Every handle there is, up to the last one. */
static void full(void)
{
	struct ble_services tree = { .n_services = 0 };

	add_service(&tree, 1, 0xffff);
	for (uint32_t handle = 2; handle < 0xfffe; handle += 0x100) {
		add_characteristic(&tree, (uint16_t)handle, (uint16_t)(handle + 1));
		for (uint32_t d = handle + 2; d < handle + 0x100 && d <= 0xffff; d++)
			add_descriptor(&tree, (uint16_t)d);
	}
	gatt_tree_settle(&tree);
	gatt_tree_tie(&tree, NULL);
	CHECK(!ble_services_service(&tree, 0) && !ble_services_descriptor(&tree, 0));
	for (size_t i = 0; i < tree.n_descriptors; i++) {
		const struct ble_descriptor *d = &tree.descriptors[i];

		CHECK(ble_services_descriptor(&tree, d->handle) == d);
		CHECK(!ble_services_characteristic(&tree, d->handle));
	}
	CHECK(ble_services_descriptor(&tree, 0xffff) ==
	      &tree.descriptors[tree.n_descriptors - 1]);
	gatt_tree_clear(&tree);
}

/* A peer that gives one handle to two: each look-up finds its own kind. */
static void given_twice(void)
{
	struct ble_services tree = { .n_services = 0 };

	add_service(&tree, 1, 9);
	add_characteristic(&tree, 2, 3);
	add_descriptor(&tree, 3);
	gatt_tree_settle(&tree);
	gatt_tree_tie(&tree, NULL);
	CHECK(ble_services_characteristic(&tree, 3) == tree.characteristics);
	CHECK(ble_services_descriptor(&tree, 3) == tree.descriptors);
	check_nested_walk(&tree);
	gatt_tree_clear(&tree);
}

/* Memory that cannot be given back is no failure. */
static void memory(void)
{
	struct ble_services tree = { .n_services = 0 };

	add_service(&tree, 1, 40);
	for (uint16_t handle = 5; handle < 40; handle = (uint16_t)(handle + 5))
		add_characteristic(&tree, handle, (uint16_t)(handle + 1));
	gatt_tree_settle(&tree);
	failmalloc_arm(1);
	gatt_tree_tie(&tree, NULL);
	CHECK(failmalloc_disarm());
	CHECK(ble_services_characteristic(&tree, 36) == &tree.characteristics[6]);
	check(&tree);
}

/* What is moved into a tree replaces its contents, with another generation than any
 * earlier one. */
static void replaced(void)
{
	struct ble_services tree = { .n_services = 0 }, found = { .n_services = 0 };
	unsigned int first, second;

	add_service(&tree, 1, 9);
	gatt_tree_tie(&tree, NULL);
	first = ble_services_generation(&tree);
	add_service(&found, 20, 29);
	gatt_tree_replace(&tree, &found);
	gatt_tree_tie(&tree, NULL);
	second = ble_services_generation(&tree);
	CHECK(second != first);
	CHECK(!ble_services_service(&tree, 1) && ble_services_service(&tree, 20));
	CHECK_INT(ble_services_count(&found), 0);
	gatt_tree_replace(&tree, &found);
	CHECK(ble_services_generation(&tree) != first);
	CHECK(ble_services_generation(&tree) != second);
	CHECK_INT(ble_services_count(&tree), 0);
	gatt_tree_clear(&tree);
}

/* A program built with shorter elements walks and finds as one built today. */
static void older_caller(void)
{
	static const uint16_t expected[] = { 1, 3, 5, 6, 7, 10, 11, 13, 2 };
	const struct ble_include include = { .handle = 2, .start = 10, .end = 13 };
	struct ble_services tree = { .n_services = 0 };
	uint16_t handles[9] = { 0 };

	CHECK(older_sizes[0] < sizeof(struct ble_service));
	CHECK(older_sizes[1] < sizeof(struct ble_characteristic));
	CHECK(older_sizes[2] < sizeof(struct ble_descriptor));
	CHECK(older_sizes[3] < sizeof(struct ble_include));
	add_service(&tree, 1, 9);
	add_characteristic(&tree, 3, 4);
	add_descriptor(&tree, 5);
	add_descriptor(&tree, 6);
	add_characteristic(&tree, 7, 8);
	add_service(&tree, 10, 13);
	add_characteristic(&tree, 11, 12);
	add_descriptor(&tree, 13);
	REQUIRE(gatt_tree_add_include(&tree, &include) == 0);
	for (uint16_t i = 0; i < tree.n_services; i++)
		tree.services[i].uuid = ble_uuid16((uint16_t)(0x1800 + i));
	for (uint16_t i = 0; i < tree.n_characteristics; i++)
		tree.characteristics[i].uuid = ble_uuid16((uint16_t)(0x2a00 + i));
	gatt_tree_settle(&tree);
	gatt_tree_tie(&tree, NULL);
	CHECK_INT(older_walk(&tree, handles, 9), 9);
	CHECK_MEM(handles, expected, sizeof(expected));
	CHECK(older_finds(&tree));
	gatt_tree_clear(&tree);
}

static void at_random(void)
{
	for (int round = 0; round < 20; round++) {
		struct ble_services tree = { .n_services = 0 };
		uint32_t step = 1 + harness_below(6), at = 1 + harness_below(20);

		while (at < 0xff00 && tree.n_services < 12) {
			uint32_t service = at;

			at += 1 + harness_below(step);
			for (uint32_t n = harness_below(6); n; n--) {
				add_characteristic(&tree, (uint16_t)at, (uint16_t)(at + 1));
				at += 2 + harness_below(step);
				for (uint32_t d = harness_below(3); d; d--, at++)
					add_descriptor(&tree, (uint16_t)at);
			}
			add_service(&tree, (uint16_t)service, (uint16_t)(at - 1));
			at += harness_below(step * 4);
		}
		check(&tree);
	}
}

static const struct test_case cases[] = {
	TEST(nothing), TEST(first_and_last), TEST(dense_and_sparse), TEST(full),
	TEST(given_twice), TEST(memory), TEST(replaced),
	TEST(older_caller), TEST(at_random), { 0 }
};

static const struct test_suite suites[] = { { "tree", cases }, { 0 } };

int main(int argc, char **argv)
{
	return harness_main(argc, argv, suites);
}
