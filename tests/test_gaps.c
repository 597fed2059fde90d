/* SPDX-License-Identifier: MIT */
/* The gaps of a tree that is being discovered, against a look at every handle. */
#include "gatt/gaps.h"
#include "tests/harness.h"

static void add_service(struct ble_services *tree, uint32_t handle, uint32_t end)
{
	const struct ble_service service = { .handle = (uint16_t)handle, .end = (uint16_t)end };

	REQUIRE(gatt_tree_add_service(tree, &service) == 0);
}

static void add_characteristic(struct ble_services *tree, uint32_t handle)
{
	const struct ble_characteristic c = { .handle = (uint16_t)handle,
					      .value_handle = (uint16_t)(handle + 1) };

	REQUIRE(gatt_tree_add_characteristic(tree, &c) == 0);
}

/* The same by the definition, handle by handle. */
static bool in_gap(const struct ble_services *tree, enum gatt_gaps kind, uint16_t handle)
{
	const struct ble_service *s = gatt_tree_group(tree, handle);
	const struct ble_characteristic *c;

	if (!s || handle == s->handle)
		return false;
	if (kind == GATT_GAPS_CHARACTERISTICS)
		return s->end - s->handle >= 2;
	if (kind == GATT_GAPS_INCLUDES) {
		for (size_t i = 0; i < tree->n_characteristics; i++) {
			c = &tree->characteristics[i];
			if (c->handle > s->handle && c->handle <= handle)
				return false;
		}
		return true;
	}
	for (size_t i = 0; i < tree->n_characteristics; i++) {
		c = &tree->characteristics[i];
		if (c->value_handle < handle && handle <= c->end)
			return true;
	}
	return false;
}

static uint32_t next_in_gap(const struct ble_services *tree, enum gatt_gaps kind,
			    uint32_t from)
{
	while (from <= 0xffff && !in_gap(tree, kind, (uint16_t)from))
		from++;
	return from;
}

static uint32_t last_in_gap(const struct ble_services *tree, enum gatt_gaps kind)
{
	uint32_t last = 0xffff;

	while (last && !in_gap(tree, kind, (uint16_t)last))
		last--;
	return last;
}

/* A sweep that finds every handle in its range: start always moves to the next handle
 * in a gap, and each one is told to be in a gap or not. */
static void check_sweep(const struct ble_services *tree, enum gatt_gaps kind, uint16_t from)
{
	uint16_t start = 0, end = 0;
	uint32_t first = next_in_gap(tree, kind, from), handle;
	size_t cursor = 0;

	if (first > 0xffff) {
		CHECK(!gatt_gaps_range(tree, kind, from, &cursor, &start, &end));
		return;
	}
	REQUIRE(gatt_gaps_range(tree, kind, from, &cursor, &start, &end));
	CHECK_INT(start, first);
	CHECK_INT(end, last_in_gap(tree, kind));
	for (handle = start; handle <= end; handle++) {
		uint32_t next = next_in_gap(tree, kind, handle + 1);

		harness_about("kind %d, handle 0x%04x", (int)kind, (unsigned int)handle);
		start = (uint16_t)handle;
		CHECK(gatt_gaps_found(tree, kind, (uint16_t)handle, &cursor, &start, &end) ==
		      in_gap(tree, kind, (uint16_t)handle));
		if (next > 0xffff)
			CHECK_INT(end, handle);
		else if (next > handle + 1)
			CHECK_INT(start, next);
	}
	harness_about(NULL);
}

static void check(struct ble_services *tree)
{
	static const uint16_t froms[] = { 0, 1, 2, 7, 0x20, 0xfffe, 0xffff };

	gatt_tree_settle(tree);
	for (size_t i = 0; i < sizeof(froms) / sizeof(froms[0]); i++) {
		check_sweep(tree, GATT_GAPS_INCLUDES, froms[i]);
		check_sweep(tree, GATT_GAPS_CHARACTERISTICS, froms[i]);
		check_sweep(tree, GATT_GAPS_DESCRIPTORS, froms[i]);
	}
	gatt_tree_clear(tree);
}

static void none(void)
{
	struct ble_services tree = { .n_services = 0 };

	check(&tree);
	add_service(&tree, 1, 1);
	check(&tree);
}

/* The last handle: a declaration, a value, and the end of a gap. */
static void at_the_end(void)
{
	struct ble_services tree = { .n_services = 0 };

	add_service(&tree, 0xffff, 0xffff);
	check(&tree);
	add_service(&tree, 0xfffd, 0xffff);
	add_characteristic(&tree, 0xfffe);
	check(&tree);
	add_service(&tree, 0xfff0, 0xffff);
	add_characteristic(&tree, 0xfff8);
	check(&tree);
}

static void several(void)
{
	struct ble_services tree = { .n_services = 0 };

	add_service(&tree, 1, 4); /* an include, a characteristic, no descriptor */
	add_characteristic(&tree, 3);
	add_service(&tree, 5, 6); /* no room for a characteristic */
	add_service(&tree, 0x10, 0x20); /* several of each */
	add_characteristic(&tree, 0x13);
	add_characteristic(&tree, 0x15);
	add_characteristic(&tree, 0x1a);
	add_service(&tree, 0x30, 0x30); /* empty */
	check(&tree);
}

static void at_random(void)
{
	for (int round = 0; round < 30; round++) {
		struct ble_services tree = { .n_services = 0 };
		uint32_t at = 1 + harness_below(8);

		for (int n = 0; n < 6; n++) {
			uint32_t service = at++;

			at += harness_below(3);
			for (uint32_t k = harness_below(4); k; k--) {
				add_characteristic(&tree, at);
				at += 2 + harness_below(4);
			}
			add_service(&tree, service, at - 1);
			at += harness_below(5);
		}
		check(&tree);
	}
}

static const struct test_case cases[] = {
	TEST(none), TEST(at_the_end), TEST(several), TEST(at_random), { 0 }
};

static const struct test_suite suites[] = { { "gaps", cases }, { 0 } };

int main(int argc, char **argv)
{
	return harness_main(argc, argv, suites);
}
