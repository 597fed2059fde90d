/* SPDX-License-Identifier: MIT */
/* Discovery and subscriptions. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/conformance.h"

/* -- The tree, against the table that it was read from ----------------------------- */

static void check_descriptors(const struct gatt_table *table, size_t *at,
			      const struct ble_characteristic *c)
{
	const struct ble_descriptor *seen = NULL;
	size_t n = 0;

	while ((seen = ble_characteristic_next_descriptor(c, seen))) {
		CHECK_INT(seen->handle, table->attributes[*at].handle);
		CHECK(ble_uuid_equal(&seen->uuid, &table->attributes[*at].type));
		CHECK(seen->characteristic == c);
		++*at;
		n++;
	}
	CHECK_INT(c->n_descriptors, n);
}

static void check_characteristics(const struct gatt_table *table, size_t *at,
				  const struct ble_service *s)
{
	const struct ble_characteristic *c = NULL;
	size_t n = 0;

	while ((c = ble_service_next_characteristic(s, c))) {
		const struct gatt_attribute *declaration = &table->attributes[*at];
		struct ble_bytes value = gatt_value(declaration);

		CHECK_INT(ble_uuid_short(&declaration->type), GATT_CHARACTERISTIC);
		CHECK_INT(c->handle, declaration->handle);
		CHECK_INT(c->properties, value.data[0]);
		CHECK_INT(c->value_handle, declaration[1].handle);
		CHECK(ble_uuid_equal(&c->uuid, &declaration[1].type));
		CHECK(c->service == s);
		*at += 2;
		n++;
		check_descriptors(table, at, c);
	}
	CHECK_INT(s->n_characteristics, n);
}

/* Every attribute of the table must be in the tree, in its place. */
static void check_tree(const struct ble_services *tree, unsigned int n)
{
	const struct ble_include *include = NULL;
	const struct ble_service *service = NULL;
	struct gatt_table table;
	size_t at = 0, s = 0, includes = 0;

	REQUIRE(reference_build(&table, n) == 0);
	while (at < table.n && (service = ble_services_next(tree, service))) {
		const struct gatt_attribute *declaration = &table.attributes[at];

		s++;
		CHECK_INT(service->handle, declaration->handle);
		CHECK_INT(service->end, declaration->end);
		CHECK_INT(service->primary,
			  ble_uuid_short(&declaration->type) == GATT_PRIMARY);
		at++;
		while (at < table.n &&
		       ble_uuid_short(&table.attributes[at].type) == GATT_INCLUDE) {
			include = ble_services_next_include(tree, include);
			CHECK(include && include->handle == table.attributes[at].handle);
			includes++;
			at++;
		}
		check_characteristics(&table, &at, service);
	}
	CHECK_INT(at, table.n);
	CHECK_INT(s, ble_services_count(tree));
	CHECK_INT(includes, ble_services_count_includes(tree));
	gatt_table_release(&table);
}

/* requests: of the connect and the discovery. More would be waste, and fewer a sweep that was
 * left out. A dongle's firmware walks a range by itself: a request is a whole sweep there. */
static void discover(unsigned int n, uint16_t mtu, unsigned int requests)
{
	const struct fixture_peer peer = { .n = n, .mtu = mtu };
	struct fixture fixture;
	struct ble_client *client;

	REQUIRE(fixture_open(&fixture, &peer, 1) == 0);
	client = fixture_connect(&fixture, 0, true);
	CHECK_INT(ble_client_mtu(client), fixture_mtu(&fixture, mtu));
	check_tree(ble_client_services(client), n);
	printf("  %u attributes, MTU %u: %u requests\n", n, mtu,
	       ble_client_requests(client));
	CHECK_INT(ble_client_requests(client),
		  fixture.class->firmware ? n == REFERENCE_SMALL ? 4 : 6 : requests);
	ble_client_unref(client);
	fixture_close(&fixture);
}

static void discover_small(void)
{
	discover(REFERENCE_SMALL, 23, 5);
	discover(REFERENCE_SMALL, 185, 5);
	discover(REFERENCE_SMALL, 517, 5);
}

static void discover_middle(void)
{
	discover(REFERENCE_MIDDLE, 23, 38);
	discover(REFERENCE_MIDDLE, 185, 28);
	discover(REFERENCE_MIDDLE, 517, 27);
}

static void discover_large(void)
{
	discover(REFERENCE_LARGE, 23, 225);
	discover(REFERENCE_LARGE, 185, 127);
	discover(REFERENCE_LARGE, 517, 126);
}

static void discover_again(void)
{
	struct seen seen = { 0 };
	struct fixture fixture;
	struct ble_client *client;
	struct ble_op *op;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	client = fixture_connect(&fixture, 0, true);
	/* A cancelled one leaves what the first found, and is silent. */
	CHECK_INT(ble_client_discover(client, seen_done, &seen, &op), 0);
	ble_loop_dispatch(fixture.loop, 0);
	REQUIRE(seen.done == 0);
	ble_op_cancel(op);
	check_tree(ble_client_services(client), REFERENCE_MIDDLE);
	CHECK_INT(ble_client_discover_sync(client), 0);
	check_tree(ble_client_services(client), REFERENCE_MIDDLE);
	CHECK_INT(seen.done, 0);
	ble_client_unref(client);
	fixture_close(&fixture);
}

static void look_up(void)
{
	const struct ble_characteristic *found = NULL;
	struct ble_uuid duplicate = ble_uuid16(0x2a56), once = ble_uuid16(0x2a00),
			never = ble_uuid16(0x2aff);
	const struct ble_services *tree;
	struct ble_client *client;
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	client = fixture_connect(&fixture, 0, true);
	tree = ble_client_services(client);
	CHECK_INT(ble_services_find_characteristic(tree, &duplicate, &found), -ENOTUNIQ);
	CHECK_INT(ble_services_find_characteristic(tree, &never, &found), -ENOENT);
	CHECK(found == NULL);
	CHECK_INT(ble_services_find_characteristic(tree, &once, &found), 0);
	CHECK(found && found == ble_services_characteristic(tree, found->value_handle));
	CHECK(found && found == ble_services_characteristic(tree, found->handle));
	CHECK(ble_services_characteristic(tree, REFERENCE_SAME_A) !=
	      ble_services_characteristic(tree, REFERENCE_SAME_B));
	CHECK(ble_services_characteristic(tree, 0xffff) == NULL);
	CHECK(ble_services_service(tree, 0x0040) != NULL);
	CHECK(ble_services_service(tree, 0x0041) == NULL);
	CHECK(ble_services_descriptor(tree, REFERENCE_NOTIFY + 1) != NULL);
	CHECK(ble_services_descriptor(tree, REFERENCE_NOTIFY) == NULL);
	ble_client_unref(client);
	fixture_close(&fixture);
}

/* -- Subscriptions --------------------------------------------------------------------- */

static void subscribe_to(uint16_t handle, enum ble_subscribe mode)
{
	struct ble_subscription *subscription = NULL;
	struct seen seen = { 0 };
	struct ble_client *client;
	struct fixture fixture;
	unsigned int values;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	client = fixture_connect(&fixture, 0, true);
	CHECK_INT(ble_client_subscribe_sync(client, handle, mode, seen_notified,
					    &seen, &subscription), 0);
	REQUIRE(subscription != NULL);
	CHECK(fixture_wait(&fixture, &seen.values, 20, 10000));
	CHECK(!seen.gap);
	CHECK_INT(ble_subscription_free_sync(subscription), 0);
	values = seen.values;
	fixture_run(&fixture, 200);
	CHECK_INT(seen.values, values);
	ble_client_unref(client);
	fixture_close(&fixture);
}

static void notifications(void)
{
	subscribe_to(REFERENCE_NOTIFY, BLE_SUBSCRIBE_AUTO);
	subscribe_to(REFERENCE_NOTIFY, BLE_SUBSCRIBE_NOTIFY);
}

static void indications(void)
{
	subscribe_to(REFERENCE_INDICATE, BLE_SUBSCRIBE_AUTO);
	subscribe_to(REFERENCE_INDICATE, BLE_SUBSCRIBE_INDICATE);
	subscribe_to(REFERENCE_BOTH, BLE_SUBSCRIBE_INDICATE);
}

static void configuration(struct ble_client *client, uint16_t handle, uint8_t expected)
{
	uint8_t value[2] = { 0xff, 0xff };
	size_t len = 0;

	CHECK_INT(ble_client_read_sync(client, (uint16_t)(handle + 1), value, 2, &len), 0);
	CHECK_INT(len, 2);
	CHECK_INT(value[0], expected);
	CHECK_INT(value[1], 0);
}

/* Several subscribers, one configuration: what all together want. */
static void several_subscribers(void)
{
	struct ble_subscription *a, *b, *c;
	struct seen seen[3] = { { 0 } };
	struct ble_client *client;
	struct fixture fixture;
	unsigned int requests;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	client = fixture_connect(&fixture, 0, true);
	configuration(client, REFERENCE_BOTH, 0);
	REQUIRE(ble_client_subscribe_sync(client, REFERENCE_BOTH, BLE_SUBSCRIBE_AUTO,
					  seen_notified, &seen[0], &a) == 0);
	configuration(client, REFERENCE_BOTH, 1);
	requests = ble_client_requests(client);
	REQUIRE(ble_client_subscribe_sync(client, REFERENCE_BOTH, BLE_SUBSCRIBE_NOTIFY,
					  seen_notified, &seen[1], &b) == 0);
	CHECK_INT(ble_client_requests(client), requests);
	REQUIRE(ble_client_subscribe_sync(client, REFERENCE_BOTH, BLE_SUBSCRIBE_INDICATE,
					  seen_notified, &seen[2], &c) == 0);
	configuration(client, REFERENCE_BOTH, 3);
	CHECK(fixture_wait(&fixture, &seen[2].values, 5, 10000));
	CHECK(seen[0].values >= 5 && seen[1].values >= 5);
	CHECK_INT(ble_subscription_free_sync(a), 0);
	CHECK_INT(ble_subscription_free_sync(c), 0);
	configuration(client, REFERENCE_BOTH, 1);
	CHECK_INT(ble_subscription_free_sync(b), 0);
	configuration(client, REFERENCE_BOTH, 0);
	ble_client_unref(client);
	fixture_close(&fixture);
}

static void refused_subscriptions(void)
{
	struct ble_subscription *subscription = NULL;
	struct seen seen = { 0 };
	struct ble_client *client;
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	client = fixture_connect(&fixture, 0, true);
	CHECK_INT(ble_client_subscribe(client, REFERENCE_ONE, BLE_SUBSCRIBE_AUTO,
				       seen_notified, &seen, seen_done, &seen, &subscription, NULL),
		  -EOPNOTSUPP);
	CHECK_INT(ble_client_subscribe(client, REFERENCE_NOTIFY, BLE_SUBSCRIBE_INDICATE,
				       seen_notified, &seen, seen_done, &seen, &subscription, NULL),
		  -EOPNOTSUPP);
	CHECK_INT(ble_client_subscribe(client, 0x7777, BLE_SUBSCRIBE_AUTO,
				       seen_notified, &seen, seen_done, &seen, &subscription, NULL),
		  -ENOENT);
	check_error_names(&fixture, -ENOENT, "0x7777");
	CHECK_INT(ble_client_subscribe(client, REFERENCE_BOTH, (enum ble_subscribe)3,
				       seen_notified, &seen, seen_done, &seen, &subscription, NULL),
		  -EINVAL);
	check_error_names(&fixture, -EINVAL, "no such way to subscribe: 3");
	fixture_run(&fixture, 50);
	CHECK_INT(seen.done, 0);
	CHECK(subscription == NULL);
	ble_client_unref(client);
	fixture_close(&fixture);
}

/* -- Callbacks that pull the floor away -------------------------------------------------- */

struct floor {
	struct seen seen;
	struct ble_client *client;
	struct ble_subscription *self, *other;
};

static void drop_self(void *user, uint16_t handle, struct ble_bytes value)
{
	struct floor *floor = user;

	seen_notified(&floor->seen, handle, value);
	if (floor->self)
		ble_subscription_free(floor->self, NULL, NULL, NULL);
	floor->self = NULL;
}

static void drop_other(void *user, uint16_t handle, struct ble_bytes value)
{
	struct floor *floor = user;

	seen_notified(&floor->seen, handle, value);
	if (floor->other)
		ble_subscription_free(floor->other, NULL, NULL, NULL);
	floor->other = NULL;
}

static void drop_link(void *user, uint16_t handle, struct ble_bytes value)
{
	struct floor *floor = user;

	seen_notified(&floor->seen, handle, value);
	ble_client_disconnect(floor->client);
}

static void drop_client(void *user, uint16_t handle, struct ble_bytes value)
{
	struct floor *floor = user;

	seen_notified(&floor->seen, handle, value);
	floor->client = ble_client_unref(floor->client);
}

static void done_ignored(void *user, int error)
{
	(void)user;
	CHECK_INT(error, 0);
}

static void floor_subscribe(struct floor *floor, uint16_t handle,
			    ble_notified_func notified,
			    struct ble_subscription **ret_subscription)
{
	REQUIRE(ble_client_subscribe(floor->client, handle, BLE_SUBSCRIBE_AUTO,
				     notified, floor, done_ignored, floor,
				     ret_subscription, NULL) == 0);
}

static void unsubscribe_inside(void)
{
	struct floor floor = { 0 };
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	floor.client = fixture_connect(&fixture, 0, true);
	floor_subscribe(&floor, REFERENCE_NOTIFY, drop_self, &floor.self);
	CHECK(fixture_wait(&fixture, &floor.seen.values, 1, 20000));
	fixture_run(&fixture, 300);
	CHECK_INT(floor.seen.values, 1);

	/* The first drops the second before its turn comes. */
	memset(&floor.seen, 0, sizeof(floor.seen));
	floor_subscribe(&floor, REFERENCE_NOTIFY, drop_other, &floor.self);
	floor_subscribe(&floor, REFERENCE_NOTIFY, drop_self, &floor.other);
	CHECK(fixture_wait(&fixture, &floor.seen.values, 10, 20000));
	CHECK(!floor.seen.gap);
	floor.client = ble_client_unref(floor.client);
	fixture_close(&fixture);
}

static void disconnect_inside(void)
{
	static const uint16_t handles[] = { REFERENCE_NOTIFY, REFERENCE_INDICATE };

	for (size_t i = 0; i < 2; i++) {
		struct seen end = { 0 };
		struct floor floor = { 0 };
		struct fixture fixture;

		REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
		floor.client = fixture_connect(&fixture, 0, true);
		ble_client_on_disconnected(floor.client, seen_disconnected, &end);
		floor_subscribe(&floor, handles[i], drop_link, NULL);
		CHECK(fixture_wait(&fixture, &end.disconnected, 1, 20000));
		CHECK_INT(floor.seen.values, 1);
		CHECK(end.asked);
		fixture_run(&fixture, 100);
		CHECK_INT(end.disconnected, 1);
		floor.client = ble_client_unref(floor.client);
		fixture_close(&fixture);
	}
}

static void unref_inside(void)
{
	static const uint16_t handles[] = { REFERENCE_NOTIFY, REFERENCE_INDICATE };

	for (size_t i = 0; i < 2; i++) {
		struct floor floor = { 0 };
		struct fixture fixture;

		REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
		floor.client = fixture_connect(&fixture, 0, true);
		floor_subscribe(&floor, handles[i], drop_client, NULL);
		CHECK(fixture_wait(&fixture, &floor.seen.values, 1, 20000));
		fixture_run(&fixture, 100);
		CHECK_INT(floor.seen.values, 1);
		CHECK(floor.client == NULL);
		fixture_close(&fixture);
	}
}

const struct conformance_case conformance_gatt[] = {
	CASE("discover small", discover_small),
	CASE("discover middle", discover_middle),
	CASE("discover large", discover_large),
	CASE("discover again", discover_again),
	CASE("look up", look_up),
	CASE("notifications", notifications),
	CASE("indications", indications),
	CASE("several subscribers", several_subscribers),
	CASE("refused subscriptions", refused_subscriptions),
	CASE("unsubscribe inside", unsubscribe_inside),
	CASE("disconnect inside", disconnect_inside),
	CASE("unref inside", unref_inside),
	{ 0 }
};
