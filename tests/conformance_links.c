/* SPDX-License-Identifier: MIT */
/* Connecting, disconnecting, and what ends with a link. */
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "tests/conformance.h"
#include "tests/failmalloc.h"
#include "tests/failsend.h"

static void states(void)
{
	struct seen seen = { 0 }, end = { 0 };
	struct ble_client *client;
	struct fixture fixture;
	uint8_t octet = 0;
	size_t len;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	REQUIRE(ble_client_new(fixture.adapter, &fixture.addresses[0], &client) == 0);
	ble_client_on_disconnected(client, seen_disconnected, &end);
	CHECK(!ble_client_connected(client));
	CHECK_INT(ble_client_mtu(client), 0);
	CHECK_INT(ble_client_read_sync(client, 3, &octet, 1, &len), -ENOTCONN);
	CHECK_INT(ble_client_write_sync(client, 3, bytes(&octet, 1)), -ENOTCONN);
	CHECK_INT(ble_client_write_command_sync(client, 3, bytes(&octet, 1)), -ENOTCONN);
	CHECK_INT(ble_client_discover_sync(client), -ENOTCONN);
	CHECK_INT(ble_services_count(ble_client_services(client)), 0);
	ble_client_disconnect(client); /* nothing to do */
	CHECK_INT(ble_client_connect(client, NULL, seen_done, &seen, NULL), 0);
	CHECK_INT(ble_client_connect(client, NULL, seen_done, &seen, NULL), -EALREADY);
	CHECK(fixture_wait(&fixture, &seen.done, 1, 10000));
	CHECK_INT(seen.error, 0);
	CHECK(ble_client_connected(client));
	CHECK_INT(ble_client_connect_sync(client, NULL), -EISCONN);
	CHECK_INT(ble_client_disconnect_sync(client), 0);
	CHECK(!ble_client_connected(client));
	CHECK_INT(end.disconnected, 1);
	CHECK(end.asked);
	CHECK_INT(end.reason, 0x16);
	CHECK_INT(ble_client_disconnect_sync(client), 0);
	CHECK_INT(end.disconnected, 1);
	CHECK_INT(seen.done, 1);
	ble_client_unref(client);
	fixture_close(&fixture);
}

static void reconnect(void)
{
	struct seen end = { 0 };
	struct ble_client *client;
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	client = fixture_connect(&fixture, 0, true);
	ble_client_on_disconnected(client, seen_disconnected, &end);
	for (unsigned int i = 1; i <= 5; i++) {
		size_t n = ble_services_count(ble_client_services(client));

		CHECK(n > 0);
		CHECK_INT(ble_client_disconnect_sync(client), 0);
		/* The tree is valid until the next connect. */
		CHECK_INT(ble_services_count(ble_client_services(client)), n);
		CHECK_INT(end.disconnected, i);
		CHECK_INT(ble_client_connect_sync(client, NULL), 0);
		CHECK_INT(ble_services_count(ble_client_services(client)), 0);
		CHECK_INT(ble_client_discover_sync(client), 0);
		check_reference_value(client, REFERENCE_23, 23);
	}
	ble_client_unref(client);
	fixture_close(&fixture);
}

static void mtu(void)
{
	static const uint16_t asked[] = { 23, 24, 100, 517, 0 };
	static const uint16_t got[] = { 23, 24, 100, 247, 247 };

	for (size_t i = 0; i < 5; i++) {
		const struct ble_connect_params params = { .mtu = asked[i] };
		struct ble_client *client;
		struct fixture fixture;

		REQUIRE(fixture_open(&fixture, &(struct fixture_peer){ .mtu = 247 }, 1) == 0);
		REQUIRE(ble_client_new(fixture.adapter, &fixture.addresses[0], &client) == 0);
		CHECK_INT(ble_client_connect_sync(client, &params), 0);
		CHECK_INT(ble_client_mtu(client), fixture_mtu(&fixture, got[i]));
		CHECK_INT(ble_client_requests(client), asked[i] == 23 ? 0 : 1);
		check_reference_value(client, REFERENCE_512, 512);
		ble_client_unref(client);
		fixture_close(&fixture);
	}
}

static void bad_parameters(void)
{
	static const struct ble_connect_params bad[] = {
		{ .mtu = 22 }, { .mtu = 518 }, { .timeout_ms = -2 },
		{ .timeout_ms = -20000 },
	};
	struct ble_client *client;
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	REQUIRE(ble_client_new(fixture.adapter, &fixture.addresses[0], &client) == 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK_INT(ble_client_connect_sync(client, &bad[i]), -EINVAL);
		check_error_names(&fixture, -EINVAL, "BLE_FOREVER, its MTU 23 to 517");
	}
	ble_client_unref(client);
	fixture_close(&fixture);
}

/* The deadline is kept, the attempt is gone, and who is there is reached. */
static void absent_peer(void)
{
	const struct ble_connect_params params = { .timeout_ms = 3000 };
	const struct ble_connect_params forever = { .timeout_ms = BLE_FOREVER };
	struct ble_address nobody = { { 9, 9, 9, 9, 9, 0xc9 }, BLE_ADDRESS_RANDOM };
	struct ble_client *absent, *present;
	struct seen seen = { 0 };
	struct fixture fixture;
	struct ble_op *op;
	uint64_t start;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	REQUIRE(ble_client_new(fixture.adapter, &nobody, &absent) == 0);
	start = loop_now(fixture.loop);
	CHECK_INT(ble_client_connect_sync(absent, &params), -ETIMEDOUT);
	start = loop_now(fixture.loop) - start;
	CHECK(start >= 3000 * UINT64_C(1000000) && start < 3200 * UINT64_C(1000000));
	start = loop_now(fixture.loop);
	present = fixture_connect(&fixture, 0, false);
	CHECK(loop_now(fixture.loop) - start < 2000 * UINT64_C(1000000));
	ble_client_unref(present);
	/* Without a limit it goes on until it is cancelled, which is silent. */
	CHECK_INT(ble_client_connect(absent, &forever, seen_done, &seen, &op), 0);
	fixture_run(&fixture, fixture.class->virtual_time ? 120000 : 100);
	CHECK_INT(seen.done, 0);
	ble_op_cancel(op);
	fixture_run(&fixture, 2000);
	CHECK_INT(seen.done, 0);
	/* Called off by a disconnect, it says so. */
	CHECK_INT(ble_client_connect(absent, &params, seen_done, &seen, NULL), 0);
	fixture_run(&fixture, 100);
	ble_client_disconnect(absent);
	CHECK_INT(seen.done, 0);
	ble_loop_dispatch(fixture.loop, 100);
	CHECK_INT(seen.done, 1);
	CHECK_INT(seen.error, -ENOTCONN);
	ble_client_unref(absent);
	fixture_close(&fixture);
}

static void unknown_type(void)
{
	struct ble_address address;
	struct ble_client *client;
	struct fixture fixture;
	struct seen seen = { 0 };

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	address = fixture.addresses[0];
	address.type = BLE_ADDRESS_UNKNOWN;
	REQUIRE(ble_client_new(fixture.adapter, &address, &client) == 0);
	CHECK_INT(ble_client_connect_sync(client, NULL), 0);
	CHECK(ble_address_equal(ble_client_address(client), &fixture.addresses[0]));
	ble_client_unref(client);
	/* The adapter remembers the type: no scan is needed again. */
	REQUIRE(ble_client_new(fixture.adapter, &address, &client) == 0);
	CHECK_INT(ble_client_connect(client, NULL, seen_done, &seen, NULL), 0);
	CHECK(list_empty(&fixture.adapter->scanners));
	CHECK(fixture_wait(&fixture, &seen.done, 1, 10000));
	CHECK_INT(seen.error, 0);
	CHECK(ble_address_equal(ble_client_address(client), &fixture.addresses[0]));
	ble_client_unref(client);
	fixture_close(&fixture);
}

/* A scan has heard the type already: it runs still, is stopped, or is gone. */
static void type_heard(void)
{
	enum { RUNS, STOPPED, GONE, WAYS };

	for (int way = RUNS; way < WAYS; way++) {
		struct ble_address address;
		struct ble_scanner *scanner;
		struct ble_client *client;
		struct fixture fixture;
		struct seen seen = { 0 };

		REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
		address = fixture.addresses[0];
		REQUIRE(ble_scanner_new(fixture.adapter, NULL, NULL, NULL, &scanner) == 0);
		CHECK_INT(ble_scanner_start(scanner, NULL), 0);
		for (int i = 0; i < 1000 && !device_heard(scanner, &address); i++)
			ble_loop_dispatch(fixture.loop, 1000);
		CHECK(device_heard(scanner, &address));
		if (way != RUNS)
			ble_scanner_stop(scanner);
		if (way == GONE)
			scanner = ble_scanner_unref(scanner);
		address.type = BLE_ADDRESS_UNKNOWN;
		REQUIRE(ble_client_new(fixture.adapter, &address, &client) == 0);
		CHECK_INT(ble_client_connect(client, NULL, seen_done, &seen, NULL), 0);
		if (way == RUNS) /* the one */
			CHECK(fixture.adapter->scanners.next == fixture.adapter->scanners.prev);
		else
			CHECK(list_empty(&fixture.adapter->scanners));
		CHECK(fixture_wait(&fixture, &seen.done, 1, 10000));
		CHECK_INT(seen.error, 0);
		CHECK(ble_address_equal(ble_client_address(client), &fixture.addresses[0]));
		ble_client_unref(client);
		ble_scanner_unref(scanner);
		fixture_close(&fixture);
	}
}

/* A search for the type goes on after a reset of the adapter, and still ends in time. */
static void reset_while_searching(void)
{
	const struct ble_address nobody = { { 9, 9, 9, 9, 9, 0xc9 }, BLE_ADDRESS_UNKNOWN };
	const struct ble_connect_params params = { .timeout_ms = 5000 };
	struct ble_client *client;
	struct fixture fixture;
	struct seen seen = { 0 };

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	REQUIRE(ble_client_new(fixture.adapter, &nobody, &client) == 0);
	CHECK_INT(ble_client_connect(client, &params, seen_done, &seen, NULL), 0);
	for (int i = 0; i < 2; i++) {
		CHECK(!list_empty(&fixture.adapter->scanners));
		CHECK_INT(ble_adapter_reset_sync(fixture.adapter), 0);
	}
	CHECK(!list_empty(&fixture.adapter->scanners));
	CHECK_INT(seen.done, 0);
	CHECK(fixture_wait(&fixture, &seen.done, 1, 20000));
	CHECK_INT(seen.error, -ETIMEDOUT);
	CHECK(list_empty(&fixture.adapter->scanners));
	ble_client_unref(client);
	fixture_close(&fixture);
}

/* -- Ends ------------------------------------------------------------------------- */

struct under_way {
	struct seen read, write, command, discover, subscribe, end;
};

static void start_all(struct ble_client *client, struct under_way *way)
{
	static const uint8_t value[100];

	memset(way, 0, sizeof(*way));
	ble_client_on_disconnected(client, seen_disconnected, &way->end);
	CHECK_INT(ble_client_discover(client, seen_done, &way->discover, NULL), 0);
	CHECK_INT(ble_client_subscribe(client, REFERENCE_NOTIFY, BLE_SUBSCRIBE_AUTO,
				       seen_notified, &way->subscribe, seen_done, &way->subscribe,
				       NULL, NULL), 0);
	CHECK_INT(ble_client_read(client, REFERENCE_512, seen_value, &way->read, NULL), 0);
	CHECK_INT(ble_client_write(client, REFERENCE_EMPTY, bytes(value, 100),
				   seen_done, &way->write, NULL), 0);
	CHECK_INT(ble_client_write_command(client, REFERENCE_COMMAND, bytes(value, 10),
					   seen_done, &way->command, NULL), 0);
}

static void check_all_lost(const struct under_way *way)
{
	CHECK_INT(way->read.done, 1);
	CHECK_INT(way->read.error, -ENOTCONN);
	CHECK_INT(way->write.done, 1);
	CHECK_INT(way->write.error, -ENOTCONN);
	CHECK_INT(way->discover.done, 1);
	CHECK_INT(way->discover.error, -ENOTCONN);
	CHECK_INT(way->subscribe.done, 1);
	CHECK_INT(way->subscribe.error, -ENOTCONN);
	CHECK_INT(way->command.done, 1); /* it may have left before */
	CHECK_INT(way->end.disconnected, 1);
}

static void disconnect_under_way(void)
{
	struct under_way way;
	struct ble_client *client;
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	client = fixture_connect(&fixture, 0, true);
	start_all(client, &way);
	ble_client_disconnect(client);
	CHECK_INT(way.read.done + way.write.done + way.discover.done +
		  way.end.disconnected, 0);
	fixture_run(&fixture, 300);
	check_all_lost(&way);
	CHECK(way.end.asked);
	ble_client_unref(client);
	fixture_close(&fixture);
}

static void unref_under_way(void)
{
	for (unsigned int turns = 0; turns < 8; turns++) {
		struct under_way way;
		struct ble_client *client;
		struct fixture fixture;
		unsigned int before;

		REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
		client = fixture_connect(&fixture, 0, true);
		start_all(client, &way);
		for (unsigned int i = 0; i < turns; i++)
			ble_loop_dispatch(fixture.loop, 0);
		before = way.read.done + way.write.done + way.discover.done;
		ble_client_unref(client);
		fixture_run(&fixture, 300);
		CHECK_INT(way.read.done + way.write.done + way.discover.done, before);
		CHECK_INT(way.end.disconnected, 0);
		fixture_close(&fixture);
	}
}

/* The peer hangs up after so many requests: everywhere in a discovery. */
static void peer_hangs_up(void)
{
	unsigned int step = 1;

	for (unsigned int after = 1; after <= 14; after += step) {
		const struct fixture_peer peer = {
			.mtu = 23,
			.faults = { .disconnect_after_requests = after, .reason = 0x13 },
		};
		struct seen discover = { 0 }, read = { 0 }, end = { 0 };
		struct ble_client *client;
		struct fixture fixture;

		REQUIRE(fixture_open(&fixture, &peer, 1) == 0);
		client = fixture_connect(&fixture, 0, false);
		ble_client_on_disconnected(client, seen_disconnected, &end);
		CHECK_INT(ble_client_discover(client, seen_done, &discover, NULL), 0);
		CHECK_INT(ble_client_read(client, REFERENCE_512, seen_value, &read, NULL), 0);
		CHECK(fixture_wait(&fixture, &end.disconnected, 1, 20000));
		CHECK_INT(discover.done, 1);
		CHECK_INT(discover.error, -ENOTCONN);
		CHECK_INT(read.done, 1);
		CHECK_INT(read.error, -ENOTCONN);
		CHECK(!end.asked);
		CHECK_INT(end.disconnected, 1);
		CHECK(!ble_client_connected(client));
		CHECK_INT(ble_services_count(ble_client_services(client)), 0);
		ble_client_unref(client);
		/* A kernel takes two seconds to let go of the peer's end. */
		step = fixture.class->virtual_time ? 1 : 4;
		fixture_close(&fixture);
	}
}

/* No answer for 30 s ends the bearer (Vol 3, Part F, 3.3.3). */
static void silent_peer(void)
{
	const struct fixture_peer peer = { .faults = { .silent_after_requests = 3 } };
	struct seen discover = { 0 }, read = { 0 }, end = { 0 };
	struct ble_client *client;
	struct fixture fixture;
	uint64_t start;

	REQUIRE(fixture_open(&fixture, &peer, 1) == 0);
	client = fixture_connect(&fixture, 0, false);
	ble_client_on_disconnected(client, seen_disconnected, &end);
	start = loop_now(fixture.loop);
	CHECK_INT(ble_client_discover(client, seen_done, &discover, NULL), 0);
	CHECK_INT(ble_client_read(client, REFERENCE_512, seen_value, &read, NULL), 0);
	CHECK(fixture_wait(&fixture, &end.disconnected, 1, 40000));
	start = loop_now(fixture.loop) - start;
	CHECK(start >= 30000 * UINT64_C(1000000) && start < 32000 * UINT64_C(1000000));
	CHECK_INT(discover.error, -ETIMEDOUT);
	CHECK_INT(read.done, 1);
	CHECK_INT(end.disconnected, 1);
	ble_client_unref(client);
	fixture_close(&fixture);
}

/* -- Callbacks ---------------------------------------------------------------------- */

struct inside {
	struct fixture *fixture;
	struct ble_client *client;
	unsigned int done;
	int dispatch, read, connect;
};

static void try_sync(void *user, int error, struct ble_bytes value)
{
	struct inside *inside = user;
	uint8_t octet;
	size_t len;

	(void)error;
	(void)value;
	inside->dispatch = ble_loop_dispatch(inside->fixture->loop, 0);
	inside->read = ble_client_read_sync(inside->client, REFERENCE_ONE, &octet, 1, &len);
	inside->connect = ble_client_connect_sync(inside->client, NULL);
	inside->done++;
}

static void sync_inside(void)
{
	struct inside inside = { 0 };
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	inside.fixture = &fixture;
	inside.client = fixture_connect(&fixture, 0, false);
	CHECK_INT(ble_client_read(inside.client, REFERENCE_ONE, try_sync, &inside, NULL), 0);
	CHECK(fixture_wait(&fixture, &inside.done, 1, 20000));
	CHECK_INT(inside.dispatch, -EDEADLK);
	CHECK_INT(inside.read, -EDEADLK);
	CHECK_INT(inside.connect, -EDEADLK);
	ble_client_unref(inside.client);
	fixture_close(&fixture);
}

static void drop_in_read(void *user, int error, struct ble_bytes value)
{
	struct inside *inside = user;

	CHECK_INT(error, 0);
	CHECK_INT(value.len, 512);
	inside->client = ble_client_unref(inside->client);
	CHECK_INT(value.data[511], reference_octet(511)); /* valid to the end */
	inside->done++;
}

static void unref_inside_read(void)
{
	struct inside inside = { 0 };
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	inside.client = fixture_connect(&fixture, 0, false);
	CHECK_INT(ble_client_read(inside.client, REFERENCE_512, drop_in_read, &inside,
				  NULL), 0);
	CHECK(fixture_wait(&fixture, &inside.done, 1, 20000));
	fixture_run(&fixture, 100);
	fixture_close(&fixture);
}

struct again {
	struct ble_client *client;
	struct seen seen;
	unsigned int ended;
};

static void connect_again(void *user, uint8_t reason, bool asked)
{
	struct again *again = user;

	(void)reason;
	(void)asked;
	if (!again->ended++)
		CHECK_INT(ble_client_connect(again->client, NULL, seen_done,
					     &again->seen, NULL), 0);
}

static void reconnect_inside(void)
{
	struct again again = { 0 };
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	again.client = fixture_connect(&fixture, 0, false);
	ble_client_on_disconnected(again.client, connect_again, &again);
	ble_client_disconnect(again.client);
	CHECK(fixture_wait(&fixture, &again.seen.done, 1, 10000));
	CHECK_INT(again.seen.error, 0);
	check_reference_value(again.client, REFERENCE_22, 22);
	ble_client_unref(again.client);
	fixture_close(&fixture);
}

static void interrupted(void)
{
	struct ble_address nobody = { { 9, 9, 9, 9, 9, 0xc9 }, BLE_ADDRESS_RANDOM };
	struct ble_client *client, *absent;
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	REQUIRE(ble_client_new(fixture.adapter, &nobody, &absent) == 0);
	ble_loop_interrupt(fixture.loop);
	CHECK_INT(ble_client_connect_sync(absent, NULL), -EINTR);
	CHECK(!ble_client_connected(absent));
	client = fixture_connect(&fixture, 0, true);
	ble_loop_interrupt(fixture.loop);
	CHECK_INT(ble_client_discover_sync(client), -EINTR);
	check_reference_value(client, REFERENCE_22, 22);
	ble_client_unref(client);
	ble_client_unref(absent);
	fixture_close(&fixture);
}

/* -- Many -------------------------------------------------------------------------- */

static void count_report(void *user, struct ble_device *device,
			 const struct ble_advertisement *adv)
{
	unsigned int *reports = user;

	(void)device;
	(void)adv;
	++*reports;
}

/* A scan beside the links, if the fixture can scan. */
static struct ble_scanner *scan_beside(struct fixture *fixture, unsigned int *reports)
{
	struct ble_scanner *scanner;
	int error;

	REQUIRE(ble_scanner_new(fixture->adapter, count_report, NULL, reports, &scanner) == 0);
	error = ble_scanner_start(scanner, NULL);
	CHECK(error == 0 || error == -EOPNOTSUPP);
	return error ? ble_scanner_unref(scanner) : scanner;
}

/* A connect that was begun: as long as it takes, its own deadline at most. */
static void require_connected(struct fixture *fixture, const struct seen *connect,
			      size_t peer)
{
	REQUIRE(fixture_wait(fixture, &connect->done, 1, 21000));
	if (connect->error)
		harness_about("connect %zu: %s", peer,
			      ble_error_text(fixture->loop, connect->error));
	REQUIRE(connect->error == 0);
}

/* Values of four peers, told apart by what was written into each, and a scan. */
static void several_links(void)
{
	const struct fixture_peer peers[FIXTURE_PEERS] = { { 0 } };
	struct ble_client *clients[FIXTURE_PEERS];
	struct seen connects[FIXTURE_PEERS] = { { 0 } }, values[FIXTURE_PEERS] = { { 0 } };
	struct ble_scanner *scanner;
	unsigned int reports = 0;
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, peers, FIXTURE_PEERS) == 0);
	scanner = scan_beside(&fixture, &reports);
	CHECK(!scanner || fixture_wait(&fixture, &reports, 1, 10000));
	for (size_t i = 0; i < FIXTURE_PEERS; i++) {
		REQUIRE(ble_client_new(fixture.adapter, &fixture.addresses[i], &clients[i]) == 0);
		CHECK_INT(ble_client_connect(clients[i], NULL, seen_done, &connects[i],
					     NULL), 0);
	}
	for (size_t i = 0; i < FIXTURE_PEERS; i++) {
		require_connected(&fixture, &connects[i], i);
		REQUIRE(ble_client_discover_sync(clients[i]) == 0);
		REQUIRE(ble_client_subscribe_sync(clients[i], REFERENCE_NOTIFY,
						  BLE_SUBSCRIBE_AUTO, seen_notified,
						  &values[i], NULL) == 0);
	}
	for (uint8_t i = 0; i < FIXTURE_PEERS; i++)
		CHECK_INT(ble_client_write_sync(clients[i], REFERENCE_ONE, bytes(&i, 1)), 0);
	for (uint8_t i = 0; i < FIXTURE_PEERS; i++) {
		uint8_t back = 0xff;
		size_t len = 0;

		CHECK_INT(ble_client_read_sync(clients[i], REFERENCE_ONE, &back, 1, &len), 0);
		CHECK_INT(back, i);
		CHECK(fixture_wait(&fixture, &values[i].values, 20, 20000));
		CHECK(!values[i].gap);
	}
	ble_scanner_unref(scanner);
	for (size_t i = 0; i < FIXTURE_PEERS; i++)
		ble_client_unref(clients[i]);
	fixture_close(&fixture);
}

/* The kernel has no memory for the first packets of each call: they are only
 * late. On a fixture without sockets nothing fails. */
static void late_packets(void)
{
	struct seen seen = { 0 };
	struct ble_client *client;
	struct fixture fixture;
	uint8_t value[400] = { 0 };

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	REQUIRE(ble_client_new(fixture.adapter, &fixture.addresses[0], &client) == 0);
	failsend_arm(ENOBUFS, 3);
	CHECK_INT(ble_client_connect_sync(client, NULL), 0);
	CHECK(failsend_disarm() == 0 || fixture.class == &fixture_sim);
	CHECK_INT(ble_client_mtu(client), 517);
	failsend_arm(ENOMEM, 3);
	CHECK_INT(ble_client_discover_sync(client), 0);
	failsend_arm(ENOBUFS, 3);
	CHECK_INT(ble_client_write_sync(client, REFERENCE_EMPTY, bytes(value, 400)), 0);
	failsend_arm(ENOBUFS, 3);
	CHECK_INT(ble_client_write_command(client, REFERENCE_COMMAND, bytes(value, 20),
					   seen_done, &seen, NULL), 0);
	check_reference_value(client, REFERENCE_512, 512);
	CHECK_INT(seen.done, 1);
	CHECK_INT(seen.error, 0);
	failsend_disarm();
	ble_client_unref(client);
	fixture_close(&fixture);
}

/* -- Memory ------------------------------------------------------------------------ */

static int whole_life(void *user)
{
	struct seen seen = { 0 };
	struct ble_client *client = NULL;
	struct ble_subscription *subscription = NULL;
	struct fixture fixture;
	uint8_t value[100] = { 0 }, back[512];
	size_t len;
	int error;

	(void)user;
	error = fixture_open(&fixture, &(struct fixture_peer){ .mtu = 50 }, 1);
	if (error)
		return error;
	error = ble_client_new(fixture.adapter, &fixture.addresses[0], &client);
	if (!error)
		error = ble_client_connect_sync(client, NULL);
	if (!error)
		error = ble_client_discover_sync(client);
	if (!error)
		error = ble_client_read_sync(client, REFERENCE_512, back, 512, &len);
	if (!error)
		error = ble_client_write_sync(client, REFERENCE_EMPTY, bytes(value, 100));
	if (!error)
		error = ble_client_write_command_sync(client, REFERENCE_COMMAND,
						      bytes(value, 20));
	if (!error)
		error = ble_client_subscribe_sync(client, REFERENCE_NOTIFY,
						  BLE_SUBSCRIBE_AUTO, seen_notified,
						  &seen, &subscription);
	if (!error && !fixture_wait(&fixture, &seen.values, 3, 20000))
		error = -EIO;
	if (!error)
		error = ble_subscription_free_sync(subscription);
	if (!error)
		error = ble_client_disconnect_sync(client);
	ble_client_unref(client);
	/* It was the emulator's: a dongle without memory is one that does not connect. */
	if (error == -ETIMEDOUT && fixture.class->firmware)
		error = -ENOMEM;
	fixture_close(&fixture);
	return error;
}

static void failed_allocations(void)
{
	unsigned int n = fail_each(whole_life, NULL);

	CHECK(n > 10);
}

#define NEEDS_TIME "30 s of real time"

const struct conformance_case conformance_links[] = {
	CASE("states", states),
	CASE("reconnect", reconnect),
	CASE("mtu", mtu),
	CASE("bad parameters", bad_parameters),
	CASE("absent peer", absent_peer),
	CASE("unknown type", unknown_type),
	CASE("type was heard", type_heard, .not_socket = "it cannot scan"),
	CASE("reset while the type is searched", reset_while_searching,
	     .not_socket = "it cannot scan", .not_dongle = "coming back wants a loop of its own"),
	CASE("disconnect under way", disconnect_under_way),
	CASE("unref under way", unref_under_way),
	CASE("peer hangs up", peer_hangs_up),
	CASE("silent peer", silent_peer, .not_kernel = NEEDS_TIME, .not_port = NEEDS_TIME),
	CASE("sync inside", sync_inside),
	CASE("unref inside read", unref_inside_read),
	CASE("reconnect inside", reconnect_inside),
	CASE("interrupted", interrupted),
	CASE("several links", several_links),
	CASE("late packets", late_packets, .not_dongle = "its link is no socket",
	     .not_port = "its link is no socket"),
	CASE("failed allocations", failed_allocations, .not_kernel = "the peripheral is a process of its own there"),
	{ 0 }
};
