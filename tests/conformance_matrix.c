/* SPDX-License-Identifier: MIT */
/*
 * Two peers, of which each is present, absent, taken, or leaves in mid-connect: both
 * connects begin in one callback, while a third client reads. And peers that appear after
 * more than 40 s, the kernel's own limit for a connect.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/conformance.h"

enum { PAIR = 2, THIRD = PAIR, LIMIT_MS = 10000, TURN_MS = 4500 };

#define NO_CHANGE "its peripherals are in other processes"

static const char *const words[FIXTURE_PRESENCES] = { "present", "absent", "taken", "leaves" };

struct matrix;

/* One connect, and one read after it. */
struct reach {
	struct matrix *matrix;
	struct ble_client *client;
	unsigned int done, order; /* order: of its end among both */
	int error;
	uint64_t ended;
	char text[200];
	struct seen read, ends; /* ends: of its connection */
};

struct matrix {
	struct fixture fixture;
	struct reach reach[PAIR];
	unsigned int done;
	uint64_t begun;
	struct ble_client *third;
	struct seen values; /* of the third */
	unsigned int reads;
	bool reading;
};

/* -- The third client: reads at each of its notifications -------------------------------- */

static void on_third_read(void *user, int error, struct ble_bytes value)
{
	struct matrix *matrix = user;

	CHECK_INT(error, 0);
	CHECK_INT(value.len, 22);
	matrix->reading = false;
	matrix->reads++;
}

static void on_third_value(void *user, uint16_t handle, struct ble_bytes value)
{
	struct matrix *matrix = user;

	seen_notified(&matrix->values, handle, value);
	if (matrix->reading)
		return;
	CHECK_INT(ble_client_read(matrix->third, REFERENCE_22, on_third_read, matrix, NULL), 0);
	matrix->reading = true;
}

/* -- The pair ------------------------------------------------------------------------------ */

static void on_read(void *user, int error, struct ble_bytes value)
{
	struct reach *reach = user;

	seen_done(&reach->read, error);
	reach->read.len = value.len;
}

static void on_connected(void *user, int error)
{
	struct reach *reach = user;
	struct matrix *matrix = reach->matrix;

	reach->done++;
	reach->order = ++matrix->done;
	reach->error = error;
	reach->ended = loop_now(matrix->fixture.loop);
	snprintf(reach->text, sizeof(reach->text), "%s",
		 error ? ble_error_text(matrix->fixture.loop, error) : "");
	if (!error)
		CHECK_INT(ble_client_read(reach->client, REFERENCE_22, on_read, reach, NULL), 0);
}

static void begin_both(void *user)
{
	const struct ble_connect_params params = { .timeout_ms = LIMIT_MS };
	struct matrix *matrix = user;

	matrix->begun = loop_now(matrix->fixture.loop);
	for (size_t i = 0; i < PAIR; i++)
		CHECK_INT(ble_client_connect(matrix->reach[i].client, &params, on_connected,
					     &matrix->reach[i], NULL), 0);
}

static void open_matrix(struct matrix *matrix, const enum fixture_presence is[PAIR])
{
	const struct fixture_peer peers[PAIR + 1] = { { .is = is[0] }, { .is = is[1] } };

	memset(matrix, 0, sizeof(*matrix));
	REQUIRE(fixture_open(&matrix->fixture, peers, PAIR + 1) == 0);
	matrix->third = fixture_connect(&matrix->fixture, THIRD, true);
	CHECK_INT(ble_client_subscribe_sync(matrix->third, REFERENCE_NOTIFY, BLE_SUBSCRIBE_AUTO,
					    on_third_value, matrix, NULL), 0);
	for (size_t i = 0; i < PAIR; i++) {
		struct reach *reach = &matrix->reach[i];

		reach->matrix = matrix;
		REQUIRE(ble_client_new(matrix->fixture.adapter, &matrix->fixture.addresses[i],
				       &reach->client) == 0);
		ble_client_on_disconnected(reach->client, seen_disconnected, &reach->ends);
	}
}

static void close_matrix(struct matrix *matrix)
{
	for (size_t i = 0; i < PAIR; i++)
		ble_client_unref(matrix->reach[i].client);
	ble_client_unref(matrix->third);
	fixture_close(&matrix->fixture);
}

/* -- What each ends with ------------------------------------------------------------------------ */

/* Whether its connect ends at once, and not with its time limit. */
static bool ends_at_once(const struct fixture_class *class, enum fixture_presence is)
{
	return is == FIXTURE_PRESENT || (is == FIXTURE_TAKEN && class->busy);
}

static int expected_error(const struct fixture_class *class, enum fixture_presence is)
{
	if (!ends_at_once(class, is))
		return -ETIMEDOUT;
	return is == FIXTURE_TAKEN ? -EBUSY : 0;
}

static const char *expected_text(enum fixture_presence is, int error)
{
	if (error == -EBUSY)
		return "another program";
	if (error == 0)
		return "";
	return is == FIXTURE_LEAVES ? "was heard, but" : "could not be reached";
}

static void check_reach(const struct matrix *matrix, const struct reach *reach,
			enum fixture_presence is)
{
	const struct fixture_class *class = matrix->fixture.class;
	int error = expected_error(class, is);
	uint64_t ms = (reach->ended - matrix->begun) / 1000000;

	CHECK_INT(reach->done, 1);
	CHECK_INT(reach->error, error);
	if (!strstr(reach->text, expected_text(is, error)))
		FAIL(reach->text);
	if (ends_at_once(class, is))
		CHECK(ms <= TURN_MS);
	else
		CHECK_INT(ms, LIMIT_MS);
	CHECK_INT(reach->read.done, !error);
	CHECK_INT(reach->read.error, 0);
	CHECK_INT(reach->ends.disconnected, 0);
	CHECK_INT(ble_client_connected(reach->client), is == FIXTURE_PRESENT);
}

/* First those that end at once, then by the order of the calls; but a peer that is found
 * makes those found behind it wait. */
static void check_order(const struct matrix *matrix, const enum fixture_presence is[PAIR])
{
	const struct fixture_class *class = matrix->fixture.class;
	bool second_first = !ends_at_once(class, is[0]) && ends_at_once(class, is[1]);

	/* A refusal needs no response of a peer, a connect does. */
	if (class->busy && is[0] == FIXTURE_PRESENT && is[1] == FIXTURE_TAKEN)
		second_first = true;
	CHECK_INT(matrix->reach[0].order, second_first ? 2 : 1);
	CHECK_INT(matrix->reach[1].order, second_first ? 1 : 2);
}

/* Every peer comes, and is connected; nothing else is called back. */
static void check_as_new(struct matrix *matrix)
{
	struct seen done[PAIR] = { { 0 } };
	unsigned int values;

	for (size_t i = 0; i < PAIR; i++) {
		struct reach *reach = &matrix->reach[i];

		CHECK(list_empty(&reach->client->ops));
		fixture_become(&matrix->fixture, i, FIXTURE_PRESENT);
		if (ble_client_connected(reach->client))
			CHECK_INT(ble_client_disconnect_sync(reach->client), 0);
		CHECK_INT(ble_client_connect(reach->client, NULL, seen_done, &done[i], NULL), 0);
	}
	for (size_t i = 0; i < PAIR; i++) {
		CHECK(fixture_wait(&matrix->fixture, &done[i].done, 1, TURN_MS));
		CHECK_INT(done[i].error, 0);
		check_reference_value(matrix->reach[i].client, REFERENCE_23, 23);
	}
	values = matrix->values.values;
	CHECK(fixture_wait(&matrix->fixture, &matrix->values.values, values + 5, 5000));
	CHECK(!matrix->values.gap);
	for (size_t i = 0; i < PAIR; i++)
		CHECK_INT(matrix->reach[i].done, 1);
}

/* The case's name says which pair it is. */
static void pair(void)
{
	enum fixture_presence is[PAIR] = { FIXTURE_PRESENT, FIXTURE_PRESENT };
	char names[PAIR][16];
	struct matrix matrix;
	unsigned int reads;

	REQUIRE(sscanf(harness_name(), "pair: %15s and %15s", names[0], names[1]) == PAIR);
	for (size_t i = 0; i < PAIR; i++)
		while (is[i] < FIXTURE_PRESENCES && strcmp(names[i], words[is[i]]) != 0)
			is[i]++;
	open_matrix(&matrix, is);
	reads = matrix.reads;
	CHECK_INT(ble_loop_post(matrix.fixture.loop, begin_both, &matrix), 0);
	CHECK(fixture_wait(&matrix.fixture, &matrix.done, PAIR, 2 * LIMIT_MS));
	fixture_run(&matrix.fixture, 1000);
	for (size_t i = 0; i < PAIR; i++)
		check_reach(&matrix, &matrix.reach[i], is[i]);
	check_order(&matrix, is);
	CHECK(matrix.reads > reads);
	CHECK(!matrix.values.gap);
	check_as_new(&matrix);
	close_matrix(&matrix);
}

/* -- More than 40 s -------------------------------------------------------------------------------- */

enum { APPEARS_MS = 60000, LONG_MS = 90000 };

/* Beside one that never comes: its limit is its own. */
static void appears_late(void)
{
	static const int limits[3] = { LONG_MS, BLE_FOREVER, LONG_MS };
	const struct fixture_peer peers[3] = { { .is = FIXTURE_ABSENT }, { .is = FIXTURE_ABSENT },
					       { .is = FIXTURE_ABSENT } };
	struct ble_client *clients[3];
	struct seen seen[3] = { { 0 } };
	struct fixture fixture;
	uint64_t begun;

	REQUIRE(fixture_open(&fixture, peers, 3) == 0);
	begun = loop_now(fixture.loop);
	for (size_t i = 0; i < 3; i++) {
		const struct ble_connect_params params = { .timeout_ms = limits[i] };

		REQUIRE(ble_client_new(fixture.adapter, &fixture.addresses[i], &clients[i]) == 0);
		CHECK_INT(ble_client_connect(clients[i], &params, seen_done, &seen[i], NULL), 0);
	}
	fixture_run(&fixture, APPEARS_MS);
	for (size_t i = 0; i < 3; i++)
		CHECK_INT(seen[i].done, 0);
	for (size_t i = 0; i < 2; i++)
		fixture_become(&fixture, i, FIXTURE_PRESENT);
	for (size_t i = 0; i < 2; i++) {
		CHECK(fixture_wait(&fixture, &seen[i].done, 1, 4 * TURN_MS));
		CHECK_INT(seen[i].error, 0);
		check_reference_value(clients[i], REFERENCE_23, 23);
	}
	CHECK(fixture_wait(&fixture, &seen[2].done, 1, LONG_MS));
	CHECK_INT(seen[2].error, -ETIMEDOUT);
	CHECK_INT((loop_now(fixture.loop) - begun) / 1000000, LONG_MS);
	for (size_t i = 0; i < 3; i++)
		ble_client_unref(clients[i]);
	fixture_close(&fixture);
}

/* -- A peer that never answers Read Multiple Variable ------------------------------------------ */

static void on_one(void *user, uint16_t handle, struct ble_bytes value)
{
	(void)handle;
	(void)value;
	++*(unsigned int *)user;
}

/* The link is lost by it, and it is remembered for this peer; the others do not notice. */
static void silent_to_one_request(void)
{
	static const uint16_t handles[] = { REFERENCE_22, REFERENCE_ONE };
	static const enum fixture_presence is[PAIR] = { FIXTURE_PRESENT, FIXTURE_ABSENT };
	unsigned int values = 0, reads;
	struct seen absent = { 0 };
	struct ble_client *client;
	struct matrix matrix;

	open_matrix(&matrix, is);
	client = matrix.reach[0].client;
	matrix.fixture.peripherals[0]->faults.silent_after_requests = 1; /* the MTU */
	CHECK_INT(ble_client_connect(matrix.reach[1].client,
				     &(const struct ble_connect_params){ .timeout_ms = BLE_FOREVER },
				     seen_done, &absent, NULL), 0);
	CHECK_INT(ble_client_connect_sync(client, NULL), 0);
	client->connection->gatt.several = GATT_SEVERAL_OFFERED;
	reads = matrix.reads;
	CHECK_INT(ble_client_read_multiple_sync(client, handles, 2, on_one, &values), -ETIMEDOUT);
	CHECK_INT(values, 0);
	fixture_run(&matrix.fixture, 1000);
	CHECK_INT(matrix.reach[0].ends.disconnected, 1);
	CHECK(matrix.reads > reads + 100);
	CHECK(!matrix.values.gap);
	fixture_become(&matrix.fixture, 0, FIXTURE_PRESENT);
	CHECK_INT(ble_client_connect_sync(client, NULL), 0);
	CHECK_INT(client->connection->gatt.several, GATT_SEVERAL_NEVER);
	CHECK_INT(matrix.reach[1].client->connection->gatt.several, GATT_SEVERAL_UNKNOWN);
	CHECK_INT(ble_client_read_multiple_sync(client, handles, 2, on_one, &values), 0);
	CHECK_INT(values, 2);
	CHECK_INT(absent.done, 0);
	close_matrix(&matrix);
}

#define PAIR_OF(first, second) \
	CASE("pair: " first " and " second, pair, .not_kernel = NO_CHANGE, .not_port = NO_CHANGE)
#define PAIRS_OF(first)                                                          \
	PAIR_OF(first, "present"), PAIR_OF(first, "absent"), PAIR_OF(first, "taken"), \
		PAIR_OF(first, "leaves")

const struct conformance_case conformance_matrix[] = {
	PAIRS_OF("present"),
	PAIRS_OF("absent"),
	PAIRS_OF("taken"),
	PAIRS_OF("leaves"),
	CASE("silent to one request", silent_to_one_request, .not_kernel = NO_CHANGE,
	     .not_port = NO_CHANGE, .not_dongle = "the firmware has no such request"),
	CASE("appears after 60 s", appears_late, .not_kernel = NO_CHANGE, .not_port = NO_CHANGE),
	{ 0 }
};
