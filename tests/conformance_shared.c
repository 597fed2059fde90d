/* SPDX-License-Identifier: MIT */
/* Two clients of one peer share its link, beside one whose peer is absent. */
#include <errno.h>

#include "tests/conformance.h"

static const struct ble_address nobody = { { 9, 9, 9, 9, 9, 0xc9 }, BLE_ADDRESS_RANDOM };

enum { A, B, CLIENTS };

struct shared {
	struct fixture fixture;
	struct ble_client *absent, *client[CLIENTS];
	struct seen absent_seen, seen[CLIENTS];
	struct ble_subscription *subscription[CLIENTS];
};

static void open_shared(struct shared *shared, const struct fixture_peer *peer)
{
	const struct ble_connect_params forever = { .timeout_ms = BLE_FOREVER };

	*shared = (struct shared){ .absent = NULL };
	REQUIRE(fixture_open(&shared->fixture, peer, 1) == 0);
	REQUIRE(ble_client_new(shared->fixture.adapter, &nobody, &shared->absent) == 0);
	CHECK_INT(ble_client_connect(shared->absent, &forever, seen_done, &shared->absent_seen,
				     NULL), 0);
	for (int i = 0; i < CLIENTS; i++) {
		REQUIRE(ble_client_new(shared->fixture.adapter, &shared->fixture.addresses[0],
				       &shared->client[i]) == 0);
		ble_client_on_disconnected(shared->client[i], seen_disconnected, &shared->seen[i]);
	}
}

static void close_shared(struct shared *shared)
{
	CHECK_INT(shared->absent_seen.done, 0);
	ble_client_unref(shared->absent);
	for (int i = 0; i < CLIENTS; i++)
		ble_client_unref(shared->client[i]);
	fixture_close(&shared->fixture);
}

static void connect_at_once(struct shared *shared)
{
	struct seen *seen = shared->seen;

	for (int i = 0; i < CLIENTS; i++)
		CHECK_INT(ble_client_connect(shared->client[i], NULL, seen_done, &seen[i], NULL), 0);
	for (int i = 0; i < CLIENTS; i++) {
		CHECK(fixture_wait(&shared->fixture, &seen[i].done, 1, 20000));
		CHECK_INT(seen[i].error, 0);
	}
	CHECK_INT(ble_client_discover_sync(shared->client[A]), 0);
}

static void subscribe(struct shared *shared, int i)
{
	CHECK_INT(ble_client_subscribe_sync(shared->client[i], REFERENCE_NOTIFY,
					    BLE_SUBSCRIBE_AUTO, seen_notified, &shared->seen[i],
					    &shared->subscription[i]), 0);
}

static void check_values(struct shared *shared, int i)
{
	struct seen *seen = &shared->seen[i];

	seen->values = 0;
	seen->gap = false;
	CHECK(fixture_wait(&shared->fixture, &seen->values, 3, 20000));
	CHECK(!seen->gap);
}

/* Each has its own calls and subscriptions; the last one out closes the link. */
static void one_link(void)
{
	struct shared shared;

	open_shared(&shared, &(struct fixture_peer){ .n = 0 });
	connect_at_once(&shared);
	subscribe(&shared, A);
	subscribe(&shared, B);
	check_values(&shared, A);
	check_values(&shared, B);
	CHECK_INT(ble_client_disconnect_sync(shared.client[A]), 0);
	CHECK_INT(shared.seen[A].disconnected, 1);
	CHECK(shared.seen[A].asked);
	check_values(&shared, B);
	check_reference_value(shared.client[B], REFERENCE_512, 512);
	/* It joins a link that is up. */
	CHECK_INT(ble_client_connect_sync(shared.client[A], NULL), 0);
	CHECK_INT(ble_client_resubscribe_sync(shared.client[A]), 0);
	CHECK_INT(ble_client_disconnect_sync(shared.client[B]), 0);
	check_values(&shared, A);
	CHECK_INT(ble_subscription_free_sync(shared.subscription[A]), 0);
	CHECK_INT(shared.seen[A].disconnected + shared.seen[B].disconnected, 2);
	CHECK_INT(ble_client_disconnect_sync(shared.client[A]), 0);
	/* A link of its own. */
	CHECK_INT(ble_client_connect_sync(shared.client[B], NULL), 0);
	check_reference_value(shared.client[B], REFERENCE_23, 23);
	close_shared(&shared);
}

/* The first one's connect is cancelled: the other one makes the link. */
static void first_cancelled(void)
{
	struct ble_op *op = NULL;
	struct shared shared;

	open_shared(&shared, &(struct fixture_peer){ .n = 0 });
	CHECK_INT(ble_client_connect(shared.client[A], NULL, seen_done, &shared.seen[A], &op), 0);
	CHECK_INT(ble_client_connect(shared.client[B], NULL, seen_done, &shared.seen[B], NULL), 0);
	ble_op_cancel(op);
	CHECK(fixture_wait(&shared.fixture, &shared.seen[B].done, 1, 20000));
	CHECK_INT(shared.seen[B].error, 0);
	CHECK_INT(shared.seen[A].done, 0);
	check_reference_value(shared.client[B], REFERENCE_23, 23);
	CHECK_INT(ble_client_connect_sync(shared.client[A], NULL), 0);
	check_reference_value(shared.client[A], REFERENCE_23, 23);
	close_shared(&shared);
}

/* Calls of one that leaves end; those of the other one go on. */
static void calls_of_one(void)
{
	struct shared shared;
	struct seen *seen = shared.seen;

	open_shared(&shared, &(struct fixture_peer){ .n = 0 });
	connect_at_once(&shared);
	seen[A].done = seen[B].done = 0;
	for (int i = 0; i < 6; i++)
		CHECK_INT(ble_client_read(shared.client[i % 2], REFERENCE_512, seen_value,
					  &seen[i % 2], NULL), 0);
	ble_client_disconnect(shared.client[A]);
	CHECK_INT(seen[A].done, 0);
	CHECK(fixture_wait(&shared.fixture, &seen[A].disconnected, 1, 5000));
	CHECK_INT(seen[A].done, 3);
	CHECK_INT(seen[A].error, -ENOTCONN);
	CHECK(fixture_wait(&shared.fixture, &seen[B].done, 3, 30000));
	CHECK_INT(seen[B].error, 0);
	CHECK_INT(seen[B].len, 512);
	CHECK_INT(seen[B].disconnected, 0);
	close_shared(&shared);
}

/* The peer hangs up: both are told. */
static void hangs_up(void)
{
	const struct fixture_peer peer = {
		.faults = { .disconnect_after_requests = 40, .reason = 0x13 },
	};
	struct shared shared;
	struct seen *seen = shared.seen;

	open_shared(&shared, &peer);
	for (int i = 0; i < CLIENTS; i++)
		CHECK_INT(ble_client_connect_sync(shared.client[i], NULL), 0);
	for (int i = 0; i < 100; i++)
		CHECK_INT(ble_client_read(shared.client[i % 2], REFERENCE_23, seen_value,
					  &seen[i % 2], NULL), 0);
	CHECK(fixture_wait(&shared.fixture, &seen[A].disconnected, 1, 30000));
	CHECK(fixture_wait(&shared.fixture, &seen[B].disconnected, 1, 30000));
	CHECK_INT(seen[A].done, 50);
	CHECK_INT(seen[B].done, 50);
	CHECK_INT(seen[A].error, -ENOTCONN);
	CHECK_INT(seen[B].error, -ENOTCONN);
	CHECK_INT(seen[A].reason, seen[B].reason);
	CHECK(!seen[A].asked && !seen[B].asked);
	close_shared(&shared);
}

const struct conformance_case conformance_shared[] = {
	CASE("two clients of one peer", one_link),
	CASE("two clients, the first cancelled", first_cancelled),
	CASE("two clients, calls of one", calls_of_one),
	CASE("two clients, the peer hangs up", hangs_up),
	{ 0 }
};
