/* SPDX-License-Identifier: MIT */
/* Several peers at once, of which one is absent. */
#include <errno.h>

#include "tests/conformance.h"

enum { PRESENT = 3 };

#define NO_SCAN "it has no controller to scan with"

static const struct ble_address nobody = { { 9, 9, 9, 9, 9, 0xc9 }, BLE_ADDRESS_RANDOM };

struct peers {
	struct fixture fixture;
	struct ble_client *absent, *present[PRESENT];
	struct seen absent_seen, seen[PRESENT];
	unsigned int connected;
};

static void on_connected(void *user, int error)
{
	struct peers *peers = user;

	CHECK_INT(error, 0);
	CHECK_INT(peers->absent_seen.done, 0); /* before the absent peer's time limit */
	peers->connected++;
}

/* The absent peer's connect is the oldest. */
static void begin(struct peers *peers, size_t n, int absent_ms)
{
	const struct ble_connect_params params = { .timeout_ms = absent_ms };

	*peers = (struct peers){ .connected = 0 };
	REQUIRE(fixture_open(&peers->fixture, (struct fixture_peer[PRESENT]){ { .n = 0 } },
			     PRESENT) == 0);
	REQUIRE(ble_client_new(peers->fixture.adapter, &nobody, &peers->absent) == 0);
	CHECK_INT(ble_client_connect(peers->absent, &params, seen_done, &peers->absent_seen,
				     NULL), 0);
	for (size_t i = 0; i < n; i++)
		REQUIRE(ble_client_new(peers->fixture.adapter, &peers->fixture.addresses[i],
				       &peers->present[i]) == 0);
}

static void connect_present(struct peers *peers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		CHECK_INT(ble_client_connect(peers->present[i], NULL, on_connected, peers,
					     NULL), 0);
	CHECK(fixture_wait(&peers->fixture, &peers->connected, (unsigned int)n, 20000));
}

static void end(struct peers *peers)
{
	ble_client_unref(peers->absent);
	for (size_t i = 0; i < PRESENT; i++)
		ble_client_unref(peers->present[i]);
	fixture_close(&peers->fixture);
}

static void one_absent(void)
{
	struct peers peers;

	begin(&peers, PRESENT, 20000);
	connect_present(&peers, PRESENT);
	for (size_t i = 0; i < PRESENT; i++)
		CHECK_INT(ble_client_discover_sync(peers.present[i]), 0);
	CHECK(fixture_wait(&peers.fixture, &peers.absent_seen.done, 1, 30000));
	CHECK_INT(peers.absent_seen.error, -ETIMEDOUT);
	end(&peers);
}

/* Links that are up, values and all, do not notice it. */
static void one_leaves(void)
{
	struct peers peers;
	struct seen ends = { 0 };

	begin(&peers, PRESENT, BLE_FOREVER);
	connect_present(&peers, 2);
	ble_client_on_disconnected(peers.present[0], seen_disconnected, &ends);
	CHECK_INT(ble_client_discover_sync(peers.present[1]), 0);
	for (unsigned int i = 1; i <= 3; i++) {
		CHECK_INT(ble_client_disconnect_sync(peers.present[0]), 0);
		CHECK_INT(ends.disconnected, i);
		check_reference_value(peers.present[1], REFERENCE_23, 23);
		peers.connected = 0;
		connect_present(&peers, 1);
	}
	CHECK_INT(peers.absent_seen.done, 0);
	end(&peers);
	CHECK_INT(peers.absent_seen.done, 0); /* it went with its client */
}

struct writer {
	struct ble_client *client;
	unsigned int writable, posted;
};

static void on_writable(void *user)
{
	++((struct writer *)user)->writable;
}

static void on_post(void *user)
{
	++((struct writer *)user)->posted;
}

/* Until the queue of the link is full. False: it has no end. */
static bool fill_queue(struct ble_client *client)
{
	static const uint8_t value[20];
	int error = 0;

	for (int i = 0; i < 20000 && !error; i++)
		error = ble_client_write_command(client, REFERENCE_COMMAND,
						 bytes(value, sizeof(value)), NULL, NULL, NULL);
	CHECK(!error || error == -EAGAIN);
	return error;
}

/* One peer is absent, one leaves and comes again, while another one's queue is full. */
static void full_queue_beside(void)
{
	const struct ble_connect_params small = { .mtu = 50 };
	struct writer writer = { .writable = 0 };
	struct peers peers;
	bool full;

	begin(&peers, PRESENT, BLE_FOREVER);
	CHECK_INT(ble_client_connect_sync(peers.present[1], &small), 0);
	CHECK_INT(ble_client_mtu(peers.present[1]), fixture_mtu(&peers.fixture, 50));
	connect_present(&peers, 1);
	ble_client_on_writable(peers.present[1], on_writable, &writer);
	full = fill_queue(peers.present[1]);
	CHECK_INT(ble_loop_post(peers.fixture.loop, on_post, &writer), 0);
	CHECK_INT(ble_client_disconnect_sync(peers.present[0]), 0);
	CHECK_INT(writer.posted, 1);
	peers.connected = 0;
	connect_present(&peers, 1);
	CHECK(!full || fixture_wait(&peers.fixture, &writer.writable, 1, 60000));
	CHECK_INT(peers.absent_seen.done, 0);
	end(&peers);
}

static void on_report(void *user, struct ble_device *device,
		      const struct ble_advertisement *adv)
{
	(void)device;
	(void)adv;
	++*(unsigned int *)user;
}

/* A scan hears others while a connect is pending, and after it. */
static void scan_beside(void)
{
	struct ble_scanner *scanner;
	struct peers peers;
	unsigned int reports = 0, before;

	begin(&peers, PRESENT, BLE_FOREVER);
	CHECK_INT(ble_scanner_new(peers.fixture.adapter, on_report, NULL, &reports,
				  &scanner), 0);
	CHECK_INT(ble_scanner_start(scanner, NULL), 0);
	CHECK(fixture_wait(&peers.fixture, &reports, 20, 60000));
	connect_present(&peers, 1);
	before = reports;
	CHECK(fixture_wait(&peers.fixture, &reports, before + 20, 60000));
	CHECK_INT(peers.absent_seen.done, 0);
	/* What the controller could not hear is counted. */
	if (peers.fixture.class->firmware)
		CHECK(ble_adapter_scan_paused_ms(peers.fixture.adapter) >= 4000);
	else if (peers.fixture.class->virtual_time)
		CHECK_INT(ble_adapter_scan_paused_ms(peers.fixture.adapter), 0);
	ble_scanner_unref(scanner);
	end(&peers);
}

const struct conformance_case conformance_peers[] = {
	CASE("one of several absent", one_absent),
	CASE("one of several leaves", one_leaves),
	CASE("full queue beside an absent peer", full_queue_beside),
	CASE("scan beside connects", scan_beside, .not_socket = NO_SCAN),
	{ 0 }
};
