/* SPDX-License-Identifier: MIT */
/* No peer makes a call last for ever: one that answers each request after 29 s, just before
 * the transaction timeout; one that is slow and honest. All the time the connect to an absent
 * peer is pending. The clock is frozen. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "tests/fixture.h"
#include "tests/harness.h"

enum { STRETCHES_MS = 29000, HONEST_MS = 3900, LIMIT_S = 300 };

struct call {
	unsigned int done;
	int error;
	char text[200];
};

static struct fixture fixture;
static struct ble_client *absent;
static struct call absent_call;
static uint8_t octets[512];

static void on_done(void *user, int error)
{
	struct call *call = user;

	call->done++;
	call->error = error;
	snprintf(call->text, sizeof(call->text), "%s", ble_error_text(fixture.loop, error));
}

static void on_value(void *user, int error, struct ble_bytes value)
{
	(void)value;
	on_done(user, error);
}

/* -- The calls --------------------------------------------------------------------------- */

static int discover(struct ble_client *client, struct call *call, struct ble_op **ret_op)
{
	return ble_client_discover(client, on_done, call, ret_op);
}

static int chosen(struct ble_client *client, struct call *call, struct ble_op **ret_op)
{
	struct ble_uuid uuids[20];

	for (uint16_t i = 0; i < 20; i++)
		uuids[i] = ble_uuid16((uint16_t)(0x1800 + i));
	return ble_client_discover_only(client, uuids, 20, on_done, call, ret_op);
}

static int read_long(struct ble_client *client, struct call *call, struct ble_op **ret_op)
{
	return ble_client_read(client, REFERENCE_512, on_value, call, ret_op);
}

static int read_type(struct ble_client *client, struct call *call, struct ble_op **ret_op)
{
	const struct ble_uuid uuid = ble_uuid16(0x2803);

	return ble_client_read_by_uuid(client, &uuid, 1, 0xffff, NULL, on_done, call, ret_op);
}

static int read_multiple(struct ble_client *client, struct call *call, struct ble_op **ret_op)
{
	static const uint16_t handles[] = { REFERENCE_512, REFERENCE_512 };

	return ble_client_read_multiple(client, handles, 2, NULL, on_done, call, ret_op);
}

static int write_long(struct ble_client *client, struct call *call, struct ble_op **ret_op)
{
	return ble_client_write(client, REFERENCE_512, bytes(octets, 512), on_done, call, ret_op);
}

static int write_reliable(struct ble_client *client, struct call *call, struct ble_op **ret_op)
{
	const struct ble_write writes[] = {
		{ .handle = REFERENCE_512, .value = bytes(octets, 500) },
		{ .handle = REFERENCE_EMPTY, .value = bytes(octets, 5) },
	};

	return ble_client_write_reliable(client, writes, 2, on_done, call, ret_op);
}

static const struct kind {
	const char *name;
	int (*call)(struct ble_client *client, struct call *call, struct ble_op **ret_op);
	bool queues; /* at the peer, which has to empty it then */
} kinds[] = {
	{ "discover", discover, false },	 { "chosen services", chosen, false },
	{ "long read", read_long, false },	 { "read by type", read_type, false },
	{ "read multiple", read_multiple, false }, { "long write", write_long, true },
	{ "reliable write", write_reliable, true },
};

enum { KINDS = sizeof(kinds) / sizeof(*kinds) };

static uint64_t seconds(void)
{
	return loop_now(fixture.loop) / 1000000000;
}

/* MTU 23, so that each call takes many requests. */
static struct ble_client *open_slow(unsigned int latency_ms)
{
	const struct fixture_peer peer = { .latency_ms = latency_ms };
	const struct ble_connect_params params = { .timeout_ms = BLE_FOREVER, .mtu = 23 };
	const struct ble_address nobody = { { 9, 9, 9, 9, 9, 0xc9 }, BLE_ADDRESS_RANDOM };
	struct ble_client *client;

	REQUIRE(fixture_open(&fixture, &peer, 1) == 0);
	absent_call = (struct call){ 0 };
	REQUIRE(ble_client_new(fixture.adapter, &nobody, &absent) == 0);
	REQUIRE(ble_client_connect(absent, &params, on_done, &absent_call, NULL) == 0);
	REQUIRE(ble_client_new(fixture.adapter, &fixture.addresses[0], &client) == 0);
	REQUIRE(ble_client_connect_sync(client, &params) == 0);
	return client;
}

static void close_slow(struct ble_client *client)
{
	ble_client_unref(client);
	CHECK_INT(absent_call.done, 0);
	ble_client_unref(absent);
	fixture_close(&fixture);
	harness_about(NULL);
}

static void wait_done(const struct call *call)
{
	for (int i = 0; i < 2000 && !call->done; i++)
		ble_loop_dispatch(fixture.loop, 60000);
	CHECK_INT(call->done, 1);
}

/* -- Cases -------------------------------------------------------------------------------- */

/* The link stays, and the next call is served. */
static void stretched(void)
{
	for (int i = 0; i < KINDS; i++) {
		struct ble_client *client = open_slow(STRETCHES_MS);
		struct call call = { 0 }, next = { 0 };
		uint64_t begun = seconds();

		harness_about("%s", kinds[i].name);
		CHECK_INT(kinds[i].call(client, &call, NULL), 0);
		wait_done(&call);
		CHECK_INT(call.error, -ETIMEDOUT);
		CHECK(strstr(call.text, "5 minutes") != NULL);
		CHECK(seconds() - begun >= LIMIT_S);
		CHECK(seconds() - begun <= LIMIT_S + (kinds[i].queues ? 60 : 0));
		CHECK_INT(ble_client_read(client, REFERENCE_ONE, on_value, &next, NULL), 0);
		wait_done(&next);
		CHECK_INT(next.error, 0);
		close_slow(client);
	}
}

/* Those that wait have the whole time from their turn on. */
static void one_after_the_other(void)
{
	struct ble_client *client = open_slow(STRETCHES_MS);
	struct call calls[3] = { { 0 } };
	uint64_t begun = seconds();

	CHECK_INT(read_long(client, &calls[0], NULL), 0);
	CHECK_INT(discover(client, &calls[1], NULL), 0);
	CHECK_INT(ble_client_read(client, REFERENCE_ONE, on_value, &calls[2], NULL), 0);
	wait_done(&calls[2]);
	CHECK_INT(calls[0].error, -ETIMEDOUT);
	CHECK_INT(calls[1].error, -ETIMEDOUT);
	CHECK_INT(calls[2].error, 0);
	CHECK(seconds() - begun >= 2 * LIMIT_S);
	CHECK(seconds() - begun <= 2 * LIMIT_S + 90);
	close_slow(client);
}

static void honest(void)
{
	for (int i = 0; i < KINDS; i++) {
		struct ble_client *client = open_slow(HONEST_MS);
		struct call call = { 0 };

		harness_about("%s", kinds[i].name);
		CHECK_INT(kinds[i].call(client, &call, NULL), 0);
		wait_done(&call);
		CHECK_INT(call.error, kinds[i].call == chosen && call.error ? -ENOENT : 0);
		close_slow(client);
	}
}

/* Whoever says how long a call may take is believed: for the client, for one call before
 * and after it began. */
static void said_otherwise(void)
{
	for (int way = 0; way < 3; way++) {
		struct ble_client *client = open_slow(STRETCHES_MS);
		uint64_t begun = seconds();
		struct call call = { 0 };
		struct ble_op *op;

		harness_about("way %d", way);
		if (way == 0)
			ble_client_set_timeout(client, BLE_FOREVER);
		CHECK_INT(discover(client, &call, &op), 0);
		if (way == 1)
			ble_op_set_timeout(op, 7200000);
		if (way == 2) {
			fixture_run(&fixture, 200000);
			ble_op_set_timeout(op, BLE_FOREVER);
		}
		wait_done(&call);
		CHECK_INT(call.error, 0);
		CHECK(seconds() - begun > 2 * LIMIT_S);
		close_slow(client);
	}
}

/* The last reference goes, or the link, with the limit to come. */
static void ended_before(void)
{
	struct ble_client *client = open_slow(STRETCHES_MS);
	struct call call = { 0 };

	CHECK_INT(discover(client, &call, NULL), 0);
	fixture_run(&fixture, 100000);
	ble_client_disconnect(client);
	wait_done(&call);
	CHECK_INT(call.error, -ENOTCONN);
	fixture_run(&fixture, 400000);
	CHECK_INT(ble_client_connect_sync(client, &(const struct ble_connect_params){
						 .timeout_ms = BLE_FOREVER, .mtu = 23 }), 0);
	CHECK_INT(discover(client, &call, NULL), 0);
	close_slow(client);
}

/* A peer that is connected is not asked whether it is switched on. */
static void connected_without_an_answer(void)
{
	const struct fixture_peer peer = { .latency_ms = 2000 };
	const struct ble_connect_params params = { .timeout_ms = 1000 };
	struct ble_client *client;
	const char *text;

	REQUIRE(fixture_open(&fixture, &peer, 1) == 0);
	REQUIRE(ble_client_new(fixture.adapter, &fixture.addresses[0], &client) == 0);
	CHECK_INT(ble_client_connect_sync(client, &params), -ETIMEDOUT);
	text = ble_error_text(fixture.loop, -ETIMEDOUT);
	CHECK(strstr(text, "is connected, but did not answer within 1.0 s"));
	CHECK(!strstr(text, "switched on"));
	ble_client_unref(client);
	fixture_close(&fixture);
}

#define CASE(function) { #function, function, &fixture_sim }

static const struct test_case cases[] = {
	CASE(stretched), CASE(one_after_the_other), CASE(honest), CASE(said_otherwise),
	CASE(ended_before), CASE(connected_without_an_answer), { 0 }
};

static const struct test_suite suites[] = { { "limits", cases }, { 0 } };

int main(int argc, char **argv)
{
	return harness_main(argc, argv, suites);
}
