/* SPDX-License-Identifier: MIT */
/* Clients join a link that is up, wait for one that comes up, and make it themselves when
 * that does not happen. */
#include "tests/shared.h"

#include <errno.h>
#include <string.h>

#include "tests/failmalloc.h"

/* One exchange of the MTU for each link. */
static unsigned int links_made(enum shared_peer peer)
{
	return got(peer, ATT_MTU_REQ, 0);
}

static void while_up(void)
{
	struct user a = { 0 }, b = { 0 }, c = { 0 };
	struct ble_address octets;

	REQUIRE(shared_open() == 0);
	octets = air.peer[STEADY]->address;
	octets.type = BLE_ADDRESS_UNKNOWN;
	REQUIRE(user_new(&a, STEADY) == 0 && user_new(&b, STEADY) == 0);
	REQUIRE(ble_client_new(air.adapter, &octets, &c.client) == 0);
	CHECK_INT(user_connect(&a, 0), 0);
	CHECK_INT(user_connected(&a), 0);
	CHECK_INT(ble_client_discover_sync(a.client), 0);
	CHECK_INT(user_connect(&b, 0), 0);
	CHECK_INT(user_connect(&b, 0), -EALREADY);
	CHECK(!ble_client_connected(b.client));
	CHECK_INT(user_connect(&c, 0), 0); /* by its octets */
	ble_loop_dispatch(air.loop, 0);
	CHECK_INT(b.connected, 1);
	CHECK_INT(c.connected, 1);
	CHECK_INT(b.error + c.error, 0);
	CHECK(ble_client_connected(b.client));
	CHECK_INT(user_connect(&b, 0), -EISCONN);
	CHECK_INT(ble_client_address(c.client)->type, BLE_ADDRESS_RANDOM);
	CHECK_INT(ble_client_mtu(b.client), ble_client_mtu(a.client));
	CHECK_INT(ble_client_requests(b.client), ble_client_requests(a.client));
	CHECK_INT(links_made(STEADY), 1);
	/* The tree is there. */
	CHECK(ble_services_characteristic(ble_client_services(b.client), REFERENCE_NOTIFY));
	CHECK_INT(ble_client_read_sync(c.client, REFERENCE_23, NULL, 0, NULL), 0);
	user_end(&a);
	CHECK_INT(ble_client_read_sync(b.client, REFERENCE_23, NULL, 0, NULL), 0);
	user_end(&b);
	CHECK_INT(ble_client_read_sync(c.client, REFERENCE_23, NULL, 0, NULL), 0);
	CHECK_INT(links_made(STEADY), 1);
	user_end(&c);
	shared_close();
}

/* Another adapter's link is another one. */
static void of_another_peer(void)
{
	struct user a = { 0 }, b = { 0 };

	REQUIRE(shared_open() == 0);
	REQUIRE(user_new(&a, STEADY) == 0 && user_new(&b, CHANGING) == 0);
	CHECK_INT(user_connect(&a, 0), 0);
	CHECK_INT(user_connect(&b, 0), 0);
	CHECK_INT(user_connected(&a), 0);
	CHECK_INT(user_connected(&b), 0);
	CHECK_INT(links_made(STEADY), 1);
	CHECK_INT(links_made(CHANGING), 1);
	ble_client_disconnect(a.client);
	CHECK_INT(ble_client_read_sync(b.client, REFERENCE_VALUE, NULL, 0, NULL), 0);
	user_end(&a);
	user_end(&b);
	shared_close();
}

/* -- The first one's end ----------------------------------------------------------------- */

static void let_it(struct user *first)
{
	(void)first;
}

static void cancel(struct user *first)
{
	ble_op_cancel(first->op);
	first->op = NULL;
}

static void disconnect(struct user *first)
{
	ble_client_disconnect(first->client);
}

static void time_out(struct user *first)
{
	ble_op_set_timeout(first->op, 0);
}

static const struct end {
	const char *name;
	void (*end)(struct user *first);
	unsigned int calls;
	int error;
} ends[] = {
	{ "nothing", let_it, 1, 0 },
	{ "cancel", cancel, 0, 0 },
	{ "free", user_end, 0, 0 },
	{ "disconnect", disconnect, 1, -ENOTCONN },
	{ "time limit", time_out, 1, -ETIMEDOUT },
};

/* At each step of the first one's connect. False: it had been connected. */
static bool end_at(const struct end *end, unsigned int step)
{
	struct user a = { 0 }, b = { 0 }, c = { 0 };
	bool under_way;

	REQUIRE(shared_open() == 0);
	REQUIRE(user_new(&a, STEADY) == 0 && user_new(&b, STEADY) == 0 &&
		user_new(&c, STEADY) == 0);
	CHECK_INT(user_connect(&a, BLE_FOREVER), 0);
	CHECK_INT(user_connect(&b, 0), 0);
	CHECK_INT(user_connect(&c, 5000), 0);
	dispatch(step);
	under_way = !a.connected;
	if (under_way) {
		end->end(&a);
		CHECK_INT(user_connected(&b), 0);
		CHECK_INT(user_connected(&c), 0);
		CHECK_INT(a.connected, end->calls);
		/* Its link may be due in the same dispatch as its time limit. */
		CHECK(a.error == end->error || (end->end == time_out && !a.error));
		/* At most the one that was ended in the exchange of the MTU, and theirs. */
		CHECK(links_made(STEADY) <= 2);
	}
	CHECK(b.client->connection == c.client->connection);
	CHECK_INT(ble_client_read_sync(c.client, REFERENCE_23, NULL, 0, NULL), 0);
	user_end(&a);
	user_end(&b);
	user_end(&c);
	shared_close();
	return under_way;
}

static void first_ends(void)
{
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		unsigned int step = 0;

		do
			harness_about("%s at step %u", ends[i].name, step);
		while (end_at(&ends[i], step++));
		CHECK(step > 2);
	}
	harness_about(NULL);
}

/* The same for those that wait, with the peer absent: the first one goes on. */
static void waiting_ends(void)
{
	struct user a = { 0 }, b[5] = { 0 };

	for (size_t i = 1; i < sizeof(ends) / sizeof(*ends); i++) {
		harness_about("%s", ends[i].name);
		a = b[0] = b[1] = (struct user){ 0 };
		REQUIRE(shared_open() == 0);
		air.peer[STEADY]->advertising.connectable = false;
		REQUIRE(user_new(&a, STEADY) == 0 && user_new(&b[0], STEADY) == 0 &&
			user_new(&b[1], STEADY) == 0);
		CHECK_INT(user_connect(&a, BLE_FOREVER), 0);
		CHECK_INT(user_connect(&b[0], BLE_FOREVER), 0);
		CHECK_INT(user_connect(&b[1], 700), 0);
		run_ms(500);
		ends[i].end(&b[0]);
		run_ms(100);
		CHECK_INT(b[0].connected, ends[i].calls);
		CHECK_INT(b[0].error, ends[i].error);
		CHECK_INT(b[1].connected, 0);
		run_ms(100);
		CHECK_INT(b[1].connected, 1); /* its own limit */
		CHECK_INT(b[1].error, -ETIMEDOUT);
		CHECK_INT(a.connected, 0);
		user_end(&a);
		user_end(&b[0]);
		user_end(&b[1]);
		shared_close();
	}
	harness_about(NULL);
}

/* The first one's limit is shorter than those of the others: each has its own. */
static void limits(void)
{
	static const int limit_ms[] = { 300, 900, 600, BLE_FOREVER };
	struct user users[4] = { 0 };

	REQUIRE(shared_open() == 0);
	air.peer[STEADY]->advertising.connectable = false;
	for (size_t i = 0; i < 4; i++) {
		REQUIRE(user_new(&users[i], STEADY) == 0);
		CHECK_INT(user_connect(&users[i], limit_ms[i]), 0);
	}
	for (int t = 50; t < 1000; t += 100) {
		run_ms(t == 50 ? 50 : 100);
		for (size_t i = 0; i < 4; i++)
			CHECK_INT(users[i].connected, limit_ms[i] > 0 && t > limit_ms[i]);
	}
	air.peer[STEADY]->advertising.connectable = true;
	/* The simulator looks again at the next connect. */
	CHECK_INT(user_connect(&users[0], 1000), 0);
	cancel(&users[0]);
	ble_client_disconnect(air.absent[0].client);
	for (size_t i = 0; i < 3; i++)
		CHECK_INT(users[i].error, -ETIMEDOUT);
	CHECK_INT(users[3].connected, 0);
	cancel(&users[3]);
	CHECK_INT(user_connect(&users[3], 1000), 0);
	CHECK_INT(user_connected(&users[3]), 0);
	for (size_t i = 0; i < 4; i++)
		user_end(&users[i]);
	shared_close();
}

/* The type is found by a scan, which the first one makes. */
static void type_unknown(void)
{
	struct ble_address octets;
	struct user a = { 0 }, b = { 0 };

	for (unsigned int step = 0; step < 20; step++) {
		a = b = (struct user){ 0 };
		harness_about("step %u", step);
		REQUIRE(shared_open() == 0);
		octets = air.peer[STEADY]->address;
		octets.type = BLE_ADDRESS_UNKNOWN;
		REQUIRE(ble_client_new(air.adapter, &octets, &a.client) == 0);
		REQUIRE(ble_client_new(air.adapter, &octets, &b.client) == 0);
		CHECK_INT(user_connect(&a, 0), 0);
		CHECK_INT(user_connect(&b, 0), 0);
		dispatch(step);
		if (!a.connected)
			user_end(&a);
		CHECK_INT(user_connected(&b), 0);
		CHECK_INT(ble_client_address(b.client)->type, BLE_ADDRESS_RANDOM);
		user_end(&a);
		user_end(&b);
		shared_close();
	}
	harness_about(NULL);
}

static void peer_gets_public(struct user *user, const char *what)
{
	(void)what;
	air.peer[STEADY]->address.type = BLE_ADDRESS_PUBLIC;
	ble_client_disconnect(user->client);
}

/* A client that was told the other type than the peer has waits for the attempt that finds
 * the type, and makes its own when that is connected. */
static void of_another_type(void)
{
	struct user a = { 0 }, b = { 0 };
	struct ble_address octets;

	REQUIRE(shared_open() == 0);
	octets = air.peer[STEADY]->address;
	octets.type = BLE_ADDRESS_UNKNOWN;
	REQUIRE(ble_client_new(air.adapter, &octets, &a.client) == 0);
	octets.type = BLE_ADDRESS_PUBLIC;
	REQUIRE(ble_client_new(air.adapter, &octets, &b.client) == 0);
	a.then = peer_gets_public;
	CHECK_INT(user_connect(&a, 0), 0);
	CHECK_INT(user_connect(&b, 0), 0);
	CHECK_INT(user_connected(&a), 0);
	CHECK_INT(ble_client_address(a.client)->type, BLE_ADDRESS_RANDOM);
	CHECK_INT(user_connected(&b), 0);
	CHECK_INT(ble_client_address(b.client)->type, BLE_ADDRESS_PUBLIC);
	user_end(&a);
	user_end(&b);
	shared_close();
}

/* -- The link ends before the join is done ------------------------------------------------- */

static void first_leaves_at_once(void)
{
	struct user a = { 0 }, b = { 0 };

	REQUIRE(shared_open() == 0);
	REQUIRE(user_new(&a, STEADY) == 0 && user_new(&b, STEADY) == 0);
	CHECK_INT(user_connect(&a, 0), 0);
	CHECK_INT(user_connected(&a), 0);
	CHECK_INT(user_connect(&b, 0), 0);
	ble_client_disconnect(a.client);
	CHECK_INT(user_connected(&b), 0);
	CHECK_INT(a.lost, 1);
	CHECK_INT(links_made(STEADY), 1); /* b was on it already */
	/* The last one out, in the callback of the first one. */
	CHECK_INT(user_connect(&a, 0), 0);
	user_end(&b);
	CHECK_INT(user_connected(&a), 0);
	CHECK_INT(links_made(STEADY), 1);
	cancel(&b);
	user_end(&a);
	shared_close();
}

static void leave_when_connected(struct user *user, const char *what)
{
	if (!strcmp(what, "connected"))
		ble_client_disconnect(user->client);
}

/* The first one leaves in its callback: those that waited are on the link by then. */
static void first_leaves_in_callback(void)
{
	struct user a = { .then = leave_when_connected }, b = { 0 };

	REQUIRE(shared_open() == 0);
	REQUIRE(user_new(&a, STEADY) == 0 && user_new(&b, STEADY) == 0);
	CHECK_INT(user_connect(&a, 0), 0);
	CHECK_INT(user_connect(&b, 0), 0);
	CHECK_INT(user_connected(&b), 0);
	CHECK_INT(a.connected, 1);
	CHECK(reaches(&a.lost, 1));
	CHECK_INT(links_made(STEADY), 1);
	CHECK_INT(b.lost, 0);
	user_end(&a);
	user_end(&b);
	shared_close();
}

/* Lost between the call and its callback: it is connected by an attempt of its own. */
static void lost_at_once(void)
{
	struct user a = { 0 }, b = { 0 }, c = { 0 };

	REQUIRE(shared_open() == 0);
	REQUIRE(user_new(&a, STEADY) == 0 && user_new(&b, STEADY) == 0 &&
		user_new(&c, STEADY) == 0);
	CHECK_INT(user_connect(&a, 0), 0);
	CHECK_INT(user_connected(&a), 0);
	CHECK_INT(user_connect(&b, 0), 0);
	CHECK_INT(user_connect(&c, 0), 0);
	a.client->att->events->closed(a.client->att->user, -ECONNRESET, 0x08);
	CHECK_INT(a.lost, 1);
	CHECK_INT(a.reason, 0x08);
	CHECK_INT(user_connected(&b), 0);
	CHECK_INT(user_connected(&c), 0);
	CHECK_INT(links_made(STEADY), 2);
	CHECK_INT(b.lost + c.lost, 0);
	CHECK(b.client->connection == c.client->connection);
	user_end(&a);
	user_end(&b);
	user_end(&c);
	shared_close();
}

static void on_reset(void *user, int error)
{
	CHECK_INT(error, 0);
	++*(unsigned int *)user;
}

/* At each step of two connects to one peer: both end, once, and the next ones succeed. */
static void reset(void)
{
	for (unsigned int step = 0; step < 8; step++) {
		struct user a = { 0 }, b = { 0 };
		unsigned int resets = 0;

		harness_about("step %u", step);
		REQUIRE(shared_open() == 0);
		REQUIRE(user_new(&a, STEADY) == 0 && user_new(&b, STEADY) == 0);
		CHECK_INT(user_connect(&a, 0), 0);
		CHECK_INT(user_connect(&b, 0), 0);
		dispatch(step);
		CHECK_INT(ble_adapter_reset(air.adapter, on_reset, &resets), 0);
		CHECK(reaches(&resets, 1));
		dispatch(2);
		CHECK_INT(a.connected, 1);
		CHECK_INT(b.connected, 1);
		CHECK_INT(a.lost, a.error == 0);
		CHECK_INT(b.lost, b.error == 0);
		CHECK(a.error == 0 || a.error == -ENETRESET);
		CHECK(b.error == 0 || b.error == -ENETRESET);
		a.connected = b.connected = 0;
		CHECK_INT(user_connect(&a, 0), 0);
		CHECK_INT(user_connect(&b, 0), 0);
		CHECK_INT(user_connected(&a), 0);
		CHECK_INT(user_connected(&b), 0);
		user_end(&a);
		user_end(&b);
		shared_close();
	}
	harness_about(NULL);
}

/* -- Memory ------------------------------------------------------------------------------- */

static int scenario(void *data)
{
	struct user a = { 0 }, b = { 0 };
	int error = shared_open();

	(void)data;
	if (error)
		return error;
	error = user_new(&a, STEADY);
	if (!error)
		error = user_new(&b, STEADY);
	if (!error)
		error = user_connect(&a, 0);
	if (!error)
		error = user_connect(&b, 0);
	if (!error)
		error = user_connected(&a);
	if (!error)
		error = user_connected(&b);
	if (!error)
		error = ble_client_discover_sync(a.client);
	if (!error)
		error = ble_client_subscribe_sync(a.client, REFERENCE_NOTIFY, BLE_SUBSCRIBE_AUTO,
						  user_notified, &a, &a.subscription);
	if (!error)
		error = ble_client_subscribe_sync(b.client, REFERENCE_NOTIFY, BLE_SUBSCRIBE_AUTO,
						  user_notified, &b, &b.subscription);
	if (!error)
		error = ble_client_disconnect_sync(a.client);
	if (!error) {
		/* b has not left: a connects to the same link, then to one of its own. */
		error = user_connect(&a, 0);
		if (!error)
			error = user_connected(&a);
		ble_client_disconnect(b.client);
		if (!error)
			error = ble_client_disconnect_sync(a.client);
	}
	if (!error)
		error = user_connect(&a, 0);
	if (!error)
		error = user_connected(&a);
	user_end(&a);
	user_end(&b);
	shared_close();
	return error;
}

static void without_memory(void)
{
	CHECK(fail_each(scenario, NULL) > 20);
}

const struct test_case shared_joins[] = {
	TEST(while_up), TEST(of_another_peer), TEST(first_ends), TEST(waiting_ends), TEST(limits),
	TEST(type_unknown), TEST(of_another_type),
	TEST(first_leaves_at_once), TEST(first_leaves_in_callback), TEST(lost_at_once), TEST(reset), TEST(without_memory), { 0 },
};
