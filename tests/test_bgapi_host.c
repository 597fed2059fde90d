/* SPDX-License-Identifier: MIT */
/*
 * The dongle's backend over the emulator: the state that an earlier program left,
 * several links at once, and every fault of a dongle. Each fault ends in an error
 * with its reason and within its timeout, and the next operation works.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "base/bytes.h"
#include "bgapi/bgapi.h"
#include "tests/dongle/dongle.h"
#include "tests/harness.h"
#include "tests/reference.h"

enum { PEERS = 3, INTERVAL_MS = 10 };

struct bed {
	struct ble_loop *loop;
	struct sim_model model;
	struct sim_peripheral *peers[PEERS];
	struct dongle *dongle;
	struct ble_adapter *adapter;
};

#define LINK(min, max, skipped, lost) \
	{ .interval_min = min, .interval_max = max, .latency = skipped, .timeout = lost }

static void bed_peers(struct bed *bed)
{
	memset(bed, 0, sizeof(*bed));
	REQUIRE(ble_loop_new(&bed->loop) == 0);
	loop_clock_freeze(bed->loop);
	sim_model_init(&bed->model);
	for (uint8_t i = 0; i < PEERS; i++)
		REQUIRE(reference_peripheral_at(&bed->model, REFERENCE_MIDDLE, INTERVAL_MS,
						i, &bed->peers[i]) == 0);
}

static void bed_dongle(struct bed *bed, unsigned int links, uint32_t seed)
{
	struct dongle_config config;

	dongle_config_init(&config);
	config.links = links;
	config.seed = seed;
	REQUIRE(dongle_new(bed->loop, &bed->model, &config, &bed->dongle) == 0);
}

static void bed_make(struct bed *bed, unsigned int links, uint32_t seed)
{
	bed_peers(bed);
	bed_dongle(bed, links, seed);
}

static int bed_open(struct bed *bed)
{
	struct bgapi_stream *stream;
	struct adapter *backend;
	int error = dongle_plug(bed->dongle, &stream);

	if (!error)
		error = bgapi_open(bed->loop, "ttyACM0", stream, NULL, &backend);
	if (error)
		return error;
	REQUIRE(adapter_new(bed->loop, backend, &bed->adapter) == 0);
	return 0;
}

static void bed_script(struct bed *bed, const char *text)
{
	const char *bad = NULL;

	harness_about("%s", text);
	REQUIRE(dongle_script(bed->dongle, text, &bad) == 0);
}

static void bed_end(struct bed *bed)
{
	bed->adapter = ble_adapter_unref(bed->adapter);
	dongle_free(bed->dongle);
	sim_model_release(&bed->model);
	bed->loop = ble_loop_unref(bed->loop);
	harness_about(NULL);
}

static uint64_t now_ms(const struct bed *bed)
{
	return loop_now(bed->loop) / 1000000;
}

static void run(struct bed *bed, unsigned int ms)
{
	uint64_t limit = now_ms(bed) + ms;

	while (now_ms(bed) < limit)
		CHECK_INT(ble_loop_dispatch(bed->loop, (int)(limit - now_ms(bed))), 0);
}

static struct ble_client *client_of(struct bed *bed, size_t peer)
{
	struct ble_client *client;

	REQUIRE(ble_client_new(bed->adapter, &bed->peers[peer]->address, &client) == 0);
	return client;
}

static int connect_in(struct ble_client *client, int ms)
{
	const struct ble_connect_params params = { .timeout_ms = ms };

	return ble_client_connect_sync(client, &params);
}

/* Connect, discover, read, write: the dongle is as good as new. */
static void works(struct bed *bed)
{
	struct ble_client *client = client_of(bed, 0);
	uint8_t octet = 7;
	size_t len = 0;

	CHECK_INT(connect_in(client, 5000), 0);
	CHECK_INT(ble_client_discover_sync(client), 0);
	CHECK_INT(ble_client_write_sync(client, REFERENCE_ONE, (struct ble_bytes){ &octet, 1 }), 0);
	CHECK_INT(ble_client_read_sync(client, REFERENCE_ONE, &octet, 1, &len), 0);
	CHECK_INT(octet, 7);
	CHECK_INT(ble_client_disconnect_sync(client), 0);
	ble_client_unref(client);
}

static int find_any(struct bed *bed, int ms)
{
	struct ble_device *device = NULL;
	int error = ble_adapter_find_sync(bed->adapter, NULL, ms, &device);

	ble_device_unref(device);
	return error;
}

/* -- What somebody before us left -------------------------------------------------- */

static void send_hex(struct bed *bed, struct bgapi_stream *stream, const char *hex)
{
	uint8_t octet[64];
	size_t len = 0;

	for (; sscanf(hex, "%2hhx", &octet[len]) == 1; hex += 2)
		len++;
	CHECK_INT(stream->class->send(stream, (struct ble_bytes){ octet, len }), 0);
	run(bed, 100);
}

static void swallow(void *user, struct ble_bytes octets)
{
	(void)user;
	(void)octets;
}

static void swallow_end(void *user, int error)
{
	(void)user;
	(void)error;
}

/* A program that dies with this sent. */
static void leave_behind(struct bed *bed, const char *const *commands)
{
	static const struct bgapi_stream_events events = { swallow, swallow_end };
	struct bgapi_stream *stream;

	REQUIRE(dongle_plug(bed->dongle, &stream) == 0);
	stream->events = &events;
	for (; *commands; commands++)
		send_hex(bed, stream, *commands);
	stream->class->free(stream);
}

static void connect_command(const struct bed *bed, size_t peer, char text[64])
{
	const struct ble_address *a = &bed->peers[peer]->address;

	snprintf(text, 64, "000f0603%02x%02x%02x%02x%02x%02x%02x18002800640000" "00",
		 a->octet[0], a->octet[1], a->octet[2], a->octet[3], a->octet[4],
		 a->octet[5], a->type);
}

static void left_scanning(void)
{
	static const char *const commands[] = { "0001060202", NULL };
	struct bed bed;

	for (uint32_t seed = 0; seed < 4; seed++) {
		bed_make(&bed, 8, seed);
		leave_behind(&bed, commands);
		CHECK(dongle_scanning(bed.dongle));
		run(&bed, 3000); /* reports pile up for whoever comes */
		CHECK_INT(bed_open(&bed), 0);
		CHECK(!dongle_scanning(bed.dongle));
		works(&bed);
		CHECK_INT(find_any(&bed, 5000), 0);
		run(&bed, 100);
		CHECK(!dongle_scanning(bed.dongle));
		bed_end(&bed);
	}
}

static void left_connected(void)
{
	char first[64], second[64];
	const char *const commands[] = { first, second, NULL };
	struct bed bed;

	bed_make(&bed, 8, 3);
	connect_command(&bed, 0, first);
	connect_command(&bed, 1, second);
	leave_behind(&bed, commands);
	run(&bed, 2000);
	CHECK_INT(dongle_count_links(bed.dongle), 2);
	CHECK_INT(bed_open(&bed), 0);
	CHECK_INT(dongle_count_links(bed.dongle), 0);
	works(&bed);
	bed_end(&bed);
}

static void left_connecting(void)
{
	static const char *const commands[] = {
		"000f0603010203040506001800280064000000", NULL
	};
	struct bed bed;

	bed_make(&bed, 8, 0);
	leave_behind(&bed, commands);
	CHECK(dongle_connecting(bed.dongle));
	CHECK_INT(bed_open(&bed), 0);
	CHECK(!dongle_connecting(bed.dongle));
	works(&bed);
	bed_end(&bed);
}

/* The firmware would take our first octets for the rest of it. */
static void left_half_a_command(void)
{
	static const char *const commands[] = { "000f0603", NULL };
	struct bed bed;

	bed_make(&bed, 8, 0);
	leave_behind(&bed, commands);
	CHECK_INT(bed_open(&bed), 0);
	works(&bed);
	bed_end(&bed);
}

static void leaves_nothing(void)
{
	struct ble_client *clients[2];
	struct bed bed;

	bed_make(&bed, 8, 0);
	CHECK_INT(bed_open(&bed), 0);
	for (size_t i = 0; i < 2; i++) {
		clients[i] = client_of(&bed, i);
		CHECK_INT(connect_in(clients[i], 5000), 0);
	}
	CHECK_INT(find_any(&bed, 5000), 0);
	CHECK_INT(dongle_count_links(bed.dongle), 2);
	for (size_t i = 0; i < 2; i++)
		ble_client_unref(clients[i]);
	bed.adapter = ble_adapter_unref(bed.adapter);
	run(&bed, 200);
	CHECK_INT(dongle_count_links(bed.dongle), 0);
	CHECK(!dongle_scanning(bed.dongle));
	bed_end(&bed);
}

/* -- Several links --------------------------------------------------------------------- */

struct counter {
	unsigned int n;
	uint32_t last;
	bool gap;
};

static void count(void *user, uint16_t handle, struct ble_bytes value)
{
	struct counter *counter = user;
	uint32_t number;

	CHECK_INT(handle, REFERENCE_NOTIFY);
	REQUIRE(value.len == 4);
	number = get_le32(value.data);
	if (counter->n++ && number != counter->last + 1)
		counter->gap = true;
	counter->last = number;
}

/* Two notify while a third is discovered, again and again: nothing is mixed up and
 * nothing of 1,000 values is lost. */
static void two_and_one(void)
{
	struct ble_client *clients[PEERS];
	struct counter counters[2] = { { 0 } };
	struct ble_subscription *subscriptions[2];
	unsigned int discoveries = 0;
	struct bed bed;

	bed_make(&bed, 3, 11);
	CHECK_INT(bed_open(&bed), 0);
	for (size_t i = 0; i < 2; i++) {
		clients[i] = client_of(&bed, i);
		CHECK_INT(connect_in(clients[i], 5000), 0);
		CHECK_INT(ble_client_discover_sync(clients[i]), 0);
		CHECK_INT(ble_client_subscribe_sync(clients[i], REFERENCE_NOTIFY,
						    BLE_SUBSCRIBE_AUTO, count, &counters[i],
						    &subscriptions[i]), 0);
	}
	clients[2] = client_of(&bed, 2);
	CHECK_INT(connect_in(clients[2], 5000), 0);
	while (counters[0].n + counters[1].n < 1000) {
		CHECK_INT(ble_client_discover_sync(clients[2]), 0);
		CHECK_INT(ble_services_count(ble_client_services(clients[2])),
			  ble_services_count(ble_client_services(clients[0])));
		discoveries++;
		REQUIRE(discoveries < 1000);
	}
	CHECK(discoveries > 1);
	for (size_t i = 0; i < 2; i++) {
		CHECK(counters[i].n > 400);
		CHECK(!counters[i].gap);
	}
	for (size_t i = 0; i < PEERS; i++)
		ble_client_unref(clients[i]);
	bed_end(&bed);
}

/* The image's number of links is asked for; one too many is told at once, and a
 * place that gets free is taken. */
static void full(void)
{
	struct ble_client *clients[PEERS];
	struct bed bed;

	bed_make(&bed, 2, 0);
	CHECK_INT(bed_open(&bed), 0);
	for (size_t i = 0; i < PEERS; i++)
		clients[i] = client_of(&bed, i);
	CHECK_INT(connect_in(clients[0], 5000), 0);
	CHECK_INT(connect_in(clients[1], 5000), 0);
	CHECK_INT(connect_in(clients[2], 5000), -EMLINK);
	CHECK(strstr(ble_error_text(bed.loop, -EMLINK), "ttyACM0") != NULL);
	ble_client_disconnect(clients[0]);
	CHECK_INT(connect_in(clients[2], 5000), 0);
	CHECK_INT(connect_in(clients[0], 5000), -EMLINK);
	for (size_t i = 0; i < PEERS; i++)
		ble_client_unref(clients[i]);
	bed_end(&bed);
}

/* At once to the same peer: its last link has to be gone first. */
static void again_at_once(void)
{
	struct ble_client *client;
	struct bed bed;

	bed_make(&bed, 8, 5);
	CHECK_INT(bed_open(&bed), 0);
	for (int i = 0; i < 20; i++) {
		client = client_of(&bed, 0);
		CHECK_INT(connect_in(client, 5000), 0);
		ble_client_unref(client);
	}
	bed_end(&bed);
}

static void never_there(void)
{
	static const struct ble_address nobody = { { 9, 9, 9, 9, 9, 9 }, 0 };
	struct ble_client *client;
	uint64_t start;
	struct bed bed;

	bed_make(&bed, 8, 0);
	CHECK_INT(bed_open(&bed), 0);
	REQUIRE(ble_client_new(bed.adapter, &nobody, &client) == 0);
	start = now_ms(&bed);
	CHECK_INT(connect_in(client, 3000), -ETIMEDOUT);
	CHECK(now_ms(&bed) - start <= 3010);
	run(&bed, 50);
	CHECK(!dongle_connecting(bed.dongle));
	ble_client_unref(client);
	works(&bed);
	bed_end(&bed);
}

/* -- Callbacks that may do anything -------------------------------------------------------- */

struct other {
	struct ble_client *client;
	struct ble_op *op;
	unsigned int n;
};

static void cancel_other(void *user, uint8_t reason, bool asked)
{
	struct other *other = user;

	(void)reason;
	(void)asked;
	other->n++;
	ble_op_cancel(other->op);
	other->client = ble_client_unref(other->client);
}

static void never_done(void *user, int error)
{
	(void)user;
	(void)error;
	FAIL("what was cancelled is silent");
}

/* A link's end got lost, its handle is another's now, and who hears of it calls
 * that one off. */
static void end_met_by_a_link(void)
{
	struct other other = { 0 };
	struct ble_client *first;
	struct bed bed;

	bed_make(&bed, 8, 0);
	CHECK_INT(bed_open(&bed), 0);
	first = client_of(&bed, 0);
	CHECK_INT(connect_in(first, 5000), 0);
	ble_client_on_disconnected(first, cancel_other, &other);
	bed_script(&bed, "evt connection_disconnected 1 lose");
	CHECK_INT(dongle_drop_link(bed.dongle, 0, 0x13), 0);
	run(&bed, 100);
	other.client = client_of(&bed, 1);
	CHECK_INT(ble_client_connect(other.client, NULL, never_done, NULL, &other.op), 0);
	run(&bed, 3000);
	CHECK_INT(other.n, 1);
	CHECK_INT(dongle_count_links(bed.dongle), 0);
	ble_client_unref(first);
	works(&bed);
	bed_end(&bed);
}

static void end_with_rssi(void *user, int error, int rssi)
{
	struct other *other = user;

	CHECK_INT(error, 0);
	CHECK(rssi < 0);
	other->n++;
	other->client = ble_client_unref(other->client);
}

static void rssi_asked_twice(void)
{
	struct other other = { 0 };
	struct bed bed;

	bed_make(&bed, 8, 0);
	CHECK_INT(bed_open(&bed), 0);
	other.client = client_of(&bed, 0);
	CHECK_INT(connect_in(other.client, 5000), 0);
	for (int i = 0; i < 2; i++)
		CHECK_INT(ble_client_read_rssi(other.client, end_with_rssi, &other, NULL), 0);
	run(&bed, 1000);
	CHECK_INT(other.n, 1);
	works(&bed);
	bed_end(&bed);
}

static void take_error(void *user, int error)
{
	*(int *)user = error;
}

/* The second is not said to be in force while the first one is, cancelled or not. */
static void update_after_a_cancelled_one(void)
{
	const struct ble_link_params slow = LINK(80, 80, 0, 400), fast = LINK(48, 48, 0, 400);
	struct ble_link_params now;
	struct ble_client *client;
	struct ble_op *op;
	int error = 1;
	struct bed bed;

	bed_make(&bed, 1, 0);
	CHECK_INT(bed_open(&bed), 0);
	client = client_of(&bed, 0);
	CHECK_INT(connect_in(client, 5000), 0);
	CHECK_INT(ble_client_update_link(client, &slow, never_done, NULL, &op), 0);
	ble_op_cancel(op);
	CHECK_INT(ble_client_update_link(client, &fast, take_error, &error, NULL), 0);
	run(&bed, 11000);
	CHECK_INT(error, -EBUSY);
	CHECK_INT(ble_client_update_link_sync(client, &fast), 0);
	CHECK_INT(ble_client_link(client, &now), 0);
	CHECK_INT(now.interval_max, 48);
	ble_client_unref(client);
	bed_end(&bed);
}

/* -- Misbehaviour -------------------------------------------------------------------------- */

/* What goes wrong while a connected client discovers, reads 512 octets, writes them
 * and subscribes; the error that one of these then ends with (0: none, it was retried),
 * and within which time. */
static const struct fault {
	const char *script;
	int error, other; /* either */
	unsigned int ms;
} faults[] = {
	{ "evt attclient_procedure_completed 2 half", -ETIMEDOUT, 0, 31000 },
	{ "evt attclient_group_found 1 half", -EBADMSG, 0, 5000 },
	{ "evt attclient_group_found 1 before 00ff55aa80", -EBADMSG, 0, 5000 },
	{ "evt * 5- after 5aff", -EBADMSG, 0, 5000 },
	{ "rsp attclient_read_by_group_type 1 before 808080", -EBADMSG, 0, 12000 },
	{ "evt attclient_attribute_value 2 inside 3 deadbeef", -EBADMSG, 0, 5000 },
	{ "cmd attclient_read_by_type 1 silence", -ETIMEDOUT, 0, 31000 },
	{ "rsp attclient_read_by_type 1 lose", 0, 0, 12000 },
	{ "rsp attclient_attribute_write 1 lose", 0, 0, 12000 },
	{ "rsp attclient_read_long 1 twice", -EBADMSG, 0, 12000 },
	{ "rsp attclient_read_long 1 wrong", -EBADMSG, 0, 15000 },
	{ "rsp attclient_read_long 1 delay 700", 0, 0, 12000 },
	{ "rsp attclient_read_long 1 delay 4000", 0, 0, 15000 },
	{ "cmd attclient_read_long 1 hang", -ETIMEDOUT, 0, 40000 },
	{ "cmd attclient_read_long 1 result 0x0182", 0, 0, 12000 },
	{ "cmd attclient_attribute_write 1 result 0x0181", 0, 0, 12000 },
	{ "cmd attclient_prepare_write 1-5 result 0x0182", 0, 0, 12000 },
	{ "cmd attclient_read_long 1 result 0x0186", -ENOTCONN, 0, 6000 },
	{ "cmd attclient_read_long 1 result 0x0180", -EINVAL, 0, 6000 },
	{ "evt attclient_procedure_completed 3 lose", -ETIMEDOUT, 0, 35000 },
	{ "evt attclient_procedure_completed 3 twice", 0, 0, 12000 },
	{ "evt attclient_procedure_completed 3 delay 2000", 0, 0, 8000 },
	{ "cmd attclient_read_long 1 unplug 500", -ENOTCONN, 0, 6000 },
	{ "evt attclient_attribute_value 4 unplug 500", -ENOTCONN, 0, 5000 },
	{ "cmd attclient_read_by_type 2 unplug 500", -ENOTCONN, 0, 5000 },
};

static int use(struct ble_client *client)
{
	struct counter counter = { 0 };
	struct ble_subscription *subscription;
	uint8_t value[512];
	size_t len;
	int error = ble_client_discover_sync(client);

	if (!error)
		error = ble_client_read_sync(client, REFERENCE_512, value, 512, &len);
	if (!error)
		error = ble_client_write_sync(client, REFERENCE_512,
					      (struct ble_bytes){ value, 512 });
	if (!error)
		error = ble_client_subscribe_sync(client, REFERENCE_NOTIFY,
						  BLE_SUBSCRIBE_AUTO, count, &counter,
						  &subscription);
	/* It lies on our stack. */
	if (!error)
		error = ble_subscription_free_sync(subscription);
	return error;
}

/* The port comes back, and a new adapter is made of it. */
static void replug(struct bed *bed)
{
	bed->adapter = ble_adapter_unref(bed->adapter);
	run(bed, 3000);
	dongle_replug(bed->dongle);
	CHECK_INT(bed_open(bed), 0);
}

/* Of a dongle that was pulled or that refused, the words name it: an error by itself
 * would send people looking for something else. */
static void check_words(struct bed *bed, const char *script, int error)
{
	const char *words = ble_error_text(bed->loop, error);

	if (error >= 0)
		return;
	harness_about("%s: %s", script, words);
	if (strstr(script, "unplug") || strstr(script, "result"))
		CHECK(strstr(words, "ttyACM0") != NULL);
}

static void fault(const struct fault *f, uint32_t seed)
{
	struct ble_client *client;
	uint64_t start;
	struct bed bed;
	int error;

	bed_make(&bed, 8, seed);
	REQUIRE(bed_open(&bed) == 0);
	client = client_of(&bed, 0);
	CHECK_INT(connect_in(client, 5000), 0);
	bed_script(&bed, f->script);
	start = now_ms(&bed);
	error = use(client);
	if (error != f->error && error != f->other)
		CHECK_INT(error, f->error);
	check_words(&bed, f->script, error);
	CHECK(now_ms(&bed) - start <= f->ms);
	ble_client_unref(client);
	dongle_script_clear(bed.dongle);
	if (strstr(f->script, "unplug"))
		replug(&bed);
	works(&bed);
	bed_end(&bed);
}

static void faults_of_links(void)
{
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		fault(&faults[i], 0);
		fault(&faults[i], 17);
	}
}

/* What goes wrong while connecting: retried, or ended with this error. */
static void faults_of_connects(void)
{
	static const struct fault rows[] = {
		{ "cmd gap_connect_direct 1-3 fail 60", 0, 0, 12000 },
		{ "cmd gap_connect_direct 1- fail 60", -ETIMEDOUT, 0, 10010 },
		{ "cmd gap_connect_direct 1 result 0x0181", 0, 0, 12000 },
		{ "cmd gap_connect_direct 1- result 0x0181", -EBUSY, 0, 5000 },
		{ "cmd gap_connect_direct 1 result 0x0209", -EMLINK, 0, 5000 },
		{ "cmd gap_connect_direct 1 result 0x0180", -EINVAL, 0, 5000 },
		{ "cmd gap_connect_direct 1 silence", 0, 0, 9000 },
		{ "cmd gap_connect_direct 1- silence", -ETIMEDOUT, 0, 10010 },
		{ "rsp gap_connect_direct 1 lose", 0, 0, 9000 },
		{ "rsp gap_connect_direct 1 delay 500", 0, 0, 12000 },
		{ "evt connection_status 1 lose", -ETIMEDOUT, 0, 10010 },
		{ "evt connection_status 1 twice", 0, 0, 12000 },
		{ "evt connection_status 1 half", -ETIMEDOUT, 0, 10010 },
		{ "cmd gap_connect_direct 1 unplug 500", -ENODEV, 0, 1000 },
		{ "evt connection_status 1 unplug 500", -ENODEV, 0, 1000 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ble_client *client;
		uint64_t start;
		struct bed bed;
		int error;

		bed_make(&bed, 8, (uint32_t)i & 1 ? 23 : 0);
		REQUIRE(bed_open(&bed) == 0);
		bed_script(&bed, rows[i].script);
		client = client_of(&bed, 1);
		start = now_ms(&bed);
		error = connect_in(client, 10000);
		if (error != rows[i].error && error != rows[i].other)
			CHECK_INT(error, rows[i].error);
		check_words(&bed, rows[i].script, error);
		CHECK(now_ms(&bed) - start <= rows[i].ms);
		if (error == -ETIMEDOUT) { /* nothing is left of it */
			run(&bed, 500);
			CHECK_INT(dongle_count_links(bed.dongle), 0);
		}
		dongle_script_clear(bed.dongle);
		if (error == -ETIMEDOUT)
			CHECK_INT(connect_in(client, 5000), 0);
		ble_client_unref(client);
		if (strstr(rows[i].script, "unplug"))
			replug(&bed);
		works(&bed);
		bed_end(&bed);
	}
}

struct ended {
	unsigned int n;
	int error;
	uint64_t time;
	struct bed *bed;
	const char *script;
};

static void scan_ended(void *user, int error)
{
	struct ended *ended = user;

	ended->n++;
	ended->error = error;
	ended->time = now_ms(ended->bed);
	if (ended->script)
		check_words(ended->bed, ended->script, error);
}

static void seen(void *user, struct ble_device *device, const struct ble_advertisement *adv)
{
	(void)device;
	(void)adv;
	++*(unsigned int *)user;
}

static void ignore(void *user, struct ble_device *device, const struct ble_advertisement *adv)
{
	(void)user;
	(void)device;
	(void)adv;
}

static void faults_of_scans(void)
{
	static const struct fault rows[] = {
		{ "cmd gap_discover 1 result 0x0181", 0, 0, 0 },
		{ "cmd gap_discover 1- result 0x0181", -EBUSY, 0, 2000 },
		{ "cmd gap_discover 1- result 0x0183", -EOPNOTSUPP, 0, 2000 },
		{ "cmd gap_set_scan_parameters 1- result 0x0180", -EINVAL, 0, 2000 },
		{ "cmd gap_discover 1 silence", 0, 0, 0 },
		{ "cmd gap_discover 1- silence", -ETIMEDOUT, 0, 15000 },
		{ "rsp gap_discover 1 lose", 0, 0, 0 },
		{ "cmd * 1- silence", -ENODEV, 0, 14000 },
		{ "cmd gap_discover 1 unplug 100", -ENODEV, 0, 1000 },
		{ "evt gap_scan_response 3 unplug 100", -ENODEV, 0, 5000 },
		{ "evt gap_scan_response 2- before ff00", 0, 0, 0 },
		{ "evt gap_scan_response 2-9 half", 0, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ended ended = { 0 };
		struct ble_scanner *counts, *hears;
		unsigned int reports = 0;
		uint64_t start;
		struct bed bed;

		bed_make(&bed, 8, (uint32_t)i & 1 ? 0 : 29);
		REQUIRE(bed_open(&bed) == 0);
		bed_script(&bed, rows[i].script);
		ended.bed = &bed;
		ended.script = rows[i].script;
		/* One counts, one hears of the end. */
		REQUIRE(ble_scanner_new(bed.adapter, seen, NULL, &reports, &counts) == 0);
		REQUIRE(ble_scanner_new(bed.adapter, ignore, scan_ended, &ended, &hears) == 0);
		CHECK_INT(ble_scanner_start(counts, NULL), 0);
		CHECK_INT(ble_scanner_start(hears, NULL), 0);
		start = now_ms(&bed);
		run(&bed, 20000);
		CHECK_INT(ended.n, rows[i].error ? 1 : 0);
		CHECK_INT(ended.error, rows[i].error);
		if (rows[i].error)
			CHECK(ended.time - start <= rows[i].ms);
		else
			CHECK(reports > 20);
		ble_scanner_unref(counts);
		ble_scanner_unref(hears);
		dongle_script_clear(bed.dongle);
		if (rows[i].error == -ENODEV)
			replug(&bed);
		CHECK_INT(find_any(&bed, 5000), 0);
		works(&bed);
		bed_end(&bed);
	}
}

/* It answers, but always too late: what is asked fails, the dongle is not given up. */
static void slow_answers(void)
{
	struct ended ended = { 0 };
	struct ble_scanner *scanner;
	struct bed bed;

	bed_make(&bed, 8, 0);
	REQUIRE(bed_open(&bed) == 0);
	bed_script(&bed, "rsp * 1- delay 3500");
	ended.bed = &bed;
	REQUIRE(ble_scanner_new(bed.adapter, NULL, scan_ended, &ended, &scanner) == 0);
	CHECK_INT(ble_scanner_start(scanner, NULL), 0);
	run(&bed, 60000);
	CHECK_INT(ended.n, 1);
	CHECK_INT(ended.error, -ETIMEDOUT);
	ble_scanner_unref(scanner);
	dongle_script_clear(bed.dongle);
	run(&bed, 10000);
	works(&bed);
	bed_end(&bed);
}

/* -- Coming ------------------------------------------------------------------------------------ */

static void strangers(void)
{
	static const struct {
		const char *script, *text;
		int error;
	} rows[] = {
		{ "cmd * silence", "nothing there answers", -ETIMEDOUT },
		{ "rsp * wrong", "does not answer \"hello\"", -ENODEV },
		{ "rsp system_get_info half", "does not answer \"system_get_info\"", -ENODEV },
		{ "cmd system_get_connections silence", "system_get_connections", -ETIMEDOUT },
		{ "rsp system_hello unplug 50", "went away", -ENODEV },
		{ "evt connection_status lose", "tell of the connections", -EBUSY },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bed bed;
		uint64_t start;

		bed_make(&bed, 8, 0);
		bed_script(&bed, rows[i].script);
		start = now_ms(&bed);
		CHECK_INT(bed_open(&bed), rows[i].error);
		CHECK(now_ms(&bed) - start <= 3000);
		if (!strstr(ble_error_text(bed.loop, rows[i].error), rows[i].text))
			CHECK_STR(ble_error_text(bed.loop, rows[i].error), rows[i].text);
		dongle_script_clear(bed.dongle);
		run(&bed, 2000);
		dongle_replug(bed.dongle);
		CHECK_INT(bed_open(&bed), 0);
		works(&bed);
		bed_end(&bed);
	}
}

static void images(void)
{
	for (unsigned int links = 1; links <= 8; links++) {
		struct bed bed;

		bed_make(&bed, links, links);
		CHECK_INT(bed_open(&bed), 0);
		works(&bed);
		bed_end(&bed);
	}
}

/* -- What is asked -------------------------------------------------------------------- */

static struct sim_peripheral *add_flat(struct bed *bed)
{
	static const struct ble_address address = { { 9, 0, 0, 0, 0, 0xc0 }, BLE_ADDRESS_RANDOM };
	const struct ble_uuid uuid = ble_uuid16(0x180f);
	struct sim_peripheral *p;

	REQUIRE(sim_add_peripheral(&bed->model, "flat", &address, &p) == 0);
	sim_advertise_name(p);
	REQUIRE(gatt_add_service(&p->table, 0, true, &uuid) == 0);
	for (uint16_t i = 0; i < 5; i++)
		REQUIRE(sim_add_characteristic(p, &(const struct gatt_characteristic){
			.uuid = ble_uuid16((uint16_t)(0x2a00 + i)), .properties = BLE_READ,
		}, NULL, NULL) == 0);
	REQUIRE(sim_peripheral_finish(p) == 0);
	return p;
}

/* The firmware walks to the end of a range by itself: a sweep is one request, and
 * ending one early to ask for the rest again is none the fewer. */
static void whole_sweeps(void)
{
	struct sim_peripheral *flat;
	struct ble_client *client;
	struct bed bed;
	unsigned int before;

	bed_peers(&bed);
	flat = add_flat(&bed);
	bed_dongle(&bed, 8, 0);
	REQUIRE(bed_open(&bed) == 0);
	REQUIRE(ble_client_new(bed.adapter, &flat->address, &client) == 0);
	CHECK_INT(connect_in(client, 5000), 0);
	before = ble_client_requests(client);
	CHECK_INT(ble_client_discover_sync(client), 0);
	CHECK_INT(ble_services_count_characteristics(ble_client_services(client)), 5);
	CHECK_INT(ble_client_requests(client) - before, 2);
	ble_client_unref(client);
	bed_end(&bed);
}

/* A descriptor that none can be. */
static unsigned int misplaced(const struct ble_services *tree)
{
	const struct ble_descriptor *d = NULL;
	unsigned int n = 0;

	for (size_t i = 0; i < tree->n_descriptors; i++) {
		const struct ble_descriptor *before = d;
		uint16_t type;

		d = &tree->descriptors[i];
		type = ble_uuid_short(&d->uuid);
		n += type >= 0x2800 && type <= 0x2803;
		n += before && type == 0x2902 && before->characteristic == d->characteristic &&
		     ble_uuid_short(&before->uuid) == type;
	}
	return n;
}

/* Discovers with these faults of the dongle; more than one time is for the whole tree. */
static int discover_with(const char *script, struct ble_services *ret_counts,
			 unsigned int *ret_requests)
{
	struct ble_client *client;
	const struct ble_services *tree;
	unsigned int before;
	struct bed bed;
	int error;

	bed_make(&bed, 8, 0);
	REQUIRE(bed_open(&bed) == 0);
	client = client_of(&bed, 0);
	REQUIRE(connect_in(client, 5000) == 0);
	bed_script(&bed, script);
	before = ble_client_requests(client);
	error = ble_client_discover_sync(client);
	*ret_requests = ble_client_requests(client) - before;
	tree = ble_client_services(client);
	CHECK_INT(misplaced(tree), 0);
	*ret_counts = *tree;
	if (error == -EBADMSG)
		CHECK(strstr(ble_error_text(bed.loop, error), "lost") != NULL);
	ble_client_unref(client);
	bed_end(&bed);
	return error;
}

/* The number of this characteristic in the tree, from 1. */
static unsigned int number_of(uint16_t handle)
{
	struct ble_client *client;
	unsigned int n = 0;
	struct bed bed;

	bed_make(&bed, 8, 0);
	REQUIRE(bed_open(&bed) == 0);
	client = client_of(&bed, 0);
	REQUIRE(connect_in(client, 5000) == 0);
	REQUIRE(ble_client_discover_sync(client) == 0);
	while (client->connection->gatt.tree.characteristics[n++].value_handle != handle)
		REQUIRE(n < client->connection->gatt.tree.n_characteristics);
	ble_client_unref(client);
	bed_end(&bed);
	return n;
}

/* Both events of a declaration are lost, and one of each other handle: its configuration is
 * the second one of the characteristic before it. */
static void lost_twice_over(void)
{
	static const uint16_t handles[] = { REFERENCE_INDICATE, REFERENCE_BOTH };
	struct ble_services whole, seen;
	unsigned int requests, again;

	CHECK_INT(discover_with("", &whole, &requests), 0);
	for (size_t i = 0; i < 2; i++) {
		unsigned int n = number_of(handles[i]);

		for (unsigned int m = 1; m < 60; m++) {
			char script[120];

			snprintf(script, sizeof(script), "evt attclient_attribute_value %u lose; "
				 "evt attclient_find_information_found %u lose", n, m);
			CHECK_INT(discover_with(script, &seen, &again), 0);
			CHECK_INT(seen.n_characteristics, whole.n_characteristics);
			CHECK(again > requests);
		}
	}
}

/* The event of one characteristic's declaration is lost: everything is asked for once more.
 * It is lost twice: an error, and no tree that has a declaration as a descriptor. */
static void lost_declarations(void)
{
	struct ble_services whole, seen;
	unsigned int requests, again, found = 0;
	size_t again_at;

	CHECK_INT(discover_with("", &whole, &requests), 0);
	again_at = whole.n_characteristics + whole.n_includes;
	REQUIRE(whole.n_characteristics > 10);
	for (size_t n = 1; n <= whole.n_characteristics; n++) {
		char script[100];

		snprintf(script, sizeof(script), "evt attclient_attribute_value %zu lose", n);
		CHECK_INT(discover_with(script, &seen, &again), 0);
		/* Handles before the first descriptor are not asked for twice. */
		if (again <= requests) {
			CHECK(n <= 4);
			continue;
		}
		found++;
		CHECK_INT(seen.n_characteristics, whole.n_characteristics);
		CHECK_INT(seen.n_descriptors, whole.n_descriptors);
		snprintf(script, sizeof(script), "evt attclient_attribute_value %zu lose; "
			 "evt attclient_attribute_value %zu lose", n, n + again_at);
		CHECK_INT(discover_with(script, &seen, &again), -EBADMSG);
	}
	CHECK_INT(found, whole.n_characteristics - 3);
}

static const struct test_case left[] = {
	TEST(left_scanning), TEST(left_connected), TEST(left_connecting),
	TEST(left_half_a_command), TEST(leaves_nothing), { 0 }
};
static const struct test_case links[] = {
	TEST(two_and_one), TEST(full), TEST(again_at_once), TEST(never_there),
	TEST(images), TEST(whole_sweeps), { 0 }
};
static const struct test_case callbacks[] = {
	TEST(end_met_by_a_link), TEST(rssi_asked_twice), TEST(update_after_a_cancelled_one),
	{ 0 }
};
static const struct test_case wrong[] = {
	TEST(faults_of_links), TEST(faults_of_connects), TEST(faults_of_scans), TEST(slow_answers),
	TEST(strangers), TEST(lost_declarations), TEST(lost_twice_over), { 0 }
};
static const struct test_suite suites[] = {
	{ "left", left }, { "links", links }, { "callbacks", callbacks }, { "wrong", wrong }, { 0 }
};

int main(int argc, char **argv)
{
	return harness_main(argc, argv, suites);
}
