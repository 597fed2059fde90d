/* SPDX-License-Identifier: MIT */
/*
 * Look-ups by handle, with the index and without: each of the 65,536 handles is
 * asked for, and the answer is what a walk over all of the tree gives.
 */
#include <string.h>

#include "gatt/tree.h"
#include "tests/failmalloc.h"
#include "tests/harness.h"

static void add_service(struct gatt_tree *tree, uint16_t handle, uint16_t end)
{
	const struct ble_service service = { .handle = handle, .end = end };

	REQUIRE(gatt_tree_add_service(tree, &service) == 0);
}

static void add_characteristic(struct gatt_tree *tree, uint16_t handle, uint16_t value)
{
	const struct ble_characteristic c = { .handle = handle, .value_handle = value };

	REQUIRE(gatt_tree_add_characteristic(tree, &c) == 0);
}

static void add_descriptor(struct gatt_tree *tree, uint16_t handle)
{
	const struct ble_descriptor descriptor = { .handle = handle };

	REQUIRE(gatt_tree_add_descriptor(tree, &descriptor) == 0);
}

static void check_handle(const struct ble_services *view, uint16_t handle)
{
	const struct ble_service *service = NULL;
	const struct ble_characteristic *c = NULL;
	const struct ble_descriptor *descriptor = NULL;

	for (size_t i = 0; i < view->n_services; i++)
		if (view->services[i].handle == handle)
			service = &view->services[i];
	for (size_t i = 0; i < view->n_characteristics; i++)
		if (view->characteristics[i].handle == handle ||
		    view->characteristics[i].value_handle == handle)
			c = &view->characteristics[i];
	for (size_t i = 0; i < view->n_descriptors; i++)
		if (view->descriptors[i].handle == handle)
			descriptor = &view->descriptors[i];
	harness_about("handle 0x%04x", handle);
	CHECK(ble_services_service(view, handle) == service);
	CHECK(ble_services_characteristic(view, handle) == c);
	CHECK(ble_services_descriptor(view, handle) == descriptor);
}

/* Ties it, asks for every handle, and frees it. */
static void check(struct gatt_tree *tree, bool indexed)
{
	gatt_tree_settle(tree);
	gatt_tree_tie(tree, NULL);
	CHECK((tree->view.by_handle != NULL) == indexed);
	for (uint32_t handle = 0; handle <= 0xffff; handle++)
		check_handle(&tree->view, (uint16_t)handle);
	harness_about(NULL);
	gatt_tree_clear(tree);
	CHECK(!tree->by_handle);
}

static void nothing(void)
{
	struct gatt_tree tree = { .n_services = 0 };

	check(&tree, false);
}

static void first_and_last(void)
{
	struct gatt_tree tree = { .n_services = 0 };

	add_service(&tree, 1, 1);
	check(&tree, true);
	add_service(&tree, 0xffff, 0xffff);
	check(&tree, false);
	add_service(&tree, 1, 2);
	add_service(&tree, 0xfffc, 0xffff);
	add_characteristic(&tree, 0xfffd, 0xfffe);
	add_descriptor(&tree, 0xffff);
	check(&tree, false);
}

/* Holes of every size within the limit, and the first beyond it. */
static void dense_and_sparse(void)
{
	for (uint16_t hole = 0; hole < 8; hole++) {
		struct gatt_tree tree = { .n_services = 0 };
		uint16_t at = 1;

		for (int s = 0; s < 20; s++, at = (uint16_t)(at + 5 + 5 * hole)) {
			add_service(&tree, at, (uint16_t)(at + 4));
			add_characteristic(&tree, (uint16_t)(at + 1), (uint16_t)(at + 2));
			add_descriptor(&tree, (uint16_t)(at + 3));
			add_descriptor(&tree, (uint16_t)(at + 4));
		}
		check(&tree, hole < 4);
	}
}

/* Every handle there is, up to the last one. */
static void full(void)
{
	struct gatt_tree tree = { .n_services = 0 };

	add_service(&tree, 1, 0xffff);
	for (uint32_t handle = 2; handle < 0xfffe; handle += 0x100) {
		add_characteristic(&tree, (uint16_t)handle, (uint16_t)(handle + 1));
		for (uint32_t d = handle + 2; d < handle + 0x100 && d <= 0xffff; d++)
			add_descriptor(&tree, (uint16_t)d);
	}
	gatt_tree_settle(&tree);
	gatt_tree_tie(&tree, NULL);
	CHECK(tree.view.by_handle != NULL);
	CHECK_INT(tree.view.n_by_handle, 0x10000);
	CHECK(!ble_services_service(&tree.view, 0) && !ble_services_descriptor(&tree.view, 0));
	for (size_t i = 0; i < tree.n_descriptors; i++) {
		const struct ble_descriptor *d = &tree.descriptors[i];

		CHECK(ble_services_descriptor(&tree.view, d->handle) == d);
		CHECK(!ble_services_characteristic(&tree.view, d->handle));
	}
	CHECK(ble_services_descriptor(&tree.view, 0xffff) ==
	      &tree.descriptors[tree.n_descriptors - 1]);
	gatt_tree_clear(&tree);
}

/* A peer that gives one handle to two is searched as before. */
static void given_twice(void)
{
	struct gatt_tree tree = { .n_services = 0 };

	add_service(&tree, 1, 9);
	add_characteristic(&tree, 2, 3);
	add_descriptor(&tree, 3);
	gatt_tree_settle(&tree);
	gatt_tree_tie(&tree, NULL);
	CHECK(!tree.view.by_handle);
	CHECK(ble_services_characteristic(&tree.view, 3) == tree.characteristics);
	CHECK(ble_services_descriptor(&tree.view, 3) == tree.descriptors);
	gatt_tree_clear(&tree);
}

/* It takes at most eight octets an attribute, and is missed by nobody. */
static void memory(void)
{
	struct gatt_tree tree = { .n_services = 0 };

	add_service(&tree, 1, 40);
	for (uint16_t handle = 5; handle < 40; handle = (uint16_t)(handle + 5))
		add_characteristic(&tree, handle, (uint16_t)(handle + 1));
	gatt_tree_settle(&tree);
	failmalloc_arm(2); /* the first one gives back what is too much */
	gatt_tree_tie(&tree, NULL);
	CHECK(failmalloc_disarm());
	CHECK(!tree.view.by_handle);
	CHECK(ble_services_characteristic(&tree.view, 36) == &tree.characteristics[6]);
	gatt_tree_tie(&tree, NULL);
	REQUIRE(tree.view.by_handle != NULL);
	CHECK(2 * tree.view.n_by_handle <= 8 * (1 + 2 * tree.n_characteristics));
	check(&tree, true);
}

static void at_random(void)
{
	for (int round = 0; round < 20; round++) {
		struct gatt_tree tree = { .n_services = 0 };
		uint32_t step = 1 + harness_below(6), at = 1 + harness_below(20);

		while (at < 0xff00 && tree.n_services < 12) {
			uint32_t service = at;

			at += 1 + harness_below(step);
			for (uint32_t n = harness_below(6); n; n--) {
				add_characteristic(&tree, (uint16_t)at, (uint16_t)(at + 1));
				at += 2 + harness_below(step);
			}
			add_service(&tree, (uint16_t)service, (uint16_t)(at - 1));
			at += harness_below(step * 4);
		}
		gatt_tree_settle(&tree);
		gatt_tree_tie(&tree, NULL);
		check(&tree, tree.view.by_handle != NULL);
	}
}

static const struct test_case cases[] = {
	TEST(nothing), TEST(first_and_last), TEST(dense_and_sparse), TEST(full),
	TEST(given_twice), TEST(memory), TEST(at_random), { 0 }
};

static const struct test_suite suites[] = { { "by handle", cases }, { 0 } };

int main(int argc, char **argv)
{
	return harness_main(argc, argv, suites);
}
