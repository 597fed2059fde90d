/* SPDX-License-Identifier: MIT */
/* Keepers of one peer, beside each other and beside a client without one. */
#include "tests/shared.h"

#include <errno.h>

struct kept {
	struct user user;
	struct ble_keeper *keeper;
	unsigned int ups, downs;
	struct ble_keeper_event down; /* the latest */
	bool goes; /* it is freed with its client when it is down */
};

static void on_keeper(void *data, const struct ble_keeper_event *event)
{
	struct kept *kept = data;

	if (event->state == BLE_KEEPER_UP) {
		kept->ups++;
		if (!kept->user.subscription)
			CHECK_INT(user_subscribe(&kept->user, REFERENCE_NOTIFY, BLE_SUBSCRIBE_AUTO), 0);
		return;
	}
	kept->downs++;
	kept->down = *event;
	if (!kept->goes)
		return;
	kept->keeper = ble_keeper_free(kept->keeper);
	user_end(&kept->user);
}

static void keep(struct kept *kept, int idle_ms)
{
	const struct ble_keeper_params params = { .idle_ms = idle_ms, .from_ms = 500 };

	REQUIRE(user_new(&kept->user, STEADY) == 0);
	REQUIRE(ble_keeper_new(kept->user.client, &params, on_keeper, kept, &kept->keeper) == 0);
}

static void end(struct kept *kept)
{
	kept->keeper = ble_keeper_free(kept->keeper);
	user_end(&kept->user);
}

static void lose(const struct kept *kept)
{
	struct att *att = kept->user.client->att;

	REQUIRE(att != NULL);
	att->events->closed(att->user, -ECONNRESET, 0x08);
}

static void check_values(struct kept *kept)
{
	kept->user.values = 0;
	CHECK(reaches(&kept->user.values, 3));
	CHECK(!kept->user.gap);
}

/* Both are up again after each loss, on one link. */
static void two(void)
{
	struct kept a = { 0 }, b = { 0 };

	REQUIRE(shared_open() == 0);
	keep(&a, 0);
	keep(&b, 0);
	for (unsigned int i = 1; i <= 4; i++) {
		CHECK(reaches(&a.ups, i) && reaches(&b.ups, i));
		check_values(&a);
		check_values(&b);
		CHECK(a.user.client->connection == b.user.client->connection);
		CHECK_INT(a.downs, i - 1);
		CHECK_INT(b.downs, i - 1);
		if (i < 4)
			lose(i & 1 ? &a : &b);
		CHECK_INT(a.downs + b.downs, i < 4 ? 2 * i : 6);
		if (i < 4)
			CHECK_INT(b.down.reason, 0x08);
	}
	/* A disconnect of one is a loss for that one. */
	ble_client_disconnect(a.user.client);
	CHECK(reaches(&a.ups, 5));
	CHECK_INT(b.downs, 3);
	CHECK_INT(got(STEADY, ATT_MTU_REQ, 0), 4);
	end(&a);
	check_values(&b);
	end(&b);
	shared_close();
}

/* One is freed by its keeper's callback, in the loss of the link. */
static void one_goes(void)
{
	struct kept a = { .goes = true }, b = { 0 };

	REQUIRE(shared_open() == 0);
	keep(&a, 0);
	keep(&b, 0);
	CHECK(reaches(&a.ups, 1) && reaches(&b.ups, 1));
	CHECK(reaches(&b.user.done, 1));
	lose(&b);
	CHECK_INT(a.downs, 1);
	CHECK(!a.user.client);
	CHECK(reaches(&b.ups, 2));
	check_values(&b);
	end(&b);
	shared_close();
}

/* A client without a keeper joins, and leaves; its end is not the keeper's. */
static void beside_a_client(void)
{
	struct kept a = { 0 };
	struct user b = { 0 };

	REQUIRE(shared_open() == 0);
	keep(&a, 0);
	CHECK(reaches(&a.ups, 1));
	REQUIRE(user_new(&b, STEADY) == 0);
	CHECK_INT(user_connect(&b, 0), 0);
	CHECK_INT(user_connected(&b), 0);
	check_values(&a);
	CHECK_INT(ble_client_disconnect_sync(b.client), 0);
	check_values(&a);
	CHECK_INT(a.downs, 0);
	CHECK_INT(user_connect(&b, 0), 0);
	CHECK_INT(user_connected(&b), 0);
	end(&a);
	CHECK_INT(ble_client_read_sync(b.client, REFERENCE_23, NULL, 0, NULL), 0);
	CHECK_INT(b.lost, 1); /* its own */
	user_end(&b);
	shared_close();
}

/* The other one's values and answers keep the link from being idle. */
static void not_idle(void)
{
	struct kept a = { 0 };
	struct user b = { 0 };
	unsigned int reads;

	REQUIRE(shared_open() == 0);
	REQUIRE(user_new(&b, STEADY) == 0);
	CHECK_INT(user_connect(&b, 0), 0);
	CHECK_INT(user_connected(&b), 0);
	CHECK_INT(ble_client_discover_sync(b.client), 0);
	keep(&a, 300);
	CHECK(reaches(&a.ups, 1));
	CHECK(reaches(&a.user.done, 1)); /* its subscribe */
	CHECK_INT(ble_subscription_free_sync(a.user.subscription), 0);
	a.user.subscription = NULL;
	CHECK_INT(user_subscribe(&b, REFERENCE_NOTIFY, BLE_SUBSCRIBE_AUTO), 0);
	CHECK(reaches(&b.done, 1));
	run_ms(1000);
	reads = got(STEADY, ATT_READ_REQ, 1);
	run_ms(5000);
	CHECK_INT(got(STEADY, ATT_READ_REQ, 1), reads); /* a does not need to ask */
	CHECK_INT(a.downs, 0);
	CHECK(!b.gap);
	user_end(&b);
	run_ms(5000);
	CHECK(got(STEADY, ATT_READ_REQ, 1) > reads);
	CHECK_INT(a.downs, 0);
	end(&a);
	shared_close();
}

/* A silent peer: the keeper leaves the link. The other client is on it until the request
 * has had its 30 s; then both are told, and the keeper connects again. */
static void idle(void)
{
	struct kept a = { 0 };
	struct user b = { 0 };

	REQUIRE(shared_open() == 0);
	REQUIRE(user_new(&b, STEADY) == 0);
	CHECK_INT(user_connect(&b, 0), 0);
	CHECK_INT(user_connected(&b), 0);
	keep(&a, 1000);
	CHECK(reaches(&a.ups, 1));
	CHECK(reaches(&a.user.done, 1));
	CHECK_INT(ble_subscription_free_sync(a.user.subscription), 0);
	air.peer[STEADY]->faults.silent_after_requests = 1;
	CHECK(reaches(&a.downs, 1));
	CHECK_INT(a.down.error, -ETIMEDOUT);
	CHECK(reaches(&a.user.lost, 1));
	CHECK_INT(b.lost, 0);
	CHECK(ble_client_connected(b.client));
	a.user.subscription = NULL;
	run_ms(20000);
	CHECK_INT(b.lost, 0);
	CHECK_INT(a.ups, 1); /* nothing is up that does not answer */
	air.peer[STEADY]->faults.silent_after_requests = 0;
	run_ms(12000);
	CHECK_INT(b.lost, 1);
	CHECK(reaches(&a.ups, 2));
	user_end(&b);
	end(&a);
	shared_close();
}

const struct test_case shared_keepers[] = {
	TEST(two), TEST(one_goes), TEST(beside_a_client), TEST(not_idle), TEST(idle), { 0 },
};
