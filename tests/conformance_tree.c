/* SPDX-License-Identifier: MIT */
/* Discovery of some services, searches in a tree, descriptions. */
#include <errno.h>
#include <string.h>

#include "tests/conformance.h"

/* -- Chosen services ------------------------------------------------------------------ */

/* What is in part must be in whole, the same. */
static void check_part(const struct ble_services *part,
		       const struct ble_services *whole)
{
	const struct ble_characteristic *c = NULL;
	const struct ble_service *s = NULL;

	while ((c = ble_services_next_characteristic(part, c))) {
		const struct ble_characteristic *same =
			ble_services_characteristic(whole, c->handle);
		const struct ble_descriptor *d = NULL, *same_d = NULL;

		REQUIRE(same != NULL);
		CHECK(ble_uuid_equal(&c->uuid, &same->uuid));
		CHECK_INT(c->value_handle, same->value_handle);
		CHECK_INT(c->end, same->end);
		CHECK_INT(c->properties, same->properties);
		CHECK_INT(c->service->handle, same->service->handle);
		CHECK_INT(c->n_descriptors, same->n_descriptors);
		while ((d = ble_characteristic_next_descriptor(c, d)) &&
		       (same_d = ble_characteristic_next_descriptor(same, same_d)))
			CHECK_INT(d->handle, same_d->handle);
	}
	while ((s = ble_services_next(part, s))) {
		const struct ble_service *same = ble_services_service(whole, s->handle);

		REQUIRE(same != NULL);
		CHECK_INT(s->n_characteristics, same->n_characteristics);
		CHECK_INT(s->end, same->end);
	}
}

static void check_chosen(struct fixture *fixture, struct ble_client *client,
			 const struct ble_uuid *uuids, size_t n, size_t services,
			 size_t includes)
{
	struct ble_client *other = fixture_connect(fixture, 1, true);
	const struct ble_services *part = ble_client_services(client);
	unsigned int before = ble_client_requests(client);

	CHECK_INT(ble_client_discover_only_sync(client, uuids, n), 0);
	CHECK_INT(ble_services_count(part), services);
	CHECK_INT(ble_services_count_includes(part), includes);
	check_part(part, ble_client_services(other));
	if (!fixture->class->firmware) /* whose own requests nobody counts */
		CHECK(ble_client_requests(client) - before < ble_client_requests(other));
	ble_client_unref(other);
}

static void chosen_services(void)
{
	const struct ble_uuid twice = ble_uuid16(0x1815), last = ble_uuid16(0x181a);
	const struct ble_uuid first = ble_uuid16(0x1800), none = ble_uuid16(0x1899);
	const struct fixture_peer peers[2] = { { 0 }, { 0 } };
	struct ble_uuid both[3], vendor;
	const struct ble_services *tree;
	struct ble_client *client;
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, peers, 2) == 0);
	client = fixture_connect(&fixture, 0, true);
	tree = ble_client_services(client);
	vendor = ble_services_characteristic(tree, REFERENCE_ONE)->service->uuid;
	check_chosen(&fixture, client, &vendor, 1, 1, 1);
	CHECK_INT(ble_services_count_characteristics(tree), 10);
	check_chosen(&fixture, client, &twice, 1, 2, 0);
	CHECK_INT(ble_services_count_characteristics(tree), 3);
	both[0] = last;
	both[1] = first;
	both[2] = last; /* twice is fine */
	check_chosen(&fixture, client, both, 3, 2, 1);
	both[2] = none; /* and so is one that is not there, beside others */
	check_chosen(&fixture, client, both, 3, 2, 1);
	/* What fails leaves the tree as it was. */
	CHECK_INT(ble_client_discover_only_sync(client, &none, 1), -ENOENT);
	CHECK_INT(ble_services_count(tree), 2);
	CHECK_INT(ble_client_discover_only_sync(client, &none, 0), -EINVAL);
	CHECK_INT(ble_client_discover_sync(client), 0);
	CHECK_INT(ble_client_disconnect_sync(client), 0);
	CHECK_INT(ble_client_discover_only_sync(client, &first, 1), -ENOTCONN);
	close_at(&fixture, client);
}

/* -- Finding -------------------------------------------------------------------------- */

static void find_by_uuid(void)
{
	struct ble_uuid duplicate = ble_uuid16(0x2a56), mutations = ble_uuid16(0x1815),
			once = ble_uuid16(0x1800), never = ble_uuid16(0x2aff),
			description = ble_uuid16(GATT_USER_DESCRIPTION);
	const struct ble_characteristic *c = NULL;
	const struct ble_service *s = NULL;
	const struct ble_descriptor *d;
	const struct ble_services *tree;
	struct ble_client *client;
	struct fixture fixture;

	client = open_at(&fixture, 0, true);
	tree = ble_client_services(client);
	CHECK_INT(ble_services_find_characteristic(tree, &duplicate, &c), -ENOTUNIQ);
	check_error_names(&fixture, -ENOTUNIQ, "0x0042, 0x0044, 0x0082");
	CHECK_INT(ble_services_find_service(tree, &mutations, &s), -ENOTUNIQ);
	check_error_names(&fixture, -ENOTUNIQ, "0x0040, 0x0080");
	CHECK_INT(ble_services_find_characteristic(tree, &never, &c), -ENOENT);
	check_error_names(&fixture, -ENOENT, "2aff");
	CHECK_INT(ble_services_find_service(tree, &never, &s), -ENOENT);
	CHECK(c == NULL && s == NULL);
	CHECK_INT(ble_services_find_service(tree, &once, &s), 0);
	CHECK(s && s == ble_services_service(tree, s->handle));
	/* Within one service, within one characteristic: the first. */
	s = ble_services_service(tree, 0x0040);
	REQUIRE(s != NULL);
	c = ble_service_find_characteristic(s, &duplicate);
	REQUIRE(c != NULL);
	CHECK_INT(c->value_handle, REFERENCE_SAME_A);
	CHECK(ble_service_find_characteristic(s, &never) == NULL);
	CHECK(ble_characteristic_find_descriptor(c, &description) == NULL);
	c = ble_services_characteristic(tree, REFERENCE_SAME_B);
	REQUIRE(c != NULL);
	d = ble_characteristic_find_descriptor(c, &description);
	CHECK(d && d->handle == REFERENCE_SAME_B + 1);
	close_at(&fixture, client);
}

/* -- Descriptions --------------------------------------------------------------------- */

static void check_text(const struct ble_characteristic *c, size_t len)
{
	REQUIRE(c && c->description);
	CHECK_INT(strlen(c->description), len);
	for (size_t i = 0; i < len && c->description[i]; i++)
		CHECK_INT((uint8_t)c->description[i], reference_octet(i));
}

static void check_described(struct ble_client *client)
{
	const struct ble_services *tree = ble_client_services(client);
	const struct ble_characteristic *c =
		ble_services_characteristic(tree, 0x0044);

	check_text(c, 10);
	CHECK_INT(c->format.format, reference_octet(0));
	CHECK_INT(c->format.exponent, reference_octet(1));
	CHECK_INT(c->format.unit, reference_octet(2) | reference_octet(3) << 8);
	CHECK_INT(c->format.name_space, reference_octet(4));
	CHECK_INT(c->format.description, reference_octet(5) | reference_octet(6) << 8);
	CHECK_INT(c->extended, 0);
	check_text(ble_services_characteristic(tree, REFERENCE_SAME_B), 30);
	c = ble_services_characteristic(tree, REFERENCE_SAME_A);
	CHECK(!c->description && !c->format.format);
}

static void describe(void)
{
	static const uint16_t mtus[] = { 23, 517 };

	for (size_t i = 0; i < 2; i++) {
		const struct ble_characteristic *c;
		struct ble_client *client;
		struct fixture fixture;

		client = open_at(&fixture, mtus[i], false);
		CHECK_INT(ble_client_describe_sync(client), 0); /* of nothing */
		CHECK_INT(ble_client_discover_sync(client), 0);
		c = ble_services_characteristic(ble_client_services(client), 0x0044);
		CHECK(c && !c->description && !c->format.format);
		CHECK_INT(ble_client_describe_sync(client), 0);
		check_described(client);
		CHECK_INT(ble_client_describe_sync(client), 0); /* and again */
		check_described(client);
		CHECK_INT(ble_client_disconnect_sync(client), 0);
		check_described(client); /* as the tree has it */
		CHECK_INT(ble_client_describe_sync(client), -ENOTCONN);
		close_at(&fixture, client);
	}
}

const struct conformance_case conformance_tree[] = {
	CASE("chosen services", chosen_services),
	CASE("find by uuid", find_by_uuid),
	CASE("describe", describe),
	{ 0 }
};
