/* SPDX-License-Identifier: MIT */
/*
 * A dongle's messages: octets of the port to the user's callback, against the
 * framer that does nothing else. The octets are values that a peer notifies, as
 * a dongle tells them, in pieces as they come from a port.
 */
#include <stdlib.h>
#include <string.h>

#include "bgapi/bgapi.h"
#include "bgapi/frame.h"
#include "bgapi/stream.h"
#include "tests/bench/fixture.h"
#include "tests/dongle/dongle.h"

enum { MESSAGES = 2000, VALUE = 20, MESSAGE = 4 + 5 + VALUE, PIECE = 4096, ROUNDS = 100 };

static uint8_t octets[MESSAGES * MESSAGE];

/* evt_attclient_attribute_value of connection 0, type notify */
static void make_messages(void)
{
	static const uint8_t head[] = { 0x80, 5 + VALUE, 4, 5, 0, REFERENCE_NOTIFY, 0, 1, VALUE };

	for (size_t i = 0; i < MESSAGES; i++) {
		memcpy(octets + i * MESSAGE, head, sizeof(head));
		memset(octets + i * MESSAGE + sizeof(head), (int)i & 0xff, VALUE);
	}
}

static void on_value(void *user, uint16_t handle, struct ble_bytes value)
{
	unsigned int *seen = user;

	(void)handle;
	NEED(value.len == VALUE);
	++*seen;
}

static double run_floor(void)
{
	static struct bgapi_framer framer;
	uint64_t start = bench_cpu();
	struct bgapi_frame frame;
	size_t count = 0;

	bgapi_framer_init(&framer, false, false);
	for (size_t at = 0; at < sizeof(octets); at += PIECE) {
		size_t left = sizeof(octets) - at;
		struct ble_bytes input = { octets + at, left < PIECE ? left : PIECE };

		while (bgapi_framer_next(&framer, &input, &frame))
			count++;
	}
	NEED(count == MESSAGES);
	return (double)(bench_cpu() - start) / MESSAGES;
}

static double run_ours(struct bgapi_stream *stream, unsigned int *seen)
{
	uint64_t start = bench_cpu();

	*seen = 0;
	for (size_t at = 0; at < sizeof(octets); at += PIECE) {
		size_t left = sizeof(octets) - at;

		stream->events->input(stream->user, (struct ble_bytes){
			octets + at, left < PIECE ? left : PIECE });
	}
	NEED(*seen == MESSAGES);
	return (double)(bench_cpu() - start) / MESSAGES;
}

static void compare(struct bgapi_stream *stream, unsigned int *seen)
{
	unsigned long before = bench_allocations();
	struct bench_figure figure = {
		.path = "BGAPI, octets to callback", .against = "framer alone", .unit = "/s",
		.kind = REACH_AT_LEAST, .reach = 1000000,
	};
	struct bench_pair pair;

	bench_pair_init(&pair, ROUNDS);
	before = bench_allocations();
	for (int i = 0; i < ROUNDS; i++) {
		double floor = run_floor();

		bench_pair_add(&pair, run_ours(stream, seen), floor);
	}
	before = bench_allocations() - before;
	figure.ours = 1e9 / bench_share(pair.ours, pair.n, 0.5);
	figure.floor = 1e9 / bench_share(pair.floor, pair.n, 0.5);
	bench_figure(&figure);
	bench_figure(&(struct bench_figure){ .path = "- allocations", .ours = (double)before,
					     .unit = "", .kind = REACH_AT_MOST });
	bench_pair_free(&pair);
}

void bench_bgapi(void)
{
	struct sim_peripheral *peripheral;
	struct ble_adapter *adapter;
	struct dongle_config config;
	struct bgapi_stream *stream;
	struct ble_client *client;
	struct adapter *backend;
	struct sim_model model;
	struct dongle *dongle;
	struct ble_loop *loop;
	unsigned int seen = 0;

	NEED(ble_loop_new(&loop) == 0);
	loop_clock_freeze(loop);
	sim_model_init(&model);
	NEED(reference_peripheral(&model, REFERENCE_MIDDLE, 1000, &peripheral) == 0);
	dongle_config_init(&config);
	NEED(dongle_new(loop, &model, &config, &dongle) == 0);
	NEED(dongle_plug(dongle, &stream) == 0);
	NEED(bgapi_open(loop, "bled112", stream, NULL, &backend) == 0);
	NEED(adapter_new(loop, backend, &adapter) == 0);
	NEED(ble_client_new(adapter, &peripheral->address, &client) == 0);
	NEED(ble_client_connect_sync(client, NULL) == 0);
	NEED(ble_client_discover_sync(client) == 0);
	NEED(ble_client_subscribe_sync(client, REFERENCE_NOTIFY, BLE_SUBSCRIBE_AUTO, on_value,
				       &seen, NULL) == 0);
	make_messages();
	compare(stream, &seen);
	ble_client_unref(client);
	ble_adapter_unref(adapter);
	dongle_free(dongle);
	sim_model_release(&model);
	ble_loop_unref(loop);
}
