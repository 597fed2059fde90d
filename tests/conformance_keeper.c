/* SPDX-License-Identifier: MIT */
/* Keepers over every backend: a peer that is lost, one that is absent, a reset. */
#include <errno.h>

#include "tests/conformance.h"

struct kept {
	struct ble_client *client;
	struct ble_keeper *keeper;
	struct ble_subscription *subscription;
	struct seen seen; /* its values */
	unsigned int ups, downs;
	struct ble_keeper_event down; /* the first since the last up */
};

static void on_changed(void *user, const struct ble_keeper_event *event)
{
	struct kept *kept = user;

	if (event->state == BLE_KEEPER_DOWN && kept->downs++ == 0)
		kept->down = *event;
	if (event->state != BLE_KEEPER_UP)
		return;
	kept->ups++;
	kept->downs = 0;
	if (!kept->subscription)
		CHECK_INT(ble_client_subscribe(kept->client, REFERENCE_NOTIFY, BLE_SUBSCRIBE_AUTO,
					       seen_notified, &kept->seen, NULL, NULL,
					       &kept->subscription, NULL), 0);
}

static void keep(struct fixture *fixture, struct kept *kept, const struct ble_address *address)
{
	const struct ble_keeper_params params = { .from_ms = 100, .to_ms = 400 };

	REQUIRE(ble_client_new(fixture->adapter, address, &kept->client) == 0);
	REQUIRE(ble_keeper_new(kept->client, &params, on_changed, kept, &kept->keeper) == 0);
}

static void end(struct kept *kept)
{
	ble_subscription_free(kept->subscription, NULL, NULL, NULL);
	ble_keeper_free(kept->keeper);
	ble_client_unref(kept->client);
}

/* It is up for the count-th time, and values come. */
static void check_up(struct fixture *fixture, struct kept *kept, unsigned int count)
{
	REQUIRE(fixture_wait(fixture, &kept->ups, count, 30000));
	kept->seen = (struct seen){ 0 };
	CHECK(fixture_wait(fixture, &kept->seen.values, 3, 5000));
	CHECK(!kept->seen.gap);
}

/* Beside one that is absent. */
static void disconnected(void)
{
	struct ble_address nobody = { { 9, 9, 9, 9, 9, 0xc9 }, BLE_ADDRESS_RANDOM };
	struct kept kept = { 0 }, absent = { 0 };
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	keep(&fixture, &absent, &nobody);
	keep(&fixture, &kept, &fixture.addresses[0]);
	for (unsigned int i = 1; i <= 3; i++) {
		check_up(&fixture, &kept, i);
		ble_client_disconnect(kept.client);
		CHECK(fixture_wait(&fixture, &kept.downs, 1, 5000));
		CHECK_INT(kept.down.error, -ENOTCONN);
		CHECK(kept.down.asked);
	}
	check_up(&fixture, &kept, 4);
	CHECK_INT(absent.ups, 0);
	end(&absent);
	end(&kept);
	fixture_close(&fixture);
}

/* The peer hangs up in each discovery. */
static void hangs_up(void)
{
	const struct fixture_peer peer = {
		.faults = { .disconnect_after_requests = 4, .reason = 0x13 },
	};
	struct kept kept = { 0 };
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, &peer, 1) == 0);
	keep(&fixture, &kept, &fixture.addresses[0]);
	for (unsigned int i = 1; i <= 3; i++) {
		CHECK(fixture_wait(&fixture, &kept.downs, i, 30000));
		CHECK_INT(kept.down.error, -ENOTCONN);
	}
	CHECK_INT(kept.ups, 0);
	end(&kept);
	fixture_close(&fixture);
}

static void reset(void)
{
	struct kept kept = { 0 };
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	keep(&fixture, &kept, &fixture.addresses[0]);
	for (unsigned int i = 1; i <= 2; i++) {
		check_up(&fixture, &kept, i);
		CHECK_INT(ble_adapter_reset(fixture.adapter, NULL, NULL), 0);
		CHECK(fixture_wait(&fixture, &kept.downs, 1, 10000));
		CHECK(!kept.down.asked);
	}
	check_up(&fixture, &kept, 3);
	end(&kept);
	fixture_close(&fixture);
}

const struct conformance_case conformance_keeper[] = {
	CASE("keeper: disconnected", disconnected),
	CASE("keeper: the peer hangs up", hangs_up),
	CASE("keeper: reset", reset, .not_socket = "a socket pair has no radio",
	     .not_dongle = "coming back wants a loop of its own"),
	{ 0 }
};
