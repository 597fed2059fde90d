/* SPDX-License-Identifier: MIT */
/* See script_dongle.h: the other end of the stream has fixed answers until there is
 * a link; from then on it sends what the script says. */
#include "tests/script_dongle.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bgapi/adapter.h"
#include "bgapi/bgapi.h"
#include "tests/harness.h"

struct wire {
	struct bgapi_stream stream;
	struct script *script;
	struct ble_loop *loop;
	struct adapter *adapter;
	struct connect_op connect;
	bool open;        /* the stream */
	bool ready;       /* the script speaks */
	size_t len;       /* octets by rote that wait */
	uint8_t octet[128];
};

/* By class and number of the command. Two links, none of them up. */
static const struct {
	uint8_t class, number, len;
	uint8_t answer[44];
} answers[] = {
	{ 0, 1, 4, { 0, 0, 0, 1 } },
	{ 0, 8, 16, { 0, 12, 0, 8, 1, 0, 3, 0, 2, 0, 122, 0, 3, 0, 1, 2 } },
	{ 0, 2, 10, { 0, 6, 0, 2, 0xee, 0xff, 0xc0, 0x80, 7, 0 } },
	{ 0, 6, 45 - 1, { 0, 1, 0, 6, 2,
		      0x80, 16, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff,
		      0x80, 16, 3, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 } },
	{ 3, 0, 7, { 0, 3, 3, 0, 0, 0, 0 } },
	{ 6, 1, 6, { 0, 2, 6, 1, 0, 0 } },
	{ 6, 4, 6, { 0, 2, 6, 4, 0x81, 1 } },
	{ 6, 3, 27, { 0, 3, 6, 3, 0, 0, 0,
		      0x80, 16, 3, 0, 0, 5, 1, 2, 3, 4, 5, 6, 0, 24, 0, 100, 0, 0, 0, 0xff } },
};

static int wire_send(struct bgapi_stream *stream, struct ble_bytes octets)
{
	struct wire *wire = container_of(stream, struct wire, stream);

	if (wire->ready) {
		script_sent(wire->script, octets, (struct ble_bytes){ NULL, 0 });
		return 0;
	}
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		if (octets.data[2] != answers[i].class || octets.data[3] != answers[i].number)
			continue;
		memcpy(wire->octet, answers[i].answer, answers[i].len);
		wire->len = answers[i].len;
		if (answers[i].class == 0 && answers[i].number == 6)
			wire->octet[wire->len++] = 0xff; /* the last one's bonding */
		return 0;
	}
	FAIL("a command that nobody expected");
	return 0;
}

static int hand_over(struct wire *wire)
{
	size_t len = wire->len;

	wire->len = 0;
	if (!wire->open || !len)
		return -ETIMEDOUT;
	wire->stream.events->input(wire->stream.user,
				   (struct ble_bytes){ wire->octet, len });
	return 0;
}

static int wire_wait(struct bgapi_stream *stream, unsigned int ms)
{
	(void)ms;
	return hand_over(container_of(stream, struct wire, stream));
}

static void wire_free(struct bgapi_stream *stream)
{
	container_of(stream, struct wire, stream)->open = false;
}

static void connected(struct connect_op *op, int error, uint8_t reason, struct att *att)
{
	struct wire *wire = container_of(op, struct wire, connect);

	CHECK_INT(error, 0);
	CHECK_INT(reason, 0);
	wire->script->att = att;
}

static int dongle_open(struct script *script)
{
	static const struct bgapi_stream_class class = { wire_send, wire_wait, wire_free };
	struct wire *wire = calloc(1, sizeof(*wire));

	REQUIRE(wire != NULL);
	script->link = wire;
	wire->script = script;
	wire->stream.class = &class;
	wire->open = true;
	REQUIRE(ble_loop_new(&wire->loop) == 0);
	loop_clock_freeze(wire->loop);
	REQUIRE(bgapi_open(wire->loop, "dongle", &wire->stream, NULL, &wire->adapter) == 0);
	wire->connect.address = (struct ble_address){ { 1, 2, 3, 4, 5, 6 },
						      BLE_ADDRESS_PUBLIC };
	wire->connect.done = connected;
	REQUIRE(wire->adapter->class->connect(wire->adapter, &wire->connect) == 0);
	for (int i = 0; i < 4 && !script->att; i++) {
		CHECK_INT(ble_loop_dispatch(wire->loop, 0), 0);
		hand_over(wire);
	}
	REQUIRE(script->att != NULL);
	CHECK_INT(ble_loop_dispatch(wire->loop, 0), 0);
	wire->ready = true;
	return 0;
}

static void settle(struct script *script)
{
	struct wire *wire = script->link;

	for (int i = 0; i < 3; i++) {
		script->dispatching = true;
		CHECK_INT(ble_loop_dispatch(wire->loop, 0), 0);
		script->dispatching = false;
	}
}

static void dongle_input(struct script *script, const uint8_t *pdu, size_t len)
{
	struct wire *wire = script->link;

	script->dispatching = true;
	if (wire->open)
		wire->stream.events->input(wire->stream.user,
					   (struct ble_bytes){ pdu, len });
	script->dispatching = false;
	settle(script);
}

static void dongle_wait(struct script *script, unsigned int ms)
{
	struct wire *wire = script->link;

	loop_clock_advance(wire->loop, ms);
	settle(script);
}

/* Pulled out. */
static void dongle_close(struct script *script, int error, uint8_t reason)
{
	struct wire *wire = script->link;

	(void)reason;
	script->dispatching = true;
	if (wire->open)
		wire->stream.events->closed(wire->stream.user, error);
	script->dispatching = false;
	settle(script);
}

static bool dongle_idle(struct script *script)
{
	const struct bgapi_link *link = bgapi_link_of(script->att);

	return !link->busy && !link->writing && !link->owner->dongle.sent;
}

static void dongle_end(struct script *script)
{
	struct wire *wire = script->link;

	wire->ready = false;
	wire->adapter->class->free(wire->adapter);
	CHECK(!wire->open);
	ble_loop_unref(wire->loop);
	free(wire);
}

const struct script_wire dongle_wire = {
	.name = "dongle",
	.messages = true,
	.open = dongle_open,
	.input = dongle_input,
	.settle = settle,
	.wait = dongle_wait,
	.close = dongle_close,
	.idle = dongle_idle,
	.end = dongle_end,
};
