/* SPDX-License-Identifier: MIT */
/* The rest of the client role: chosen services, several values at once,
 * descriptions, deadlines, subscriptions that outlive a link, the radio. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "tests/conformance.h"
#include "tests/failmalloc.h"

static struct ble_client *open_at(struct stand *stand, uint16_t mtu, bool discover)
{
	const struct stand_peer peer = { .mtu = mtu };

	REQUIRE(stand_open(stand, &peer, 1) == 0);
	return stand_connect(stand, 0, discover);
}

static struct ble_client *close_at(struct stand *stand, struct ble_client *client)
{
	ble_client_unref(client);
	stand_close(stand);
	return NULL;
}

/* -- Chosen services ------------------------------------------------------------------ */

/* What is in part must be in whole, the same. */
static void check_part(const struct ble_services *part,
		       const struct ble_services *whole)
{
	for (size_t i = 0; i < part->n_characteristics; i++) {
		const struct ble_characteristic *c = &part->characteristics[i];
		const struct ble_characteristic *same =
			ble_services_characteristic(whole, c->handle);

		REQUIRE(same != NULL);
		CHECK(ble_uuid_equal(&c->uuid, &same->uuid));
		CHECK_INT(c->value, same->value);
		CHECK_INT(c->end, same->end);
		CHECK_INT(c->properties, same->properties);
		CHECK_INT(c->service->handle, same->service->handle);
		CHECK_INT(c->n_descriptors, same->n_descriptors);
		for (size_t d = 0; d < c->n_descriptors && d < same->n_descriptors; d++)
			CHECK_INT(c->descriptors[d].handle, same->descriptors[d].handle);
	}
	for (size_t i = 0; i < part->n_services; i++) {
		const struct ble_service *same =
			ble_services_service(whole, part->services[i].handle);

		REQUIRE(same != NULL);
		CHECK_INT(part->services[i].n_characteristics, same->n_characteristics);
		CHECK_INT(part->services[i].end, same->end);
	}
}

static void check_chosen(struct stand *stand, struct ble_client *client,
			 const struct ble_uuid *uuids, size_t n, size_t services,
			 size_t includes)
{
	struct ble_client *other = stand_connect(stand, 1, true);
	const struct ble_services *part = ble_client_services(client);
	unsigned int before = ble_client_requests(client);

	CHECK_INT(ble_client_discover_only_sync(client, uuids, n), 0);
	CHECK_INT(part->n_services, services);
	CHECK_INT(part->n_includes, includes);
	check_part(part, ble_client_services(other));
	if (!stand->class->firmware) /* whose own requests nobody counts */
		CHECK(ble_client_requests(client) - before < ble_client_requests(other));
	ble_client_unref(other);
}

static void chosen_services(void)
{
	const struct ble_uuid twice = ble_uuid16(0x1815), last = ble_uuid16(0x181a);
	const struct ble_uuid first = ble_uuid16(0x1800), none = ble_uuid16(0x1899);
	const struct stand_peer peers[2] = { { 0 }, { 0 } };
	struct ble_uuid both[3], vendor;
	const struct ble_services *tree;
	struct ble_client *client;
	struct stand stand;

	REQUIRE(stand_open(&stand, peers, 2) == 0);
	client = stand_connect(&stand, 0, true);
	tree = ble_client_services(client);
	vendor = ble_services_characteristic(tree, REFERENCE_ONE)->service->uuid;
	check_chosen(&stand, client, &vendor, 1, 1, 1);
	CHECK_INT(tree->n_characteristics, 10);
	check_chosen(&stand, client, &twice, 1, 2, 0);
	CHECK_INT(tree->n_characteristics, 3);
	both[0] = last;
	both[1] = first;
	both[2] = last; /* twice is fine */
	check_chosen(&stand, client, both, 3, 2, 1);
	both[2] = none; /* and so is one that is not there, beside others */
	check_chosen(&stand, client, both, 3, 2, 1);
	/* What fails leaves the tree as it was. */
	CHECK_INT(ble_client_discover_only_sync(client, &none, 1), -ENOENT);
	CHECK_INT(tree->n_services, 2);
	CHECK_INT(ble_client_discover_only_sync(client, &none, 0), -EINVAL);
	CHECK_INT(ble_client_discover_sync(client), 0);
	CHECK_INT(ble_client_disconnect_sync(client), 0);
	CHECK_INT(ble_client_discover_only_sync(client, &first, 1), -ENOTCONN);
	close_at(&stand, client);
}

/* -- Finding -------------------------------------------------------------------------- */

static void check_error_names(struct stand *stand, int error, const char *text)
{
	const char *said = ble_error_text(stand->loop, error);

	if (!strstr(said, text))
		FAIL(said);
}

static void find_by_uuid(void)
{
	struct ble_uuid twin = ble_uuid16(0x2a56), twins = ble_uuid16(0x1815),
			once = ble_uuid16(0x1800), never = ble_uuid16(0x2aff),
			description = ble_uuid16(GATT_USER_DESCRIPTION);
	const struct ble_characteristic *c = NULL;
	const struct ble_service *s = NULL;
	const struct ble_descriptor *d;
	const struct ble_services *tree;
	struct ble_client *client;
	struct stand stand;

	client = open_at(&stand, 0, true);
	tree = ble_client_services(client);
	CHECK_INT(ble_services_find(tree, &twin, &c), -ENOTUNIQ);
	check_error_names(&stand, -ENOTUNIQ, "0x0042, 0x0044, 0x0082");
	CHECK_INT(ble_services_find_service(tree, &twins, &s), -ENOTUNIQ);
	check_error_names(&stand, -ENOTUNIQ, "0x0040, 0x0080");
	CHECK_INT(ble_services_find(tree, &never, &c), -ENOENT);
	check_error_names(&stand, -ENOENT, "2aff");
	CHECK_INT(ble_services_find_service(tree, &never, &s), -ENOENT);
	CHECK(c == NULL && s == NULL);
	CHECK_INT(ble_services_find_service(tree, &once, &s), 0);
	CHECK(s && s == ble_services_service(tree, s->handle));
	/* Within one service, within one characteristic: the first. */
	s = ble_services_service(tree, 0x0040);
	REQUIRE(s != NULL);
	c = ble_service_characteristic(s, &twin);
	REQUIRE(c != NULL);
	CHECK_INT(c->value, REFERENCE_TWIN_A);
	CHECK(ble_service_characteristic(s, &never) == NULL);
	CHECK(ble_characteristic_descriptor(c, &description) == NULL);
	c = ble_services_characteristic(tree, REFERENCE_TWIN_B);
	REQUIRE(c != NULL);
	d = ble_characteristic_descriptor(c, &description);
	CHECK(d && d->handle == REFERENCE_TWIN_B + 1);
	close_at(&stand, client);
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
	check_text(ble_services_characteristic(tree, REFERENCE_TWIN_B), 30);
	c = ble_services_characteristic(tree, REFERENCE_TWIN_A);
	CHECK(!c->description && !c->format.format);
}

static void describe(void)
{
	static const uint16_t mtus[] = { 23, 517 };

	for (size_t i = 0; i < 2; i++) {
		const struct ble_characteristic *c;
		struct ble_client *client;
		struct stand stand;

		client = open_at(&stand, mtus[i], false);
		CHECK_INT(ble_client_describe_sync(client), 0); /* of nothing */
		CHECK_INT(ble_client_discover_sync(client), 0);
		c = ble_services_characteristic(ble_client_services(client), 0x0044);
		CHECK(c && !c->description && !c->format.format);
		CHECK_INT(ble_client_describe_sync(client), 0);
		check_described(client);
		CHECK_INT(ble_client_describe_sync(client), 0); /* and again */
		check_described(client);
		CHECK_INT(ble_client_disconnect_sync(client), 0);
		check_described(client); /* as the tree it stands in */
		CHECK_INT(ble_client_describe_sync(client), -ENOTCONN);
		close_at(&stand, client);
	}
}

/* -- Several values ------------------------------------------------------------------- */

struct values {
	struct ble_client *client;
	struct ble_op *op;
	unsigned int n, stop_at; /* cancels, drops the client in the n-th */
	bool disconnect;
	uint16_t handles[64];
	size_t lens[64];
	bool wrong;
	struct seen seen;
};

static void on_each(void *user, uint16_t handle, struct ble_bytes value)
{
	struct values *values = user;

	REQUIRE(values->n < 64);
	values->handles[values->n] = handle;
	values->lens[values->n++] = value.len;
	for (size_t i = 0; i < value.len; i++)
		values->wrong |= value.data[i] != reference_octet(i);
	if (values->n != values->stop_at)
		return;
	if (values->op)
		ble_op_cancel(values->op);
	else if (values->disconnect)
		ble_client_disconnect(values->client);
	else
		values->client = ble_client_unref(values->client);
	/* The bytes stay until this returns. */
	for (size_t i = 0; i < value.len; i++)
		values->wrong |= value.data[i] != reference_octet(i);
}

static void on_each_done(void *user, int error)
{
	seen_done(&((struct values *)user)->seen, error);
}

static void check_each(const struct values *values, const uint16_t *handles,
		       const size_t *lens, unsigned int n)
{
	CHECK_INT(values->n, n);
	CHECK(!values->wrong);
	for (unsigned int i = 0; i < n && i < values->n; i++) {
		CHECK_INT(values->handles[i], handles[i]);
		CHECK_INT(values->lens[i], lens[i]);
	}
}

static void read_type(struct ble_client *client, const struct ble_uuid *uuid,
		      const uint16_t *handles, const size_t *lens, unsigned int n)
{
	struct values values = { 0 };

	CHECK_INT(ble_client_read_by_uuid_sync(client, uuid, 1, 0xffff, on_each,
					       &values), 0);
	check_each(&values, handles, lens, n);
}

static void read_by_uuid(void)
{
	static const uint16_t mtus[] = { 23, 185, 517 };
	static const uint16_t twins[] = { REFERENCE_TWIN_A, 0x0044, REFERENCE_TWIN_B };
	static const uint16_t texts[] = { 0x0045, 0x0083 };
	static const uint16_t longest = REFERENCE_512, border = REFERENCE_23;
	static const size_t long_len = 512, border_len = 23;
	static const size_t twin_lens[] = { 2, 2, 3 }, text_lens[] = { 10, 30 };
	const struct ble_uuid twin = ble_uuid16(0x2a56),
			      text = ble_uuid16(GATT_USER_DESCRIPTION),
			      never = ble_uuid16(0x2aff);

	for (size_t i = 0; i < 3; i++) {
		const struct ble_services *tree;
		struct values values = { 0 };
		struct ble_client *client;
		struct stand stand;

		client = open_at(&stand, mtus[i], true);
		tree = ble_client_services(client);
		read_type(client, &twin, twins, twin_lens, 3);
		read_type(client, &text, texts, text_lens, 2);
		read_type(client, &never, NULL, NULL, 0);
		read_type(client, &ble_services_characteristic(tree, longest)->uuid,
			  &longest, &long_len, 1);
		read_type(client, &ble_services_characteristic(tree, border)->uuid,
			  &border, &border_len, 1);
		CHECK_INT(ble_client_read_by_uuid_sync(client, &twin, 0x0043, 0x0081,
						       on_each, &values), 0);
		check_each(&values, twins + 1, twin_lens + 1, 1);
		close_at(&stand, client);
	}
}

static void read_by_uuid_refused(void)
{
	const struct ble_uuid twin = ble_uuid16(0x2a56);
	struct ble_uuid secret;
	struct values values = { 0 };
	struct ble_client *client;
	struct stand stand;

	client = open_at(&stand, 0, true);
	secret = ble_services_characteristic(ble_client_services(client),
					     REFERENCE_SECRET)->uuid;
	CHECK_INT(ble_client_read_by_uuid_sync(client, &secret, 1, 0xffff, on_each,
					       &values), 0x02);
	CHECK_INT(ble_client_read_by_uuid_sync(client, &twin, 0, 9, on_each, &values),
		  -EINVAL);
	CHECK_INT(ble_client_read_by_uuid_sync(client, &twin, 9, 8, on_each, &values),
		  -EINVAL);
	CHECK_INT(values.n, 0);
	CHECK_INT(ble_client_disconnect_sync(client), 0);
	CHECK_INT(ble_client_read_by_uuid_sync(client, &twin, 1, 2, on_each, &values),
		  -ENOTCONN);
	close_at(&stand, client);
}

static const uint16_t several[] = {
	REFERENCE_ONE, REFERENCE_22, REFERENCE_512, REFERENCE_EMPTY, REFERENCE_23,
	REFERENCE_TWIN_A, REFERENCE_512, REFERENCE_TWIN_B, REFERENCE_ONE, 0x0045,
	0x0083, REFERENCE_ONE, REFERENCE_ONE, REFERENCE_22,
};
static const size_t several_lens[] = { 1, 22, 512, 0, 23, 2, 512, 3, 1, 10, 30, 1, 1, 22 };

enum { SEVERAL = sizeof(several) / sizeof(several[0]) };

static void read_multiple(void)
{
	static const uint16_t mtus[] = { 23, 24, 50, 185, 517 };
	static const uint16_t bad[] = { REFERENCE_ONE, 0x7777, REFERENCE_22 };

	for (size_t i = 0; i < 5; i++) {
		struct values values = { 0 };
		struct ble_client *client;
		struct stand stand;

		client = open_at(&stand, mtus[i], false);
		CHECK_INT(ble_client_read_multiple_sync(client, several, SEVERAL, on_each,
							&values), 0);
		check_each(&values, several, several_lens, SEVERAL);
		values.n = 0;
		CHECK_INT(ble_client_read_multiple_sync(client, several, 1, on_each,
							&values), 0);
		check_each(&values, several, several_lens, 1);
		CHECK_INT(ble_client_read_multiple_sync(client, bad, 3, on_each, &values),
			  0x01);
		CHECK_INT(ble_client_read_multiple_sync(client, bad, 0, on_each, &values),
			  -EINVAL);
		check_reference_value(client, REFERENCE_22, 22);
		close_at(&stand, client);
	}
}

static void read_joined(void)
{
	static const uint16_t handles[12] = { REFERENCE_ONE, REFERENCE_TWIN_A,
					      REFERENCE_TWIN_B, 0x7777 };
	struct ble_client *client;
	uint8_t value[64] = { 0 };
	struct stand stand;
	size_t len = 0;

	client = open_at(&stand, 23, false);
	CHECK_INT(ble_client_read_joined_sync(client, handles, 3, value, 64, &len), 0);
	CHECK_INT(len, 6);
	CHECK_INT(value[0], reference_octet(0));
	CHECK_INT(value[2], reference_octet(1));
	CHECK_INT(value[5], reference_octet(2));
	CHECK_INT(ble_client_read_joined_sync(client, handles, 4, value, 64, &len), 0x01);
	CHECK_INT(ble_client_read_joined_sync(client, handles, 1, value, 64, &len), -EINVAL);
	CHECK_INT(ble_client_read_joined_sync(client, handles, 12, value, 64, &len),
		  -EMSGSIZE);
	CHECK_INT(len, 6);
	close_at(&stand, client);
}

/* A callback for one of several values may cancel, disconnect, drop the client. */
static void stop_among_values(void)
{
	const struct ble_uuid text = ble_uuid16(GATT_USER_DESCRIPTION);

	for (unsigned int way = 0; way < 3 * 2 * 3; way++) {
		struct values values = { .stop_at = way / 6 + 1 };
		bool by_type = way / 3 % 2, cancel = way % 3 == 0;
		struct stand stand;
		int error;

		if (by_type && values.stop_at > 2)
			continue;
		values.client = open_at(&stand, 23, false);
		values.disconnect = way % 3 == 1;
		error = by_type ? ble_client_read_by_uuid(values.client, &text, 1, 0xffff,
				on_each, on_each_done, &values, cancel ? &values.op : NULL) :
			ble_client_read_multiple(values.client, several, SEVERAL,
				on_each, on_each_done, &values, cancel ? &values.op : NULL);
		CHECK_INT(error, 0);
		stand_run(&stand, 5000);
		CHECK_INT(values.n, values.stop_at);
		CHECK(!values.wrong);
		CHECK_INT(values.seen.done, values.disconnect);
		if (values.disconnect)
			CHECK_INT(values.seen.error, -ENOTCONN);
		if (cancel)
			check_reference_value(values.client, REFERENCE_22, 22);
		close_at(&stand, values.client);
	}
}

/* -- Writes --------------------------------------------------------------------------- */

static void write_auto(void)
{
	static const uint8_t octets[3] = { 7, 8, 9 };
	struct ble_client *client;
	unsigned int requests;
	uint8_t back[8];
	struct stand stand;
	size_t len = 0;

	client = open_at(&stand, 23, true);
	requests = ble_client_requests(client);
	CHECK_INT(ble_client_write_auto_sync(client, REFERENCE_COMMAND, bytes(octets, 3)), 0);
	CHECK_INT(ble_client_requests(client), requests); /* without response */
	CHECK_INT(ble_client_read_sync(client, REFERENCE_COMMAND, back, 8, &len), 0);
	CHECK_INT(len, 3);
	requests = ble_client_requests(client);
	CHECK_INT(ble_client_write_auto_sync(client, REFERENCE_EMPTY, bytes(octets, 2)), 0);
	CHECK_INT(ble_client_requests(client), requests + 1);
	CHECK_INT(ble_client_read_sync(client, REFERENCE_EMPTY, back, 8, &len), 0);
	CHECK_INT(len, 2);
	/* Neither property, a descriptor, nothing at all: the peer is asked. */
	CHECK_INT(ble_client_write_auto_sync(client, REFERENCE_22, bytes(octets, 2)), 0x03);
	CHECK_INT(ble_client_write_auto_sync(client, 0x0045, bytes(octets, 3)), 0);
	CHECK_INT(ble_client_write_auto_sync(client, 0x7777, bytes(octets, 3)), 0x01);
	CHECK_INT(ble_client_max_write_command(client), 20);
	CHECK_INT(ble_client_disconnect_sync(client), 0);
	CHECK_INT(ble_client_max_write_command(client), 0);
	CHECK_INT(ble_client_write_auto_sync(client, REFERENCE_EMPTY, bytes(octets, 2)),
		  -ENOTCONN);
	close_at(&stand, client);
}

static void check_value(struct ble_client *client, uint16_t handle,
			struct ble_bytes expected)
{
	uint8_t back[512];
	size_t len = 0;

	CHECK_INT(ble_client_read_sync(client, handle, back, sizeof(back), &len), 0);
	CHECK_INT(len, expected.len);
	CHECK_MEM(back, expected.data, len < expected.len ? len : expected.len);
}

static void reliable_write(void)
{
	static const uint16_t mtus[] = { 23, 517 };
	uint8_t octets[512];

	memset(octets, 0x44, sizeof(octets));
	for (size_t i = 0; i < 2; i++) {
		struct ble_write writes[3] = {
			{ REFERENCE_EMPTY, bytes(octets, 70) },
			{ REFERENCE_ONE, bytes(octets, 1) },
			{ 0x0044, bytes(octets, 2) },
		};
		struct ble_client *client;
		struct stand stand;

		client = open_at(&stand, mtus[i], false);
		CHECK_INT(ble_client_write_reliable_sync(client, writes, 3), 0);
		check_value(client, REFERENCE_EMPTY, writes[0].value);
		check_value(client, REFERENCE_ONE, writes[1].value);
		check_value(client, 0x0044, writes[2].value);
		/* One that is refused calls off all of them. */
		writes[0].value.len = 5;
		writes[1].value.len = 2;
		CHECK_INT(ble_client_write_reliable_sync(client, writes, 3), 0x0d);
		writes[1].handle = REFERENCE_22;
		CHECK_INT(ble_client_write_reliable_sync(client, writes, 3), 0x03);
		check_value(client, REFERENCE_EMPTY, bytes(octets, 70));
		/* The queue was left empty, and an empty value is one, too. */
		writes[0].value.len = 0;
		CHECK_INT(ble_client_write_reliable_sync(client, writes, 1), 0);
		check_value(client, REFERENCE_EMPTY, bytes(NULL, 0));
		writes[0].value.len = 513;
		CHECK_INT(ble_client_write_reliable_sync(client, writes, 1), -EMSGSIZE);
		CHECK_INT(ble_client_write_reliable_sync(client, writes, 0), -EINVAL);
		close_at(&stand, client);
	}
}

/* -- Deadlines ------------------------------------------------------------------------ */

/* A peer that falls silent: what is asked for ends in its own time, later calls
 * wait for the wire, and the link still stands. */
static void deadlines(void)
{
	const struct stand_peer peer = { .mtu = 23,
					 .faults.silent_after_requests = 3 };
	struct seen seen[4] = { { 0 } };
	struct ble_client *client;
	uint8_t value[100] = { 0 };
	struct ble_op *op;
	struct stand stand;
	size_t len;

	REQUIRE(stand_open(&stand, &peer, 1) == 0);
	client = stand_connect(&stand, 0, false);
	ble_client_set_timeout(client, 400);
	check_reference_value(client, REFERENCE_22, 22); /* in time */
	CHECK_INT(ble_client_read(client, REFERENCE_512, seen_value, &seen[0], NULL), 0);
	CHECK_INT(ble_client_read(client, REFERENCE_22, seen_value, &seen[1], &op), 0);
	ble_op_set_timeout(op, 1500);
	CHECK_INT(ble_client_write(client, REFERENCE_EMPTY, bytes(value, 100),
				   seen_done, &seen[2], &op), 0);
	ble_op_set_timeout(op, 0);
	CHECK(stand_wait(&stand, &seen[0].done, 1, 5000));
	CHECK_INT(seen[0].error, -ETIMEDOUT);
	CHECK_INT(seen[0].len, 0);
	check_error_names(&stand, -ETIMEDOUT, "in the time it had");
	CHECK_INT(seen[1].done, 0);
	CHECK(stand_wait(&stand, &seen[1].done, 1, 5000));
	CHECK_INT(seen[1].error, -ETIMEDOUT);
	CHECK(ble_client_connected(client));
	CHECK_INT(ble_client_discover_sync(client), -ETIMEDOUT);
	CHECK_INT(ble_client_read_sync(client, REFERENCE_22, value, 1, &len), -ETIMEDOUT);
	CHECK_INT(seen[2].done, 0);
	CHECK_INT(ble_client_disconnect_sync(client), 0);
	CHECK_INT(seen[2].error, -ENOTCONN);
	CHECK(seen[0].done == 1 && seen[1].done == 1 && seen[2].done == 1);
	close_at(&stand, client);
}

/* -- Subscriptions that outlive a link -------------------------------------------------- */

static struct ble_subscription *watch(struct ble_client *client, uint16_t handle,
				      enum ble_subscribe mode, struct seen *seen)
{
	struct ble_subscription *subscription = NULL;

	REQUIRE(ble_client_subscribe_sync(client, handle, mode, seen_notified, seen,
					  &subscription) == 0);
	CHECK(ble_subscription_active(subscription));
	return subscription;
}

static void reconnect(struct ble_client *client, bool discover)
{
	CHECK_INT(ble_client_disconnect_sync(client), 0);
	REQUIRE(ble_client_connect_sync(client, NULL) == 0);
	if (discover)
		REQUIRE(ble_client_discover_sync(client) == 0);
}

static void resubscribe(void)
{
	struct ble_subscription *a, *b, *c;
	struct seen seen[4] = { { 0 } };
	struct ble_client *client;
	struct stand stand;
	unsigned int requests;

	client = open_at(&stand, 0, true);
	a = watch(client, REFERENCE_NOTIFY, BLE_SUBSCRIBE_AUTO, &seen[0]);
	b = watch(client, REFERENCE_NOTIFY, BLE_SUBSCRIBE_AUTO, &seen[1]);
	c = watch(client, REFERENCE_BOTH, BLE_SUBSCRIBE_INDICATE, &seen[2]);
	CHECK_INT(ble_client_subscribe_sync(client, REFERENCE_INDICATE,
					    BLE_SUBSCRIBE_AUTO, seen_notified, &seen[3],
					    NULL), 0);
	CHECK(stand_wait(&stand, &seen[3].values, 2, 10000));
	CHECK_INT(ble_client_disconnect_sync(client), 0);
	CHECK(!ble_subscription_active(a) && !ble_subscription_active(c));
	CHECK_INT(ble_client_resubscribe_sync(client), -ENOTCONN);
	CHECK_INT(ble_unsubscribe_sync(b), -ENOTCONN); /* and gone */
	REQUIRE(ble_client_connect_sync(client, NULL) == 0);
	CHECK_INT(ble_client_resubscribe_sync(client), -ENOENT); /* no tree */
	REQUIRE(ble_client_discover_sync(client) == 0);
	memset(seen, 0, sizeof(seen));
	stand_run(&stand, 200);
	CHECK_INT(seen[0].values + seen[1].values + seen[2].values + seen[3].values, 0);
	requests = ble_client_requests(client);
	CHECK_INT(ble_client_resubscribe_sync(client), 0);
	CHECK_INT(ble_client_requests(client), requests + 2); /* one each */
	CHECK(ble_subscription_active(a) && ble_subscription_active(c));
	CHECK(stand_wait(&stand, &seen[0].values, 5, 10000));
	CHECK(stand_wait(&stand, &seen[2].values, 5, 10000));
	CHECK_INT(seen[1].values + seen[3].values, 0);
	CHECK_INT(ble_client_resubscribe_sync(client), 0); /* nothing rests */
	CHECK_INT(ble_client_requests(client), requests + 2);
	CHECK_INT(ble_unsubscribe_sync(a), 0);
	seen[0].values = 0;
	stand_run(&stand, 200);
	CHECK_INT(seen[0].values, 0);
	reconnect(client, true);
	CHECK_INT(ble_client_resubscribe_sync(client), 0);
	seen[2].values = 0;
	CHECK(stand_wait(&stand, &seen[2].values, 5, 10000));
	close_at(&stand, client); /* c goes with it */
}

/* It is cut short: by a cancel, a disconnect, the last unref, by one of those
 * that it is about. What is left rests and can be had later. */
static void resubscribe_cut_short(void)
{
	for (unsigned int way = 0; way < 4; way++) {
		struct ble_subscription *a, *b;
		struct seen seen[3] = { { 0 } };
		struct ble_client *client;
		struct stand stand;
		struct ble_op *op;

		client = open_at(&stand, 0, true);
		a = watch(client, REFERENCE_NOTIFY, BLE_SUBSCRIBE_AUTO, &seen[0]);
		b = watch(client, REFERENCE_BOTH, BLE_SUBSCRIBE_AUTO, &seen[1]);
		reconnect(client, true);
		CHECK_INT(ble_client_resubscribe(client, seen_done, &seen[2], &op), 0);
		if (way == 0)
			ble_op_cancel(op);
		else if (way == 1)
			ble_client_disconnect(client);
		else if (way == 2)
			client = ble_client_unref(client);
		else
			CHECK_INT(ble_unsubscribe(a, NULL, NULL), 0);
		stand_run(&stand, 300);
		CHECK_INT(seen[2].done, way % 2);
		CHECK_INT(seen[2].error, way == 1 ? -ENOTCONN : 0);
		if (way == 3)
			CHECK(ble_subscription_active(b));
		if (way == 1)
			reconnect(client, true);
		seen[1].values = 0;
		if (client) {
			CHECK_INT(ble_client_resubscribe_sync(client), 0);
			CHECK(ble_subscription_active(b));
			CHECK(stand_wait(&stand, &seen[1].values, 3, 10000));
		}
		close_at(&stand, client);
	}
}

/* The pointer may be held, asked and given back whatever became of it. */
static void failed_subscription(void)
{
	const struct stand_peer peer = { .faults.silent_after_requests = 200 };
	struct ble_subscription *subscription = NULL;
	struct seen seen = { 0 };
	struct ble_client *client;
	struct stand stand;
	uint8_t octet;
	int error = 0;
	size_t len;

	REQUIRE(stand_open(&stand, &peer, 1) == 0);
	client = stand_connect(&stand, 0, true);
	ble_client_set_timeout(client, 1000);
	while (!error)
		error = ble_client_read_sync(client, REFERENCE_ONE, &octet, 1, &len);
	CHECK_INT(error, -ETIMEDOUT);
	CHECK_INT(ble_client_subscribe(client, REFERENCE_NOTIFY, BLE_SUBSCRIBE_AUTO,
				       seen_notified, seen_done, &seen, &subscription), 0);
	CHECK(ble_subscription_active(subscription));
	CHECK(stand_wait(&stand, &seen.done, 1, 5000));
	CHECK_INT(seen.error, -ETIMEDOUT);
	CHECK(!ble_subscription_active(subscription));
	CHECK_INT(ble_client_disconnect_sync(client), 0);
	CHECK(!ble_subscription_active(subscription));
	CHECK_INT(ble_unsubscribe(subscription, seen_done, &seen), -ENOTCONN);
	CHECK_INT(seen.done, 1);
	close_at(&stand, client);
}

/* -- The radio ------------------------------------------------------------------------ */

static void link_parameters(void)
{
	const struct ble_link_params slow = { 80, 100, 2, 600 },
				     odd = { 40, 24, 0, 500 }, brief = { 24, 40, 4, 20 };
	struct ble_connect_params params = {
		.link = ble_link_preset(BLE_LINK_BALANCED),
	};
	struct ble_link_params now = { 0 };
	struct seen seen = { 0 };
	struct ble_client *client;
	struct stand stand;

	REQUIRE(stand_open(&stand, NULL, 0) == 0);
	REQUIRE(ble_client_new(stand.adapter, &stand.addresses[0], &client) == 0);
	CHECK_INT(ble_client_link(client, &now), -ENOTCONN);
	CHECK_INT(ble_client_update_link_sync(client, &slow), -ENOTCONN);
	params.link.timeout = 5;
	CHECK_INT(ble_client_connect_sync(client, &params), -EINVAL);
	params.link = ble_link_preset(BLE_LINK_BALANCED);
	REQUIRE(ble_client_connect_sync(client, &params) == 0);
	CHECK_INT(ble_client_link(client, &now), 0);
	CHECK_INT(now.interval_min, now.interval_max);
	CHECK(now.interval_min >= 24 && now.interval_min <= 40);
	CHECK_INT(now.timeout, params.link.timeout);
	CHECK_INT(ble_client_update_link_sync(client, &odd), -EINVAL);
	CHECK_INT(ble_client_update_link_sync(client, &brief), -EINVAL);
	CHECK_INT(ble_client_update_link_sync(client, &slow), 0);
	CHECK_INT(ble_client_link(client, &now), 0);
	CHECK(now.interval_min >= 80 && now.interval_min <= 100);
	CHECK_INT(now.latency, 2);
	CHECK_INT(now.timeout, 600);
	CHECK_INT(ble_client_update_link(client, &slow, seen_done, &seen, NULL), 0);
	CHECK_INT(ble_client_update_link(client, &slow, seen_done, &seen, NULL), -EALREADY);
	ble_client_disconnect(client);
	CHECK(stand_wait(&stand, &seen.done, 1, 5000));
	CHECK_INT(seen.error, -ENOTCONN);
	close_at(&stand, client);
}

static void presets(void)
{
	struct ble_link_params last = { 0 };

	for (int i = BLE_LINK_LOW_LATENCY; i <= BLE_LINK_LOW_POWER; i++) {
		struct ble_link_params p = ble_link_preset((enum ble_link_preset)i);

		CHECK(p.interval_min > last.interval_max);
		CHECK(p.interval_min <= p.interval_max);
		CHECK(4 * p.timeout > (p.latency + 1) * p.interval_max);
		last = p;
	}
	last = ble_link_preset(BLE_LINK_DEFAULT);
	CHECK(!last.interval_min && !last.interval_max && !last.latency && !last.timeout);
	last = ble_link_preset((enum ble_link_preset)99);
	CHECK(!last.interval_max);
}

static void on_rssi(void *user, int error, int rssi)
{
	struct seen *seen = user;

	seen->last = (uint32_t)rssi;
	seen_done(seen, error);
}

static void rssi(void)
{
	struct seen seen[3] = { { 0 } };
	struct ble_client *client;
	struct stand stand;
	struct ble_op *op;
	int dbm = 0;

	client = open_at(&stand, 0, false);
	CHECK_INT(ble_client_rssi_sync(client, &dbm), 0);
	CHECK(dbm < 0 && dbm >= -127);
	CHECK_INT(ble_client_rssi(client, on_rssi, &seen[0], &op), 0);
	CHECK_INT(ble_client_rssi(client, on_rssi, &seen[1], NULL), 0);
	CHECK_INT(seen[0].done + seen[1].done, 0);
	ble_op_cancel(op);
	CHECK(stand_wait(&stand, &seen[1].done, 1, 5000));
	CHECK_INT(seen[1].error, 0);
	CHECK((int)seen[1].last < 0);
	CHECK_INT(ble_client_rssi(client, on_rssi, &seen[2], NULL), 0);
	ble_client_disconnect(client);
	CHECK(stand_wait(&stand, &seen[2].done, 1, 5000));
	CHECK_INT(seen[2].error, -ENOTCONN);
	CHECK_INT(seen[0].done, 0);
	dbm = 5;
	CHECK_INT(ble_client_rssi_sync(client, &dbm), -ENOTCONN);
	CHECK_INT(dbm, 5);
	close_at(&stand, client);
}

/* Backends that cannot say so, in words. */
static void radio_unable(void)
{
	const struct ble_connect_params params = {
		.link = ble_link_preset(BLE_LINK_BALANCED),
	};
	struct ble_link_params now = { 0 };
	struct ble_client *client;
	struct stand stand;
	int dbm;

	client = open_at(&stand, 0, false);
	if (!stand.adapter->backend->class->rssi)
		CHECK_INT(ble_client_rssi_sync(client, &dbm), -EOPNOTSUPP);
	if (!stand.adapter->backend->class->update) {
		CHECK_INT(ble_client_update_link_sync(client, &params.link), -EOPNOTSUPP);
		check_error_names(&stand, -EOPNOTSUPP, "link parameters");
		CHECK_INT(ble_client_link(client, &now), -ENODATA);
		CHECK_INT(ble_client_disconnect_sync(client), 0);
		CHECK_INT(ble_client_connect_sync(client, &params), -EOPNOTSUPP);
	}
	if (!stand.adapter->backend->class->reset)
		CHECK_INT(ble_adapter_reset_sync(stand.adapter), -EOPNOTSUPP);
	close_at(&stand, client);
}

/* -- Reset ---------------------------------------------------------------------------- */

static void scan_ended(void *user, int error)
{
	seen_done(user, error);
}

static void reset(void)
{
	struct seen done = { 0 }, end = { 0 }, connect = { 0 }, scan = { 0 };
	struct ble_address absent = { { 1, 2, 3, 4, 5, 0xc6 }, BLE_ADDRESS_RANDOM };
	struct ble_client *client, *other;
	struct ble_scanner *scanner;
	struct stand stand;
	uint8_t value[1];
	size_t len;

	client = open_at(&stand, 0, false);
	ble_client_on_disconnected(client, seen_disconnected, &end);
	REQUIRE(ble_client_new(stand.adapter, &absent, &other) == 0);
	REQUIRE(ble_scanner_new(stand.adapter, NULL, scan_ended, &scan, &scanner) == 0);
	CHECK_INT(ble_scanner_start(scanner, NULL), 0);
	CHECK_INT(ble_client_connect(other, NULL, seen_done, &connect, NULL), 0);
	CHECK_INT(ble_adapter_reset(stand.adapter, seen_done, &done), 0);
	CHECK_INT(ble_adapter_reset(stand.adapter, seen_done, &done), -EALREADY);
	CHECK_INT(done.done + end.disconnected + connect.done, 0);
	CHECK(stand_wait(&stand, &done.done, 1, 10000));
	CHECK_INT(done.error, 0);
	CHECK_INT(end.disconnected, 1);
	CHECK(!end.asked);
	CHECK_INT(connect.done, 1);
	CHECK_INT(connect.error, -ENETRESET);
	CHECK_INT(scan.done, 1);
	CHECK_INT(scan.error, -ENETRESET);
	CHECK_INT(ble_client_read_sync(client, REFERENCE_ONE, value, 1, &len), -ENOTCONN);
	REQUIRE(ble_client_connect_sync(client, NULL) == 0); /* as new */
	check_reference_value(client, REFERENCE_ONE, 1);
	CHECK_INT(ble_adapter_reset_sync(stand.adapter), 0);
	CHECK_INT(end.disconnected, 2);
	CHECK_INT(ble_adapter_reset(stand.adapter, seen_done, &done), 0); /* silent */
	ble_scanner_unref(scanner);
	ble_client_unref(other);
	close_at(&stand, client);
	CHECK_INT(done.done, 1);
}

/* -- Out of memory --------------------------------------------------------------------- */

static int everything(struct ble_client *client)
{
	const struct ble_uuid uuids[] = { ble_uuid16(0x1815), ble_uuid16(0x180f) };
	const struct ble_uuid text = ble_uuid16(GATT_USER_DESCRIPTION);
	static const uint8_t octets[30];
	const struct ble_write writes[] = {
		{ REFERENCE_EMPTY, bytes(octets, 30) }, { 0x0044, bytes(octets, 2) },
	};
	const struct ble_link_params link = ble_link_preset(BLE_LINK_BALANCED);
	struct values values = { 0 };
	uint8_t value[4];
	int error, dbm;
	size_t len;

	error = ble_client_discover_only_sync(client, uuids, 2);
	if (!error)
		error = ble_client_describe_sync(client);
	if (!error)
		error = ble_client_read_by_uuid_sync(client, &text, 1, 0xffff, on_each,
						     &values);
	if (!error)
		error = ble_client_read_multiple_sync(client, several, 5, on_each, &values);
	if (!error)
		error = ble_client_read_joined_sync(client, several, 2, value, 4, &len);
	if (!error)
		error = ble_client_write_reliable_sync(client, writes, 2);
	if (!error)
		error = ble_client_write_auto_sync(client, 0x0044, bytes(octets, 2));
	if (!error && client->adapter->backend->class->rssi)
		error = ble_client_rssi_sync(client, &dbm);
	if (!error && client->adapter->backend->class->update)
		error = ble_client_update_link_sync(client, &link);
	return error;
}

static int subscriptions(struct ble_client *client)
{
	struct ble_subscription *a = NULL, *b = NULL;
	struct seen seen = { 0 };
	int error = ble_client_discover_sync(client);

	if (!error)
		error = ble_client_subscribe_sync(client, REFERENCE_NOTIFY,
						  BLE_SUBSCRIBE_AUTO, seen_notified,
						  &seen, &a);
	if (!error)
		error = ble_client_subscribe_sync(client, REFERENCE_BOTH,
						  BLE_SUBSCRIBE_AUTO, seen_notified,
						  &seen, &b);
	if (!error)
		error = ble_client_disconnect_sync(client);
	if (!error)
		error = ble_client_connect_sync(client, NULL);
	if (!error)
		error = ble_client_discover_sync(client);
	if (!error)
		error = ble_client_resubscribe_sync(client);
	if (!error)
		CHECK(ble_subscription_active(a) && ble_subscription_active(b));
	if (!error)
		error = ble_unsubscribe_sync(a);
	return error;
}

static int whole_role(void *user)
{
	const struct stand_peer peer = { .mtu = 50 };
	struct ble_client *client = NULL;
	struct stand stand;
	int error = stand_open(&stand, &peer, 1);

	(void)user;
	if (error)
		return error;
	error = ble_client_new(stand.adapter, &stand.addresses[0], &client);
	if (!error)
		error = ble_client_connect_sync(client, NULL);
	if (!error)
		error = everything(client);
	if (!error)
		error = subscriptions(client);
	ble_client_unref(client);
	/* It was the emulator's: a dongle without memory is one that does not connect. */
	if (error == -ETIMEDOUT && stand.class->firmware)
		error = -ENOMEM;
	stand_close(&stand);
	return error;
}

static void failed_allocations(void)
{
	CHECK(fail_each(whole_role, NULL) > 20);
}

#define NO_RADIO "a socket pair has no radio"
#define NOT_YET "not yet over this backend"

const struct conformance_case conformance_client[] = {
	CASE("chosen services", chosen_services),
	CASE("find by uuid", find_by_uuid),
	CASE("describe", describe),
	CASE("read by uuid", read_by_uuid),
	CASE("read by uuid refused", read_by_uuid_refused),
	CASE("read multiple", read_multiple),
	CASE("read joined", read_joined),
	CASE("stop among values", stop_among_values),
	CASE("write auto", write_auto),
	CASE("reliable write", reliable_write),
	CASE("deadlines", deadlines),
	CASE("resubscribe", resubscribe),
	CASE("resubscribe cut short", resubscribe_cut_short),
	CASE("failed subscription", failed_subscription),
	CASE("link parameters", link_parameters, .not_socket = NO_RADIO,
	     .not_kernel = NOT_YET),
	CASE("presets", presets),
	CASE("rssi", rssi, .not_socket = NO_RADIO, .not_kernel = NOT_YET),
	CASE("radio unable", radio_unable),
	CASE("reset", reset, .not_socket = NO_RADIO, .not_kernel = NOT_YET,
	     .not_dongle = NOT_YET, .not_port = NOT_YET),
	CASE("whole role without memory", failed_allocations,
	     .not_kernel = "the peripheral is a process of its own there"),
	{ 0 }
};
