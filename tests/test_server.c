/* SPDX-License-Identifier: MIT */
/*
 * The server table, PDU by PDU, against the small and the middle reference
 * database. Every dialogue also runs with each of its PDUs cut short, made
 * longer and changed; then only the contract is checked: no access outside of a PDU
 * (each is in a block of its own), no response longer than the MTU, a response to
 * each request and none to a command.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "att/pdu.h"
#include "base/bytes.h"
#include "gatt/server.h"
#include "tests/failmalloc.h"
#include "tests/script.h"
#include "tests/test_server.h"

static size_t answer(struct gatt_session *session, uint16_t mtu,
		     const uint8_t *pdu, size_t len, uint8_t *response)
{
	uint8_t *in = malloc(len ? len : 1), *out = malloc(mtu);
	size_t size;

	REQUIRE(in && out);
	memcpy(in, pdu, len);
	memset(out, 0xee, mtu);
	size = session->server.answer(&session->server, mtu, bytes(in, len), out);
	REQUIRE(size <= mtu);
	memcpy(response, out, size);
	free(in);
	free(out);
	return size;
}

static void exact(const struct dialogue *d)
{
	struct gatt_table table;
	struct gatt_session session;

	REQUIRE(reference_build(&table, d->attributes) == 0);
	REQUIRE(gatt_session_init(&session, &table) == 0);
	for (const struct exchange *e = d->exchanges; e->pdu; e++) {
		uint8_t pdu[1024], expected[1024], response[1024];
		size_t len = text_bytes(e->pdu, pdu, sizeof(pdu));
		size_t wanted = text_bytes(e->answer, expected, sizeof(expected));
		size_t size = answer(&session, d->mtu, pdu, len, response);

		harness_about("%.60s", e->pdu);
		if (CHECK_INT(size, wanted))
			CHECK_MEM(response, expected, size);
	}
	harness_about(NULL);
	gatt_session_release(&session);
	gatt_table_release(&table);
}

/* What holds for any PDU at all. */
static void check_contract(const uint8_t *pdu, size_t len,
			   const uint8_t *response, size_t size)
{
	const struct att_pdu_info *info = att_pdu_info(len ? pdu[0] : 0x1b);
	bool error = size == 5 && response[0] == ATT_ERROR_RSP &&
		     response[1] == pdu[0] && response[4];

	if (info->kind == ATT_REQUEST)
		CHECK(size && (error || response[0] == info->response));
	else if (info->kind == ATT_UNKNOWN && !(pdu[0] & ATT_COMMAND_FLAG))
		CHECK(error && response[4] == ble_error_att(ATT_REQUEST_NOT_SUPPORTED));
	else
		CHECK_INT(size, 0);
}

struct mutation {
	int at; /* which PDU */
	int cut, add, octet;
	uint8_t value;
};

static void play_mutation(const struct dialogue *d, const struct mutation *mutation)
{
	struct gatt_table table;
	struct gatt_session session;
	int n = 0;

	REQUIRE(reference_build(&table, d->attributes) == 0);
	REQUIRE(gatt_session_init(&session, &table) == 0);
	for (const struct exchange *e = d->exchanges; e->pdu; e++) {
		uint8_t pdu[1100] = { 0 }, response[1024];
		size_t len = text_bytes(e->pdu, pdu, 1024), size;

		if (n++ == mutation->at) {
			len = len - (size_t)mutation->cut + (size_t)mutation->add;
			if (mutation->octet >= 0)
				pdu[mutation->octet] = mutation->value;
		}
		size = answer(&session, d->mtu, pdu, len, response);
		check_contract(pdu, len, response, size);
	}
	gatt_session_release(&session);
	gatt_table_release(&table);
}

static void mutations(const struct dialogue *d)
{
	static const uint8_t lies[] = { 0x00, 0x01, 0x7f, 0xff };
	int n = 0;

	for (const struct exchange *e = d->exchanges; e->pdu; e++, n++) {
		uint8_t pdu[1024];
		int len = (int)text_bytes(e->pdu, pdu, sizeof(pdu));
		int shown = len < 30 ? len : 30;

		harness_about("mutations of %.60s", e->pdu);
		for (int cut = 1; cut <= shown; cut++)
			play_mutation(d, &(struct mutation){ n, cut, 0, -1, 0 });
		for (int add = 1; add <= 17; add += 4)
			play_mutation(d, &(struct mutation){ n, 0, add, -1, 0 });
		for (int at = 0; at < shown; at++)
			for (size_t i = 0; i < sizeof(lies); i++)
				play_mutation(d, &(struct mutation){ n, 0, 0, at, lies[i] });
	}
	harness_about(NULL);
}

void converse(void)
{
	const struct dialogue *d = harness_data();

	exact(d);
	mutations(d);
}

/* -- What no PDU shows ------------------------------------------------------------ */

static void queue_is_bounded(void)
{
	struct gatt_table table;
	struct gatt_session session;
	uint8_t pdu[517] = { ATT_PREPARE_REQ, REFERENCE_512, 0 }, response[517];
	int accepted = 0;

	REQUIRE(reference_build(&table, REFERENCE_MIDDLE) == 0);
	REQUIRE(gatt_session_init(&session, &table) == 0);
	while (answer(&session, 517, pdu, 505, response) == 505)
		accepted++;
	CHECK_INT(accepted, 3); /* of 500 octets each, in 1536 */
	CHECK_MEM(response, "\x01\x16\x2b\x00\x09", 5);
	CHECK_INT(answer(&session, 517, (const uint8_t *)"\x18\x01", 2, response), 1);
	CHECK_INT(answer(&session, 517, pdu, 505, response), 505);
	/* A whole value in the smallest parts fits too. */
	answer(&session, 517, (const uint8_t *)"\x18\x00", 2, response);
	for (size_t at = 0; at < ATT_VALUE_MAX; at += 18) {
		size_t part = ATT_VALUE_MAX - at < 18 ? ATT_VALUE_MAX - at : 18;

		put_le16(pdu + 3, (uint16_t)at);
		CHECK_INT(answer(&session, 23, pdu, 5 + part, response), 5 + part);
	}
	CHECK_INT(answer(&session, 23, (const uint8_t *)"\x18\x01", 2, response), 1);
	gatt_session_release(&session);
	gatt_table_release(&table);
}

/* Values are the table's, configurations are the link's. */
static void sessions_apart(void)
{
	struct gatt_table table;
	struct gatt_session a, b;
	uint8_t response[23];

	REQUIRE(reference_build(&table, REFERENCE_MIDDLE) == 0);
	REQUIRE(gatt_session_init(&a, &table) == 0);
	REQUIRE(gatt_session_init(&b, &table) == 0);
	answer(&a, 23, (const uint8_t *)"\x12\x31\x00\x01\x00", 5, response);
	answer(&a, 23, (const uint8_t *)"\x12\x25\x00\x55", 4, response);
	CHECK_INT(gatt_session_configuration(&a, 0x31), 1);
	CHECK_INT(gatt_session_configuration(&b, 0x31), 0);
	CHECK_INT(gatt_session_configuration(&a, 0x30), 0);
	CHECK_INT(gatt_session_configuration(&a, 0x32ff), 0);
	CHECK_INT(answer(&b, 23, (const uint8_t *)"\x0a\x25\x00", 3, response), 2);
	CHECK_INT(response[1], 0x55);
	gatt_session_release(&a);
	gatt_session_release(&b);
	gatt_table_release(&table);
}

static int hook_error;
static unsigned int hook_calls;

static int on_read(struct gatt_session *session, struct gatt_attribute *a)
{
	uint8_t next = (uint8_t)++hook_calls;

	(void)session; /* the contract's, not this test's */
	gatt_set_value(a, bytes(&next, 1));
	return hook_error;
}

static int on_write(struct gatt_session *session, struct gatt_attribute *a,
		    struct ble_bytes value)
{
	(void)session;
	hook_calls++;
	CHECK_INT(value.len, 30);
	CHECK_INT(gatt_value(a).len, 1); /* not stored yet */
	return hook_error;
}

static void hooks_are_asked(void)
{
	static const struct gatt_hooks hooks = { on_read, on_write };
	struct ble_uuid service = ble_uuid16(0x1815);
	struct gatt_characteristic c = {
		.uuid = ble_uuid16(0x2a56),
		.properties = BLE_READ | BLE_WRITE,
		.value = { .start = { (const uint8_t *)"", 1 }, .max = 30,
			   .hooks = &hooks },
	};
	struct gatt_table table;
	struct gatt_session session;
	uint8_t write[33] = { ATT_WRITE_REQ, 3, 0, 9 }, response[40];

	gatt_table_init(&table);
	REQUIRE(gatt_add_service(&table, 0, true, &service) == 0);
	REQUIRE(gatt_add_characteristic(&table, &c) == 0);
	REQUIRE(gatt_table_finish(&table) == 0);
	REQUIRE(gatt_session_init(&session, &table) == 0);
	hook_error = 0;
	hook_calls = 0;
	CHECK_INT(answer(&session, 40, (const uint8_t *)"\x0a\x03\x00", 3, response), 2);
	CHECK_INT(response[1], 1);
	hook_error = BLE_ERROR_ATT(0x81);
	CHECK_INT(answer(&session, 40, (const uint8_t *)"\x0a\x03\x00", 3, response), 5);
	CHECK_MEM(response, "\x01\x0a\x03\x00\x81", 5);
	CHECK_INT(answer(&session, 40, write, 33, response), 5);
	CHECK_MEM(response, "\x01\x12\x03\x00\x81", 5);
	CHECK_INT(gatt_value(gatt_table_find(&table, 3)).len, 1);
	hook_error = 0;
	CHECK_INT(answer(&session, 40, write, 33, response), 1);
	CHECK_INT(gatt_value(gatt_table_find(&table, 3)).len, 30);
	CHECK_INT(hook_calls, 4);
	gatt_session_release(&session);
	gatt_table_release(&table);
}

static void random_pdus(void)
{
	static const uint8_t opcodes[] = { 0x04, 0x06, 0x08, 0x0a, 0x0c, 0x0e, 0x10,
					   0x12, 0x16, 0x18, 0x1e, 0x20, 0x52 };
	static const uint16_t types[] = { 0x2800, 0x2801, 0x2802, 0x2803, 0x2902,
					  0x2a56, 0x2901 };
	struct gatt_table table;
	struct gatt_session session;

	REQUIRE(reference_build(&table, REFERENCE_LARGE) == 0);
	REQUIRE(gatt_session_init(&session, &table) == 0);
	for (int i = 0; i < 30000; i++) {
		uint16_t mtu = (uint16_t)(23 + harness_below(495));
		uint8_t pdu[540], response[520];
		size_t len = harness_below(harness_below(20) ? 24 : 540);

		for (size_t j = 0; j < len; j++)
			pdu[j] = (uint8_t)harness_random();
		if (len && harness_below(20))
			pdu[0] = opcodes[harness_below(sizeof(opcodes))];
		if (len > 4 && harness_below(2)) {
			pdu[2] = (uint8_t)harness_below(3);
			pdu[4] = (uint8_t)(pdu[2] + harness_below(3));
		}
		if (len > 6 && harness_below(2))
			put_le16(pdu + 5, types[harness_below(7)]);
		check_contract(pdu, len, response,
			       answer(&session, mtu, pdu, len, response));
	}
	gatt_session_release(&session);
	gatt_table_release(&table);
}

/* -- Building ----------------------------------------------------------------------- */

static void bad_builds(void)
{
	struct ble_uuid uuid = ble_uuid16(0x1815), type = ble_uuid16(0x2901);
	struct gatt_value value = { .start = { (const uint8_t *)"abc", 3 }, .max = 2 };
	struct gatt_characteristic c = { .uuid = type };
	struct gatt_table table;

	gatt_table_init(&table);
	CHECK_INT(gatt_add_characteristic(&table, &c), -EINVAL); /* no service */
	CHECK_INT(gatt_add_include(&table, 0, 1), -EINVAL);
	CHECK_INT(gatt_end_service(&table, 9), -EINVAL);
	CHECK_INT(gatt_add_service(&table, 5, true, &uuid), 0);
	CHECK_INT(gatt_add_descriptor(&table, 0, &type, &value), -EINVAL);
	CHECK_INT(gatt_add_configuration(&table, 0), -EINVAL);
	CHECK_INT(gatt_add_include(&table, 0, 0x77), 0);
	CHECK_INT(gatt_add_characteristic(&table, &c), 0);
	CHECK_INT(gatt_add_include(&table, 0, 5), -EINVAL); /* too late */
	CHECK_INT(gatt_add_descriptor(&table, 0, &type, &value), -EINVAL);
	value.max = 3;
	CHECK_INT(gatt_add_descriptor(&table, 8, &type, &value), -EINVAL);
	CHECK_INT(gatt_add_descriptor(&table, 9, &type, &value), 0);
	value.max = ATT_VALUE_MAX + 1;
	CHECK_INT(gatt_add_descriptor(&table, 10, &type, &value), -EINVAL);
	CHECK_INT(gatt_end_service(&table, 8), -EINVAL);
	CHECK_INT(gatt_end_service(&table, 20), 0);
	CHECK_INT(gatt_add_service(&table, 20, true, &uuid), -EINVAL);
	CHECK_INT(gatt_add_service(&table, 0, true, &uuid), 0);
	CHECK_INT(gatt_table_last(&table), 21);
	CHECK_INT(gatt_add_service(&table, 0xffff, true, &uuid), 0);
	CHECK_INT(gatt_add_service(&table, 0, true, &uuid), -EINVAL);
	CHECK_INT(gatt_table_finish(&table), -ENOENT);
	gatt_table_release(&table);
}

static int build_and_open(void *user)
{
	struct gatt_table table;
	struct gatt_session session;
	int err = reference_build(&table, REFERENCE_LARGE);

	(void)user; /* the same each time */
	if (err)
		return err;
	err = gatt_session_init(&session, &table);
	if (!err)
		gatt_session_release(&session);
	gatt_table_release(&table);
	return err;
}

static void every_allocation(void)
{
	CHECK(fail_each(build_and_open, NULL) > 5);
}

static const struct test_case the_rest[] = {
	TEST(queue_is_bounded), TEST(sessions_apart), TEST(hooks_are_asked),
	TEST(random_pdus), TEST(bad_builds), TEST(every_allocation), { 0 },
};

int main(int argc, char **argv)
{
	static const struct test_suite suites[] = {
		{ "finds", server_finds },
		{ "reads by type", server_reads_by_type },
		{ "reads", server_reads },
		{ "writes", server_writes },
		{ "prepared", server_prepared },
		{ "others", server_others },
		{ "the rest", the_rest },
		{ 0 },
	};

	return harness_main(argc, argv, suites);
}
