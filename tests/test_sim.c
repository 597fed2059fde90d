/* SPDX-License-Identifier: MIT */
/* The simulator through its two interfaces, on a frozen clock: what it advertises and
 * when, which connects succeed, the values on a link and its end. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "sim/model.h"
#include "tests/failmalloc.h"
#include "tests/sim_client.h"

static const char heart[] = "C0:FF:EE:00:18:0D/random";
static const char weather[] = "C0:FF:EE:00:18:1A/random";

/* -- Whoever looks on ----------------------------------------------------------------- */

static struct adapter *adapter;
static struct {
	unsigned int heart[2], weather[2]; /* advertisements, scan responses */
	int8_t low, high;
	struct ble_advertisement last;
	uint8_t data[SIM_AD_MAX];
	bool stop, free;
} seen;

static void on_report(void *user, const struct ble_advertisement *r)
{
	struct ble_address address;
	unsigned int response = r->event & BLE_EVENT_SCAN_RESPONSE ? 1 : 0;

	CHECK(user == &seen);
	ble_address_parse(heart, &address);
	if (ble_address_equal(&r->address, &address))
		seen.heart[response]++;
	else
		seen.weather[response]++;
	if (r->rssi < seen.low)
		seen.low = r->rssi;
	if (r->rssi > seen.high)
		seen.high = r->rssi;
	seen.last = *r;
	memcpy(seen.data, r->data.data, r->data.len);
	if (seen.stop)
		adapter->class->scan_stop(adapter);
	if (seen.free) {
		adapter->class->free(adapter);
		adapter = NULL;
	}
}

static const struct adapter_events adapter_events = { on_report, NULL, NULL };

static void on_connect(struct connect_op *op, int error, uint8_t reason,
		       struct att *att)
{
	struct client *client = container_of(op, struct client, connect);

	CHECK(loop_dispatching(loop));
	CHECK_INT(reason, 0);
	client->connects++;
	client->error = error;
	client->att = att;
	if (att) {
		att->events = &link_events;
		att->user = client;
	}
}

/* -- Doing things --------------------------------------------------------------------- */

static void setup(const char *name)
{
	memset(&seen, 0, sizeof(seen));
	seen.low = 127;
	seen.high = -128;
	REQUIRE(ble_loop_new(&loop) == 0);
	loop_clock_freeze(loop);
	REQUIRE(sim_backend.open(loop, name, &adapter) == 0);
	adapter->events = &adapter_events;
	adapter->user = &seen;
}

static void teardown(void)
{
	if (adapter)
		adapter->class->free(adapter);
	adapter = NULL;
	loop = ble_loop_unref(loop);
}

static void start_connect(struct client *client, const char *address)
{
	memset(client, 0, sizeof(*client));
	client->connect.done = on_connect;
	CHECK_INT(ble_address_parse(address, &client->connect.address), 0);
	CHECK_INT(adapter->class->connect(adapter, &client->connect), 0);
}

/* -- Advertising ------------------------------------------------------------------------ */

static void claims(void)
{
	CHECK(sim_backend.claims("sim"));
	CHECK(sim_backend.claims("sim:x"));
	CHECK(!sim_backend.claims("simple"));
	CHECK(!sim_backend.claims("hci0"));
	CHECK(!sim_backend.claims(NULL));
	setup("sim");
	CHECK_STR(adapter->info.name, "sim");
	CHECK_STR(adapter->info.backend, "sim");
	CHECK(adapter->info.powered && adapter->info.low_energy);
	teardown();
}

static void active_scan(void)
{
	const struct adapter_scan scan = { .interval = 96, .window = 48 };
	uint64_t now = (uint64_t)time(NULL);

	setup("sim");
	pass(1000);
	CHECK_INT(seen.heart[0], 0);
	CHECK_INT(adapter->class->scan_start(adapter, &scan), 0);
	CHECK_INT(seen.heart[0], 0);
	pass(10000);
	/* Every 100 ms, and every 250 ms, and up to 10 ms more each time. */
	CHECK(seen.heart[0] >= 90 && seen.heart[0] <= 100);
	CHECK(seen.weather[0] >= 38 && seen.weather[0] <= 40);
	CHECK_INT(seen.heart[1], seen.heart[0]);
	CHECK_INT(seen.weather[1], seen.weather[0]);
	CHECK(seen.low >= -71 && seen.low < -68);
	CHECK(seen.high <= -49 && seen.high > -52);
	CHECK(seen.last.time / 1000000000u - now < 100);
	CHECK_INT(seen.last.sid, BLE_NO_SID);
	CHECK_INT(seen.last.tx_power, BLE_NO_TX_POWER);
	CHECK_INT(seen.last.primary_phy, 1);
	CHECK(!seen.last.advertised.len && !seen.last.scan_response.len);
	adapter->class->scan_stop(adapter);
	memset(seen.heart, 0, sizeof(seen.heart));
	memset(seen.weather, 0, sizeof(seen.weather));
	pass(1000);
	CHECK_INT(seen.heart[0] + seen.weather[0], 0);
	adapter->class->scan_stop(adapter);
	teardown();
}

static void passive_scan(void)
{
	static const uint8_t data[] =
		"\x02\x01\x06\x0f\x09Sim Heart Rate\x05\x03\x0d\x18\x0f\x18";
	static const struct adapter_scan passive = { .passive = true }, active;

	setup("sim");
	CHECK_INT(adapter->class->scan_start(adapter, &passive), 0);
	while (!seen.heart[0])
		pass(1);
	CHECK_INT(seen.last.event, BLE_EVENT_CONNECTABLE | BLE_EVENT_SCANNABLE |
					   BLE_EVENT_LEGACY);
	CHECK_INT(seen.last.data.len, sizeof(data) - 1);
	CHECK_MEM(seen.data, data, sizeof(data) - 1);
	pass(2000);
	CHECK_INT(seen.heart[1] + seen.weather[1], 0);
	/* Going over to other parameters while it runs. */
	CHECK_INT(adapter->class->scan_start(adapter, &active), 0);
	pass(300);
	CHECK(seen.heart[1] > 0);
	CHECK(seen.last.event & BLE_EVENT_SCAN_RESPONSE);
	teardown();
}

static void stop_from_report(void)
{
	static const struct adapter_scan scan;

	setup("sim");
	seen.stop = true;
	CHECK_INT(adapter->class->scan_start(adapter, &scan), 0);
	pass(2000);
	CHECK_INT(seen.heart[0] + seen.weather[0], 1);
	CHECK_INT(seen.heart[1] + seen.weather[1], 0);
	teardown();
}

static void free_from_report(void)
{
	static const struct adapter_scan scan;

	setup("sim");
	seen.free = true;
	CHECK_INT(adapter->class->scan_start(adapter, &scan), 0);
	while (adapter)
		pass(1);
	pass(100);
	CHECK_INT(seen.heart[0] + seen.weather[0], 1);
	teardown();
}

/* -- Connecting ------------------------------------------------------------------------ */

static void connect_takes_time(void)
{
	static const struct adapter_scan scan;
	struct client client;

	setup("sim");
	CHECK_INT(adapter->class->scan_start(adapter, &scan), 0);
	start_connect(&client, heart);
	pass(19);
	CHECK_INT(client.connects, 0);
	pass(1);
	REQUIRE(client.att != NULL);
	CHECK_INT(client.error, 0);
	CHECK_INT(client.att->mtu, 23);
	/* It advertises no more, the other one does, and it comes back. */
	memset(seen.heart, 0, sizeof(seen.heart));
	memset(seen.weather, 0, sizeof(seen.weather));
	pass(1000);
	CHECK_INT(seen.heart[0], 0);
	CHECK(seen.weather[0] > 2);
	att_free(client.att);
	pass(1000);
	CHECK(seen.heart[0] > 5);
	CHECK_INT(client.closes, 0);
	teardown();
}

static void absent_is_waited_for(void)
{
	struct client client, other;

	setup("sim");
	start_connect(&client, "C0:FF:EE:00:18:0D/public");
	pass(60000);
	CHECK_INT(client.connects, 0);
	start_connect(&other, weather);
	pass(1000);
	CHECK_INT(other.connects, 1); /* one that is absent holds up no other */
	adapter->class->cancel_connect(adapter, &client.connect);
	pass(1000);
	CHECK_INT(client.connects, 0);
	CHECK_INT(other.connects, 1);
	adapter->class->cancel_connect(adapter, &client.connect);
	att_free(other.att);
	/* Cancelled on the way, and left to the adapter's end. */
	start_connect(&client, heart);
	pass(10);
	adapter->class->cancel_connect(adapter, &client.connect);
	pass(100);
	CHECK_INT(client.connects, 0);
	start_connect(&client, heart);
	teardown();
	CHECK_INT(client.connects, 0);
}

static void one_link_each(void)
{
	struct client first, second, other;

	setup("sim");
	start_connect(&first, heart);
	start_connect(&other, weather);
	pass(50);
	REQUIRE(first.att && other.att);
	start_connect(&second, heart);
	pass(5000);
	CHECK_INT(second.connects, 0);
	att_free(first.att);
	CHECK_INT(second.connects, 0);
	pass(20);
	REQUIRE(second.att != NULL);
	att_free(second.att);
	att_free(other.att);
	teardown();
}

/* -- Links ------------------------------------------------------------------------------ */

/* Handles of the built-in ones. */
enum {
	HEART_BATTERY_CONFIGURATION = 0x18,
	HEART_MEASUREMENT = 0x1b,
	HEART_CONFIGURATION = 0x1c,
	HEART_LOCATION = 0x1e,
	HEART_CONTROL = 0x20
};

static void reads_and_writes(void)
{
	struct client client;
	struct op op;
	struct ble_bytes none = { NULL, 0 };

	setup("sim");
	start_connect(&client, heart);
	pass(20);
	REQUIRE(client.att != NULL);
	CHECK_INT(run(&client, &op, ATT_EXCHANGE_MTU, 517, none), 0);
	CHECK_INT(client.att->mtu, 247);
	CHECK_INT(run(&client, &op, ATT_READ, 3, none), 0);
	CHECK_STR((char *)op.value, "Sim Heart Rate");
	CHECK_INT(run(&client, &op, ATT_READ, HEART_LOCATION, none), 0);
	CHECK_INT(op.value[0], 1);
	CHECK_INT(run(&client, &op, ATT_READ, HEART_MEASUREMENT, none), BLE_ERROR_ATT(0x02));
	CHECK_INT(run(&client, &op, ATT_WRITE, HEART_CONTROL, bytes("\1", 1)), 0);
	CHECK_INT(run(&client, &op, ATT_WRITE, HEART_CONTROL, bytes("\2", 1)), BLE_ERROR_ATT(0x80));
	CHECK_INT(run(&client, &op, ATT_WRITE, HEART_CONTROL, bytes("\1\1", 2)), BLE_ERROR_ATT(0x0d));
	CHECK_INT(run(&client, &op, ATT_WRITE, 0x7777, bytes("\1", 1)), BLE_ERROR_ATT(0x01));
	att_free(client.att);
	teardown();
}

static void notifications(void)
{
	struct client client;
	uint8_t first;

	setup("sim");
	start_connect(&client, heart);
	pass(20);
	REQUIRE(client.att != NULL);
	pass(3000);
	CHECK_INT(client.values, 0);
	CHECK_INT(write16(&client, HEART_CONFIGURATION, 1), 0);
	pass(10010);
	CHECK_INT(client.values, 10);
	CHECK_INT(client.handle, HEART_MEASUREMENT);
	/* The tenth says how much energy was spent. */
	CHECK_INT(client.len, 6);
	CHECK_INT(client.value[0], 0x1e);
	CHECK(client.value[1] >= 55 && client.value[1] <= 165);
	first = client.value[1];
	CHECK_INT(write16(&client, HEART_CONFIGURATION, 0), 0);
	pass(3000);
	CHECK_INT(client.values, 10);
	CHECK_INT(write16(&client, HEART_CONFIGURATION, 2), BLE_ERROR_ATT(0xfd));
	att_free(client.att);
	/* The configuration went with the link. */
	start_connect(&client, heart);
	pass(3000);
	REQUIRE(client.att != NULL);
	CHECK_INT(client.values, 0);
	att_free(client.att);
	teardown();
	/* Every adapter begins anew, with the same samples. */
	setup("sim");
	start_connect(&client, heart);
	pass(20);
	CHECK_INT(write16(&client, HEART_CONFIGURATION, 1), 0);
	pass(10010);
	CHECK_INT(client.value[1], first);
	att_free(client.att);
	teardown();
}

static void values_stay(void)
{
	enum { NOTE = 0x2b };
	struct client client;
	struct op op;
	uint8_t note[300];

	memset(note, 'n', sizeof(note));
	setup("sim");
	start_connect(&client, weather);
	pass(20);
	REQUIRE(client.att != NULL);
	CHECK_INT(run(&client, &op, ATT_READ_LONG, NOTE, bytes(NULL, 0)), 0);
	CHECK_INT(op.len, 81);
	CHECK_INT(run(&client, &op, ATT_EXCHANGE_MTU, 517, bytes(NULL, 0)), 0);
	CHECK_INT(run(&client, &op, ATT_WRITE, NOTE, bytes(note, 200)), 0);
	att_free(client.att);
	start_connect(&client, weather);
	pass(20);
	REQUIRE(client.att != NULL);
	CHECK_INT(run(&client, &op, ATT_READ_LONG, NOTE, bytes(NULL, 0)), 0);
	CHECK_INT(op.len, 200);
	CHECK_MEM(op.value, note, 200);
	att_free(client.att);
	teardown();
}

static void freed_by_a_value(void)
{
	struct client client;

	setup("sim");
	start_connect(&client, heart);
	pass(20);
	REQUIRE(client.att != NULL);
	CHECK_INT(write16(&client, HEART_CONFIGURATION, 1), 0);
	CHECK_INT(write16(&client, HEART_BATTERY_CONFIGURATION, 1), 0);
	client.free_after = 3;
	pass(20000);
	CHECK_INT(client.values, 3);
	CHECK_INT(client.closes, 0);
	CHECK(client.att == NULL);
	teardown();
}

static int open_and_connect(void *user)
{
	static const struct adapter_scan scan;
	struct client client;
	int err;

	(void)user; /* the same each time */
	err = sim_backend.open(loop, "sim", &adapter);
	if (err)
		return err;
	adapter->events = &adapter_events;
	adapter->user = &seen;
	CHECK_INT(adapter->class->scan_start(adapter, &scan), 0);
	start_connect(&client, heart);
	pass(20);
	CHECK_INT(client.connects, 1);
	att_free(client.att);
	adapter->class->free(adapter);
	adapter = NULL;
	return client.error;
}

static void every_allocation(void)
{
	REQUIRE(ble_loop_new(&loop) == 0);
	loop_clock_freeze(loop);
	CHECK(fail_each(open_and_connect, NULL) > 20);
	loop = ble_loop_unref(loop);
}

int main(int argc, char **argv)
{
	static const struct test_case advertising[] = {
		TEST(claims), TEST(active_scan), TEST(passive_scan),
		TEST(stop_from_report), TEST(free_from_report), { 0 },
	};
	static const struct test_case connecting[] = {
		TEST(connect_takes_time), TEST(absent_is_waited_for),
		TEST(one_link_each), { 0 },
	};
	static const struct test_case builtin[] = {
		TEST(reads_and_writes), TEST(notifications), TEST(values_stay),
		TEST(freed_by_a_value), TEST(every_allocation), { 0 },
	};
	static const struct test_suite suites[] = {
		{ "advertising", advertising },
		{ "connecting", connecting },
		{ "built-in", builtin },
		{ "links", sim_links },
#ifndef _WIN32
		{ "socket", sim_socket },
#endif
		{ 0 },
	};

	return harness_main(argc, argv, suites);
}
