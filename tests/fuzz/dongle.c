/* SPDX-License-Identifier: MIT */
/*
 * A dongle's adapter over a stream in memory. It is opened by a dongle that
 * answers well; from then on the dongle answers well, late, twice, not at all or
 * nonsense, sends any event and any octets, while users scan, connect and use
 * their links.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "bgapi/bgapi.h"
#include "bgapi/dongle.h"
#include "tests/fuzz/user.h"

enum { LINKS = 3, QUEUE = 4096 };

struct attempt {
	struct connect_op op;
	bool queued;
	struct user user;
	struct link_op radio;
	bool asked;
};

static struct {
	struct fuzz *fuzz;
	struct ble_loop *loop;
	struct adapter *adapter; /* NULL: freed */
	struct bgapi_stream stream;
	struct bgapi_framer framer; /* of what it is told */
	bool open, gone, freed;
	struct loop_task deliver;
	size_t len;
	uint8_t octet[QUEUE]; /* what it says and was not heard yet */
	struct attempt attempts[LINKS];
} world;

/* -- What it says ----------------------------------------------------------------------- */

static void say(const void *data, size_t len)
{
	if (!len || len > QUEUE - world.len)
		return;
	memcpy(world.octet + world.len, data, len);
	world.len += len;
	if (world.open && !world.freed)
		loop_defer(world.loop, &world.deliver);
}

static void say_packet(const struct bgapi_packet *packet)
{
	say(packet->octet, packet->len);
}

#define SAY(NAME, ...)                                                               \
	do {                                                                         \
		struct bgapi_packet packet_;                                         \
		const struct bgapi_##NAME params_ = { __VA_ARGS__ };                 \
		HOLDS(bgapi_write(NAME, &params_, false, &packet_) == 0);            \
		say_packet(&packet_);                                                \
	} while (0)

/* All that it has said so far, as one piece. */
static void hear(void)
{
	uint8_t *copy = fuzz_copy(bytes(world.octet, world.len));
	size_t len = world.len;

	world.len = 0;
	if (!world.freed)
		world.stream.events->input(world.stream.user, bytes(copy, len));
	free(copy);
}

static void set_dispatching(bool dispatching)
{
	for (size_t i = 0; i < LINKS; i++)
		world.attempts[i].user.dispatching = dispatching;
}

static void deliver(struct loop_task *task)
{
	(void)task;
	if (world.gone && !world.freed)
		world.stream.events->closed(world.stream.user, -ENODEV);
	else if (world.len)
		hear();
}

/* A message with whatever in it, but of a length that it can have. */
static void say_message(const struct bgapi_message *message, struct fuzz *fuzz)
{
	struct ble_bytes octets = fuzz_bytes(fuzz, BGAPI_PAYLOAD_MAX);
	uint8_t frame[BGAPI_FRAME_MAX] = { 0 };
	size_t at = BGAPI_HEADER;

	for (size_t i = 0; i < octets.len; i++)
		frame[BGAPI_HEADER + i] = octets.data[i];
	for (struct bgapi_param p = bgapi_first(message); p.type != BGAPI_END; bgapi_next(&p)) {
		static const uint8_t width[] = {
			[BGAPI_U8] = 1, [BGAPI_I8] = 1, [BGAPI_U16] = 2, [BGAPI_I16] = 2,
			[BGAPI_U32] = 4, [BGAPI_X16] = 2, [BGAPI_X32] = 4,
			[BGAPI_RESULT] = 2, [BGAPI_ADDR] = 6, [BGAPI_ARR] = 1,
			[BGAPI_UUID] = 1,
		};

		at += width[p.type];
		if (p.type != BGAPI_ARR && p.type != BGAPI_UUID)
			continue;
		if (octets.len + BGAPI_HEADER > at) {
			frame[at - 1] = (uint8_t)(octets.len + BGAPI_HEADER - at);
			at += frame[at - 1];
		} else {
			frame[at - 1] = 0;
		}
	}
	frame[0] = (int)message->id >> 16 == BGAPI_EVENT ? 0x80 : 0;
	frame[1] = (uint8_t)(at - BGAPI_HEADER);
	frame[2] = (uint8_t)((int)message->id >> 8);
	frame[3] = (uint8_t)message->id;
	say(frame, at);
}

static const enum bgapi_id events[] = {
	BGAPI_evt_connection_status, BGAPI_evt_connection_disconnected,
	BGAPI_evt_attclient_procedure_completed, BGAPI_evt_attclient_group_found,
	BGAPI_evt_attclient_find_information_found, BGAPI_evt_attclient_attribute_value,
	BGAPI_evt_attclient_read_multiple_response, BGAPI_evt_attclient_indicated,
	BGAPI_evt_gap_scan_response, BGAPI_evt_system_boot,
	BGAPI_evt_system_protocol_error, BGAPI_evt_system_debug,
};

static void say_event(void)
{
	unsigned int which = fuzz_below(world.fuzz, sizeof(events) / sizeof(events[0]));

	say_message(bgapi_message((int)events[which]), world.fuzz);
}

/* -- What it answers ------------------------------------------------------------------------- */

static const struct bgapi_message *response_to(const struct bgapi_frame *command)
{
	return bgapi_message((int)command->message->id - (BGAPI_COMMAND << 16) +
			     (BGAPI_RESPONSE << 16));
}

/* All zero, hence success; of the link or as many links as there are. */
static void answer(const struct bgapi_frame *command)
{
	const struct bgapi_message *message = response_to(command);
	uint8_t octets[1 + BGAPI_PAYLOAD_MAX] = { 1, 0 };
	struct fuzz zero = { octets, 2 };

	if (!message)
		return;
	if (message->id == BGAPI_rsp_system_get_connections)
		octets[1] = LINKS;
	else if (command->payload.len)
		octets[1] = command->payload.data[0];
	if (bgapi_first(message).type == BGAPI_RESULT)
		octets[1] = 0;
	say_message(message, &zero);
}

/* What then follows, where all goes well. */
static void follow(const struct bgapi_frame *command)
{
	uint8_t link = command->payload.len ? command->payload.data[0] : 0;

	switch ((int)command->message->id) {
	case BGAPI_cmd_system_get_connections:
		for (uint8_t i = 0; i < LINKS; i++)
			SAY(evt_connection_status, .connection = i);
		break;
	case BGAPI_cmd_connection_get_status:
		SAY(evt_connection_status, .connection = link);
		break;
	case BGAPI_cmd_connection_disconnect:
		SAY(evt_connection_disconnected, .connection = link, .reason = 0x0216);
		break;
	case BGAPI_cmd_gap_connect_direct:
		SAY(evt_connection_status, .connection = 0, .flags = 5,
		    .address = { { 1, 2, 3, 4, 5, 6 }, 0 }, .address_type = 1,
		    .conn_interval = 16, .timeout = 100, .bonding = 255);
		break;
	default:
		if (((int)command->message->id >> 8 & 0xff) == BGAPI_CLASS_attclient &&
		    command->message->id != BGAPI_cmd_attclient_write_command &&
		    command->message->id != BGAPI_cmd_attclient_indicate_confirm)
			SAY(evt_attclient_procedure_completed, .connection = link);
		break;
	}
}

static void take(const struct bgapi_frame *command)
{
	uint8_t how = world.open ? fuzz_u8(world.fuzz) : 0;
	struct ble_bytes noise;

	switch (how >> 4) {
	case 15: /* silence */
		return;
	case 14:
		answer(command);
		answer(command);
		break;
	case 13: case 12: case 11:
		if (response_to(command))
			say_message(response_to(command), world.fuzz);
		return;
	case 10:
		noise = fuzz_bytes(world.fuzz, 60);
		say(noise.data, noise.len);
		break;
	case 9: case 8: case 7:
		answer(command);
		return;
	case 6:
		say_event();
		answer(command);
		break;
	default:
		answer(command);
		break;
	}
	follow(command);
}

static int stream_send(struct bgapi_stream *stream, struct ble_bytes octets)
{
	struct bgapi_frame frame;
	struct ble_bytes rest = octets;

	(void)stream;
	HOLDS(!world.freed);
	fuzz_touch(octets);
	if (world.gone)
		return -ENODEV;
	while (bgapi_framer_next(&world.framer, &rest, &frame))
		take(&frame);
	HOLDS(!bgapi_framer_pending(&world.framer) && !world.framer.skipped);
	return 0;
}

static int stream_wait(struct bgapi_stream *stream, unsigned int ms)
{
	(void)stream;
	HOLDS(!world.freed);
	if (world.gone)
		return -ENODEV;
	if (!world.len) {
		loop_clock_advance(world.loop, ms);
		return -ETIMEDOUT;
	}
	hear();
	return 0;
}

static void stream_free(struct bgapi_stream *stream)
{
	(void)stream;
	world.freed = true;
	loop_undefer(&world.deliver);
}

/* -- Its users --------------------------------------------------------------------------- */

static void step(void);

static void react(void)
{
	if (world.fuzz->len && fuzz_u8(world.fuzz) >= 0xe0)
		step();
}

static void on_report(void *user, const struct ble_advertisement *report)
{
	(void)user;
	HOLDS(world.adapter != NULL);
	fuzz_touch(report->data);
	react();
}

static void on_ended(void *user, int error)
{
	(void)user;
	HOLDS(world.adapter && error < 0);
	react();
}

static void on_gone(void *user)
{
	(void)user;
	HOLDS(world.adapter);
	for (size_t i = 0; i < LINKS; i++)
		HOLDS(!world.attempts[i].queued);
	react();
}

static void drop_radio(struct attempt *attempt);

/* The radio's side goes before its link. */
static void freeing(struct user *user)
{
	drop_radio(container_of(user, struct attempt, user));
}

static void on_connect(struct connect_op *op, int error, uint8_t reason, struct att *att)
{
	struct attempt *attempt = container_of(op, struct attempt, op);

	(void)reason;
	HOLDS(attempt->queued && error <= 0 && !att == !!error);
	attempt->queued = false;
	if (att) {
		user_begin(&attempt->user, world.fuzz, att);
		attempt->user.freeing = freeing;
		attempt->user.dispatching = true;
	}
	react();
}

static void on_radio(struct link_op *op, int error, int8_t rssi)
{
	struct attempt *attempt = container_of(op, struct attempt, radio);

	(void)rssi;
	HOLDS(attempt->asked && error <= 0);
	attempt->asked = false;
	react();
}

static void drop_radio(struct attempt *attempt)
{
	if (attempt->asked)
		attempt->user.att->class->cancel_link(attempt->user.att, &attempt->radio);
	attempt->asked = false;
}

static void drop_link(struct attempt *attempt)
{
	if (attempt->user.att)
		user_free(&attempt->user);
}

static void free_adapter(void)
{
	struct adapter *adapter = world.adapter;

	if (!adapter)
		return;
	for (size_t i = 0; i < LINKS; i++) {
		drop_link(&world.attempts[i]);
		world.attempts[i].queued = false;
	}
	world.adapter = NULL;
	adapter->class->free(adapter);
	HOLDS(world.freed);
}

static void connect_link(struct attempt *attempt)
{
	struct adapter *adapter = world.adapter;

	if (attempt->queued || attempt->user.att)
		return;
	attempt->op = (struct connect_op){
		.address = { { 1, 2, 3, 4, 5, 6 }, BLE_ADDRESS_RANDOM },
		.done = on_connect,
	};
	if (fuzz_u8(world.fuzz) & 1)
		attempt->op.requested_params = (struct link_params){ 6, 12, 0, 100 };
	attempt->queued = !adapter->class->connect(adapter, &attempt->op);
}

static void ask_radio(struct attempt *attempt)
{
	struct att *att = attempt->user.att;
	bool update = fuzz_u8(world.fuzz) & 1;

	if (!att || attempt->asked)
		return;
	attempt->radio = (struct link_op){ .requested_params = { 6, 12, 0, 100 },
					   .done = on_radio };
	attempt->asked = !(update ? att->class->update
				  : att->class->rssi)(att, &attempt->radio);
}

static void use(unsigned int what)
{
	struct attempt *attempt = &world.attempts[fuzz_below(world.fuzz, LINKS)];
	struct adapter *adapter = world.adapter;
	const struct adapter_scan scan = { what & 1, 96, 48 };

	switch (what) {
	case 0: case 1:
		connect_link(attempt);
		break;
	case 2:
		if (attempt->queued)
			adapter->class->cancel_connect(adapter, &attempt->op);
		attempt->queued = false;
		break;
	case 3:
		ask_radio(attempt);
		break;
	case 4:
		drop_radio(attempt);
		break;
	case 5:
		if (fuzz_u8(world.fuzz) >= 0x80)
			drop_link(attempt);
		break;
	case 6: case 7:
		adapter->class->scan_start(adapter, &scan);
		break;
	case 8:
		adapter->class->scan_stop(adapter);
		break;
	default:
		user_step(&attempt->user);
		break;
	}
}

/* -- All ---------------------------------------------------------------------------------- */

static void pass(unsigned int ms)
{
	uint64_t end = loop_now(world.loop) + ms * UINT64_C(1000000);

	set_dispatching(true);
	for (int i = 0; loop_now(world.loop) < end; i++) {
		HOLDS(i < 100000);
		ble_loop_dispatch(world.loop, (int)((end - loop_now(world.loop)) / 1000000));
	}
	set_dispatching(false);
}

static void step(void)
{
	unsigned int what = fuzz_below(world.fuzz, 32);
	struct ble_bytes noise;

	if (!world.adapter)
		return;
	if (what < 14)
		use(what);
	else if (what < 26)
		say_event();
	else if (what == 26) {
		noise = fuzz_bytes(world.fuzz, 64);
		say(noise.data, noise.len);
	} else if (what == 27 && fuzz_u8(world.fuzz) > 0xe0) {
		world.gone = true;
		loop_defer(world.loop, &world.deliver);
	} else if (what == 28 && fuzz_u8(world.fuzz) > 0xe0) {
		free_adapter();
	} else if (!loop_dispatching(world.loop)) {
		pass(fuzz_u8(world.fuzz) * 10u);
	}
}

static void open_adapter(void)
{
	static const struct bgapi_stream_class class = { stream_send, stream_wait,
							 stream_free };
	static const struct adapter_events adapter_events = { on_report, on_ended, on_gone };

	world.stream.class = &class;
	world.deliver.run = deliver;
	bgapi_framer_init(&world.framer, true, false);
	HOLDS(bgapi_open(world.loop, "fuzz", &world.stream, NULL, &world.adapter) == 0);
	world.adapter->events = &adapter_events;
	world.open = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = { data, size };

	memset(&world, 0, sizeof(world));
	world.fuzz = &fuzz;
	HOLDS(ble_loop_new(&world.loop) == 0);
	loop_clock_freeze(world.loop);
	open_adapter();
	for (unsigned int n = 0; fuzz.len && n < 400; n++) {
		step();
		if (world.len)
			pass(1);
	}
	/* Whatever was asked has an end: an answer, or its time-out. */
	fuzz.len = 0;
	pass(100000);
	for (size_t i = 0; i < LINKS; i++)
		HOLDS(!world.attempts[i].asked && !user_waits(&world.attempts[i].user));
	free_adapter();
	ble_loop_unref(world.loop);
	return 0;
}
