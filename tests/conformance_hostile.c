/* SPDX-License-Identifier: MIT */
/*
 * Two clients of two peers, and one callback of the first that frees, cancels, disconnects or
 * connects either of them; and many connects at once, most of them to absent peers. Each call
 * that was accepted must end once, and the adapter must be as good as new afterwards.
 */
#include <errno.h>
#include <string.h>

#include "tests/conformance.h"

#define NO_CHANGE "its peripherals are in other processes"

enum { PAIR = 2, LIMIT_MS = 6000, VALUES = 3 };

enum moment { CONNECTED, READ, VALUE, DISCONNECTED };

static const char *const moments[] = { "connected", "read", "value", "disconnected" };

struct hostile;

struct side {
	struct hostile *hostile;
	struct ble_client *client;
	struct ble_op *connecting;
	unsigned int accepted, ended, values;
};

struct hostile {
	struct fixture fixture;
	struct side sides[PAIR];
	enum moment moment;
	void (*act)(struct hostile *hostile);
	unsigned int acted;
};

/* -- What the callback does ----------------------------------------------------------------- */

static void on_connected(void *user, int error);
static void on_disconnected(void *user, uint8_t reason, bool asked);

/* A connect that is under way is not called back any more. */
static void silence(struct side *side)
{
	if (side->connecting)
		side->accepted--;
	side->connecting = NULL;
}

static void drop(struct side *side)
{
	silence(side);
	side->client = ble_client_unref(side->client);
}

static void connect_side(struct side *side)
{
	const struct ble_connect_params params = { .timeout_ms = LIMIT_MS };
	struct ble_op *op = NULL;
	int error;

	if (!side->client)
		return;
	error = ble_client_connect(side->client, &params, on_connected, side, &op);
	CHECK(error == 0 || error == -EALREADY || error == -EISCONN);
	if (error)
		return;
	side->connecting = op;
	side->accepted++;
}

static void unref_self(struct hostile *hostile)
{
	drop(&hostile->sides[0]);
}

static void unref_other(struct hostile *hostile)
{
	drop(&hostile->sides[1]);
}

static void unref_both(struct hostile *hostile)
{
	drop(&hostile->sides[1]);
	drop(&hostile->sides[0]);
}

static void cancel_other(struct hostile *hostile)
{
	struct ble_op *op = hostile->sides[1].connecting;

	silence(&hostile->sides[1]);
	ble_op_cancel(op);
}

static void disconnect_self(struct hostile *hostile)
{
	ble_client_disconnect(hostile->sides[0].client);
}

static void disconnect_other(struct hostile *hostile)
{
	ble_client_disconnect(hostile->sides[1].client);
}

static void connect_both(struct hostile *hostile)
{
	connect_side(&hostile->sides[1]);
	connect_side(&hostile->sides[0]);
}

static void cancel_and_connect(struct hostile *hostile)
{
	cancel_other(hostile);
	connect_side(&hostile->sides[1]);
}

static void exchange(struct hostile *hostile)
{
	struct side *side = &hostile->sides[1];

	drop(side);
	REQUIRE(ble_client_new(hostile->fixture.adapter, &hostile->fixture.addresses[1],
			       &side->client) == 0);
	ble_client_on_disconnected(side->client, on_disconnected, side);
	connect_side(side);
}

static const struct act {
	const char *name;
	void (*act)(struct hostile *hostile);
} acts[] = {
	{ "unref self", unref_self },
	{ "unref other", unref_other },
	{ "unref both", unref_both },
	{ "cancel other", cancel_other },
	{ "disconnect self", disconnect_self },
	{ "disconnect other", disconnect_other },
	{ "connect both", connect_both },
	{ "cancel other and connect it", cancel_and_connect },
	{ "exchange other", exchange },
};

/* Once, in a callback of the first side. False: its client may be gone. */
static bool goes_on(struct side *side, enum moment moment)
{
	struct hostile *hostile = side->hostile;

	if (side != &hostile->sides[0] || moment != hostile->moment || hostile->acted)
		return side->client;
	hostile->acted++;
	hostile->act(hostile);
	return side->client;
}

/* -- The callbacks ------------------------------------------------------------------------------ */

static void on_read(void *user, int error, struct ble_bytes value)
{
	(void)value;
	CHECK(error == 0 || error == -ENOTCONN);
	goes_on(user, READ);
}

static void on_value(void *user, uint16_t handle, struct ble_bytes value)
{
	struct side *side = user;

	(void)handle;
	(void)value;
	side->values++;
	if (goes_on(side, VALUE) && side->values == VALUES)
		ble_client_disconnect(side->client);
}

static void on_disconnected(void *user, uint8_t reason, bool asked)
{
	(void)reason;
	(void)asked;
	goes_on(user, DISCONNECTED);
}

static void on_connected(void *user, int error)
{
	struct side *side = user;

	side->connecting = NULL;
	side->ended++;
	CHECK(error == 0 || error == -ETIMEDOUT || error == -EBUSY || error == -ENOTCONN);
	if (!goes_on(side, CONNECTED) || error || !ble_client_connected(side->client))
		return;
	CHECK_INT(ble_client_read(side->client, REFERENCE_22, on_read, side, NULL), 0);
	CHECK_INT(ble_client_discover(side->client, NULL, NULL, NULL), 0);
}

/* -- Runs ----------------------------------------------------------------------------------------- */

/* Once they are discovered: nobody waits for it. */
static void subscribe_where_possible(struct hostile *hostile)
{
	for (size_t i = 0; i < PAIR; i++) {
		struct side *side = &hostile->sides[i];

		if (!side->client || !ble_services_characteristic(ble_client_services(side->client),
								  REFERENCE_NOTIFY) ||
		    !ble_client_connected(side->client) || side->values)
			continue;
		if (list_empty(&side->client->subscriptions))
			CHECK_INT(ble_client_subscribe(side->client, REFERENCE_NOTIFY,
						       BLE_SUBSCRIBE_AUTO, on_value, side, NULL, NULL,
						       NULL, NULL), 0);
	}
}

/* Each peer that is there can be connected by a new client. */
static void check_as_new(struct hostile *hostile)
{
	for (size_t i = 0; i < PAIR; i++) {
		struct ble_client *client;

		fixture_become(&hostile->fixture, i, FIXTURE_PRESENT);
		client = fixture_connect(&hostile->fixture, i, false);
		check_reference_value(client, REFERENCE_23, 23);
		ble_client_unref(client);
	}
}

static void hostile_run(const struct act *act, enum moment moment, const enum fixture_presence is[PAIR])
{
	const struct fixture_peer peers[PAIR] = { { .is = is[0] }, { .is = is[1] } };
	struct hostile hostile = { .moment = moment, .act = act->act };

	REQUIRE(fixture_open(&hostile.fixture, peers, PAIR) == 0);
	for (size_t i = 0; i < PAIR; i++) {
		struct side *side = &hostile.sides[i];

		side->hostile = &hostile;
		REQUIRE(ble_client_new(hostile.fixture.adapter, &hostile.fixture.addresses[i],
				       &side->client) == 0);
		ble_client_on_disconnected(side->client, on_disconnected, side);
		connect_side(side);
	}
	for (int i = 0; i < 20; i++) {
		fixture_run(&hostile.fixture, 2 * LIMIT_MS / 20);
		subscribe_where_possible(&hostile);
	}
	/* One that was begun anew may still be under way. */
	fixture_run(&hostile.fixture, LIMIT_MS);
	if (is[0] == FIXTURE_PRESENT)
		CHECK_INT(hostile.acted, 1);
	for (size_t i = 0; i < PAIR; i++) {
		CHECK_INT(hostile.sides[i].ended, hostile.sides[i].accepted);
		ble_client_unref(hostile.sides[i].client);
	}
	check_as_new(&hostile);
	fixture_close(&hostile.fixture);
}

/* The case's name says in which callback. */
static void hostile(void)
{
	static const enum fixture_presence pairs[][PAIR] = {
		{ FIXTURE_PRESENT, FIXTURE_PRESENT },
		{ FIXTURE_PRESENT, FIXTURE_ABSENT },
		{ FIXTURE_LEAVES, FIXTURE_PRESENT },
		{ FIXTURE_TAKEN, FIXTURE_ABSENT },
	};
	int moment = 0;

	while (strcmp(harness_name() + strlen("hostile: "), moments[moment]) != 0)
		moment++;
	for (size_t p = 0; p < sizeof(pairs) / sizeof(*pairs); p++)
		for (size_t a = 0; a < sizeof(acts) / sizeof(*acts); a++) {
			harness_about("%s, pair %zu", acts[a].name, p);
			hostile_run(&acts[a], (enum moment)moment, pairs[p]);
		}
	harness_about(NULL);
}

/* -- Many ----------------------------------------------------------------------------------------- */

enum { MANY = 1000, MANY_IN_TURNS = 20, PRESENT = 3, TURN_MS = 4000 };

/* The absent ones are older, and all end with their own limit. Where the radio connects to one
 * at a time, each of them may cost a turn. */
static void many(void)
{
	static struct ble_client *absent[MANY];
	struct ble_client *present[PRESENT];
	struct seen absent_seen = { 0 }, seen[PRESENT] = { { 0 } };
	struct fixture fixture;
	unsigned int n, wait_ms;

	REQUIRE(fixture_open(&fixture, (struct fixture_peer[PRESENT]){ { .n = 0 } }, PRESENT) == 0);
	n = fixture.class->firmware ? MANY_IN_TURNS : MANY;
	wait_ms = fixture.class->firmware ? (n + PRESENT) * (TURN_MS + 500) : 1000;
	for (unsigned int i = 0; i < n; i++) {
		const struct ble_address address = {
			{ (uint8_t)i, (uint8_t)(i >> 8), 9, 9, 9, 0xc9 }, BLE_ADDRESS_RANDOM,
		};
		const struct ble_connect_params params = { .timeout_ms = (int)(2 * wait_ms) };

		REQUIRE(ble_client_new(fixture.adapter, &address, &absent[i]) == 0);
		CHECK_INT(ble_client_connect(absent[i], &params, seen_done, &absent_seen, NULL), 0);
	}
	for (size_t i = 0; i < PRESENT; i++) {
		const struct ble_connect_params params = { .timeout_ms = BLE_FOREVER };

		REQUIRE(ble_client_new(fixture.adapter, &fixture.addresses[i], &present[i]) == 0);
		CHECK_INT(ble_client_connect(present[i], &params, seen_done, &seen[i], NULL), 0);
	}
	for (size_t i = 0; i < PRESENT; i++) {
		CHECK(fixture_wait(&fixture, &seen[i].done, 1, wait_ms));
		CHECK_INT(seen[i].error, 0);
		check_reference_value(present[i], REFERENCE_23, 23);
	}
	CHECK_INT(absent_seen.done, 0);
	CHECK(fixture_wait(&fixture, &absent_seen.done, n, 3 * wait_ms));
	CHECK_INT(absent_seen.error, -ETIMEDOUT);
	for (unsigned int i = 0; i < n; i++)
		ble_client_unref(absent[i]);
	for (size_t i = 0; i < PRESENT; i++)
		ble_client_unref(present[i]);
	fixture_close(&fixture);
}

#define HOSTILE(moment) \
	CASE("hostile: " moment, hostile, .not_kernel = NO_CHANGE, .not_port = NO_CHANGE)

const struct conformance_case conformance_hostile[] = {
	HOSTILE("connected"),
	HOSTILE("read"),
	HOSTILE("value"),
	HOSTILE("disconnected"),
	CASE("many connects", many, .not_kernel = "minutes of real time", .not_port =
	     "minutes of real time"),
	{ 0 }
};
