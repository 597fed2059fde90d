/* SPDX-License-Identifier: MIT */
/*
 * A kernel's adapter whose controller and management channel say what they like:
 * any event, any command of others, beside the answers that are right. Its user
 * scans, connects, asks for signal strengths, updates links, resets, and ends
 * things from inside callbacks, too.
 */
#define _GNU_SOURCE /* for hci.h */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "tests/fuzz/fuzz.h"
#include "tests/hci_fixture.h"

enum { CONNECTS = 3, SOCKETS = 12 };

struct user_link {
	struct connect_op op;
	bool queued;
	struct att *att;
	struct link_op radio;
	bool asked;
};

/* One at a time, as l2cap_socket() knows its adapter only. */
static struct {
	struct fuzz *fuzz;
	struct hci_fixture fixture;
	struct user_link attempts[CONNECTS];
	struct reset_op reset;
	bool resetting;
	int ends[SOCKETS];
	unsigned int sockets;
} world;

static void step(void);

static void react(void)
{
	if (world.fuzz->len && fuzz_u8(world.fuzz) >= 0xe0)
		step();
}

static int l2cap_socket(struct hci_adapter *hci, const struct ble_address *peer, int *ret_fd)
{
	uint8_t how = fuzz_u8(world.fuzz);
	int ends[2];

	(void)hci;
	(void)peer;
	if (how >= 0xf0)
		return -(int)(how - 0xef);
	if (world.sockets == SOCKETS)
		return -EHOSTDOWN;
	HOLDS(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
			 ends) == 0);
	if (how >= 0xe0) /* no room to write: still connecting */
		while (send(ends[0], ends, sizeof(ends), MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
			;
	world.ends[world.sockets++] = ends[1];
	*ret_fd = ends[0];
	return 0;
}

/* -- Callbacks ------------------------------------------------------------------------ */

static void on_seen(struct hci_fixture *fixture)
{
	(void)fixture;
	react();
}

static void drop(struct user_link *attempt)
{
	if (attempt->att && attempt->asked)
		attempt->att->class->cancel_link(attempt->att, &attempt->radio);
	attempt->asked = false;
	att_free(attempt->att);
	attempt->att = NULL;
}

static void on_value(void *user, uint16_t handle, struct ble_bytes value)
{
	(void)user;
	(void)handle;
	fuzz_touch(value);
	react();
}

static void on_closed(void *user, int error, uint8_t reason)
{
	struct user_link *attempt = user;

	(void)reason;
	HOLDS(error < 0 && attempt->att);
	HOLDS(!attempt->asked); /* it ended first */
	drop(attempt);
	react();
}

static void on_done(struct connect_op *op, int error, uint8_t reason, struct att *att)
{
	static const struct att_events events = { .value = on_value, .closed = on_closed };
	struct user_link *attempt = container_of(op, struct user_link, op);

	(void)reason;
	HOLDS(attempt->queued && error <= 0 && !att == !!error);
	attempt->queued = false;
	attempt->att = att;
	if (att) {
		att->events = &events;
		att->user = attempt;
	}
	react();
}

static void on_radio(struct link_op *op, int error, int8_t rssi)
{
	struct user_link *attempt = container_of(op, struct user_link, radio);

	(void)rssi;
	HOLDS(attempt->asked && error <= 0);
	attempt->asked = false;
	react();
}

static void on_reset(struct reset_op *op, int error)
{
	(void)op;
	HOLDS(world.resetting && error <= 0);
	world.resetting = false;
	react();
}

/* -- What the user does ------------------------------------------------------------------ */

static void free_adapter(void)
{
	for (size_t i = 0; i < CONNECTS; i++) {
		drop(&world.attempts[i]);
		world.attempts[i].queued = false;
	}
	world.resetting = false;
	fixture_free_adapter(&world.fixture);
}

static void use_attempt(struct user_link *attempt, unsigned int what)
{
	struct adapter *adapter = world.fixture.adapter;
	struct att *att = attempt->att;
	const struct link_params requested = { 6, 12, 0, 100 };

	switch (what) {
	case 0: case 1: case 2:
		if (attempt->queued || attempt->att)
			break;
		attempt->op = (struct connect_op){
			.address = { { 1, 2, 3, 4, 5, 6 }, BLE_ADDRESS_RANDOM },
			.done = on_done,
		};
		if (fuzz_u8(world.fuzz) & 1)
			attempt->op.requested_params = requested;
		attempt->queued = !adapter->class->connect(adapter, &attempt->op);
		break;
	case 3:
		if (attempt->queued)
			adapter->class->cancel_connect(adapter, &attempt->op);
		attempt->queued = false;
		break;
	case 4:
		drop(attempt);
		break;
	default:
		if (!att || attempt->asked)
			break;
		attempt->radio = (struct link_op){ .requested_params = requested,
						   .done = on_radio };
		attempt->asked = !(what == 5 ? att->class->rssi
					     : att->class->update)(att, &attempt->radio);
		break;
	}
}

static void use_adapter(unsigned int what)
{
	struct adapter *adapter = world.fixture.adapter;
	const struct adapter_scan scan = { fuzz_u8(world.fuzz) & 1, 96, 48 };

	switch (what) {
	case 0: case 1: case 2:
		adapter->class->scan_start(adapter, &scan);
		break;
	case 3:
		adapter->class->scan_stop(adapter);
		break;
	case 4:
		if (world.resetting)
			break;
		world.reset.done = on_reset;
		world.resetting = !adapter->class->reset(adapter, &world.reset);
		break;
	default:
		if (fuzz_u8(world.fuzz) >= 0xf0)
			free_adapter();
		break;
	}
}

static void use(void)
{
	unsigned int what = fuzz_below(world.fuzz, 14);

	if (what < 8)
		use_attempt(&world.attempts[fuzz_below(world.fuzz, CONNECTS)], what);
	else
		use_adapter(what - 8);
}

/* -- What is heard -------------------------------------------------------------------------- */

/* As a datagram of that size; whether there is room does not matter. */
static void tell(int fd, const void *data, size_t len)
{
	if (len && send(fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		HOLDS(errno == EAGAIN || errno == EPIPE || errno == ECONNRESET);
}

static void tell_event(uint8_t code)
{
	struct ble_bytes params = fuzz_bytes(world.fuzz, 255);
	uint8_t packet[3 + 255] = { 4, code, (uint8_t)params.len };

	if (params.len)
		memcpy(packet + 3, params.data, params.len);
	tell(world.fixture.raw.fd, packet, 3 + params.len);
}

/* A command's end: of one of ours, most likely. */
static void tell_complete(void)
{
	static const uint16_t opcodes[] = {
		RAW_RESET, RAW_READ_COMMANDS, RAW_READ_RSSI, RAW_SCAN_PARAMS,
		RAW_SCAN_ENABLE, RAW_LE_UPDATE, RAW_EXT_SCAN_PARAMS, RAW_EXT_SCAN_ENABLE,
	};
	uint16_t opcode = opcodes[fuzz_below(world.fuzz, 8)];
	struct ble_bytes result = fuzz_bytes(world.fuzz, 70);
	uint8_t packet[6 + 70] = { 4, 0x0e, (uint8_t)(3 + result.len), 1 };

	put_le16(packet + 4, opcode);
	if (result.len)
		memcpy(packet + 6, result.data, result.len);
	tell(world.fixture.raw.fd, packet, 6 + result.len);
}

static void tell_mgmt(void)
{
	uint8_t event = fuzz_u8(world.fuzz);
	struct ble_bytes params = fuzz_bytes(world.fuzz, 255);
	uint8_t message[6 + 255] = { 0 };

	put_le16(message, event & 15);
	put_le16(message + 2, event & 0x80 ? 1 : 0);
	put_le16(message + 4, (uint16_t)(params.len + (event & 0x40 ? 1 : 0)));
	if (params.len)
		memcpy(message + 6, params.data, params.len);
	tell(world.fixture.mgmt.fd, message, 6 + params.len);
}

static void tell_link(void)
{
	struct ble_bytes pdu = fuzz_bytes(world.fuzz, 64);
	unsigned int which = fuzz_below(world.fuzz, SOCKETS);

	if (which >= world.sockets || world.ends[which] < 0)
		return;
	tell(world.ends[which], pdu.data, pdu.len);
	if (pdu.len)
		return;
	close(world.ends[which]);
	world.ends[which] = -1;
}

/* What they will answer by rule, and whether they will. */
static void bend(void)
{
	struct hci_fixture *fixture = &world.fixture;
	uint8_t how = fuzz_u8(world.fuzz), status = fuzz_u8(world.fuzz);
	static const uint16_t asked[] = { RAW_SCAN_ENABLE, RAW_SCAN_PARAMS, RAW_LE_UPDATE,
					  RAW_READ_RSSI };
	static const uint16_t managed[] = { MGMT_SET_POWERED, MGMT_SET_LE,
					    MGMT_STOP_DISCOVERY, MGMT_READ_INFO };

	fixture->mute = how & 1;
	fixture->extended = how & 2;
	fixture->slow = how & 4;
	fixture->settings = how & 8 ? MGMT_LE : MGMT_LE | MGMT_POWERED;
	fixture->handle = how & 16 ? 0 : 0x40;
	fixture->enhanced = how & 32;
	if (!status)
		return;
	fixture->answers[0] = (struct fixture_answer){ asked[status & 3], status >> 2, 2 };
	fixture->mgmt_answers[0] = (struct fixture_answer){ managed[how >> 6],
							status & 0x1f, 2 };
}

static void say(unsigned int what)
{
	static const uint8_t codes[] = { RAW_LE_META, RAW_DISCONNECTION, 0x0f, 0x0e };
	struct ble_bytes packet;

	switch (what) {
	case 0: case 1: case 2:
		tell_event(RAW_LE_META);
		break;
	case 3:
		tell_event(codes[fuzz_below(world.fuzz, 4)]);
		break;
	case 4:
		tell_complete();
		break;
	case 5:
		packet = fuzz_bytes(world.fuzz, 255);
		tell(world.fixture.raw.fd, packet.data, packet.len);
		break;
	case 6:
		tell_mgmt();
		break;
	case 7:
		tell_link();
		break;
	case 8:
		bend();
		break;
	default:
		fixture_report(&world.fixture);
		break;
	}
}

/* -- All ---------------------------------------------------------------------------------- */

static void step(void)
{
	unsigned int what = fuzz_below(world.fuzz, 20);

	if (!world.fixture.adapter)
		return;
	if (what < 10 && !world.fixture.hci->gone)
		say(what);
	else if (what >= 10 && what < 18)
		use();
	else if (!loop_dispatching(world.fixture.loop))
		fixture_run(&world.fixture, fuzz_u8(world.fuzz) * 20u);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = { data, size };

	memset(&world, 0, sizeof(world));
	world.fuzz = &fuzz;
	fixture_open(&world.fixture);
	world.fixture.hci->l2cap_connect = l2cap_socket;
	world.fixture.on_report = world.fixture.on_ended = world.fixture.on_gone = on_seen;
	bend();
	for (unsigned int n = 0; fuzz.len && n < 200; n++) {
		step();
		if (world.fixture.adapter)
			fixture_run(&world.fixture, 1);
		world.fixture.log[0] = '\0';
	}
	free_adapter();
	world.fixture.jammed = false; /* the kernel's fault: see test_hci */
	fixture_close(&world.fixture);
	for (size_t i = 0; i < world.sockets; i++)
		if (world.ends[i] >= 0)
			close(world.ends[i]);
	return 0;
}
