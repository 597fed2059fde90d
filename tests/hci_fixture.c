/* SPDX-License-Identifier: MIT */
/* See hci_fixture.h. */
#define _GNU_SOURCE /* SOCK_NONBLOCK, for hci.h too */
#include "tests/hci_fixture.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "hci/l2cap.h"

enum { COMMAND = 1, EVENT = 4, COMPLETE = 0x0e, STATUS = 0x0f };

static const struct ble_address peer_address = { { 1, 2, 3, 4, 5, 6 }, BLE_ADDRESS_RANDOM };

__attribute__((format(printf, 2, 3)))
static void note(struct hci_fixture *fixture, const char *format, ...)
{
	size_t used = strlen(fixture->log);
	va_list args;

	va_start(args, format);
	if (used && used < sizeof(fixture->log) - 1)
		fixture->log[used++] = ' ';
	vsnprintf(fixture->log + used, sizeof(fixture->log) - used, format, args);
	va_end(args);
}

const char *fixture_log(struct hci_fixture *fixture)
{
	static char log[sizeof(fixture->log)];

	memcpy(log, fixture->log, sizeof(log));
	fixture->log[0] = '\0';
	return log;
}

void fixture_answer(struct fixture_answer *answers, uint16_t opcode, uint8_t status,
		  unsigned int times)
{
	while (answers->times)
		answers++;
	*answers = (struct fixture_answer){ opcode, status, times };
}

static uint8_t answer_of(struct fixture_answer *answers, uint16_t opcode, uint8_t rule)
{
	for (size_t i = 0; i < FIXTURE_ANSWERS; i++)
		if (answers[i].times && answers[i].opcode == opcode) {
			answers[i].times--;
			return answers[i].status;
		}
	return rule;
}

/* -- The controller -------------------------------------------------------------- */

static void write_raw(struct hci_fixture *fixture, const uint8_t *packet, size_t len)
{
	ssize_t sent = send(fixture->raw.fd, packet, len, MSG_NOSIGNAL | MSG_DONTWAIT);

	/* The adapter may have closed its end. */
	REQUIRE(sent == (ssize_t)len || !fixture->adapter);
}

/* Freeing sets another filter. Without privileges, a link's handle is known from its
 * socket, in place of which is the event here. */
static bool hears_all(const struct hci_fixture *fixture)
{
	return fixture->freeing || !fixture->adapter || fixture->hci->raw.wide ||
	       !fixture->hci->raw.privileged;
}

void fixture_event(struct hci_fixture *fixture, uint8_t code, const void *params, size_t len)
{
	uint8_t packet[3 + 255] = { EVENT, code, (uint8_t)len };

	memcpy(packet + 3, params, len);
	if (code == RAW_DISCONNECTION || hears_all(fixture))
		write_raw(fixture, packet, 3 + len);
}

static void complete(struct hci_fixture *fixture, uint16_t opcode, const uint8_t *result,
		     size_t len)
{
	uint8_t params[3 + 80] = { 1 };

	if (opcode == fixture->loses && !fixture->freeing)
		return;
	put_le16(params + 1, opcode);
	memcpy(params + 3, result, len);
	fixture_event(fixture, COMPLETE, params, 3 + len);
}

static void complete_commands(struct hci_fixture *fixture)
{
	uint8_t result[65] = { 0 };

	note(fixture, "commands");
	result[1 + 37] = fixture->extended ? 0x60 : 0x20;
	complete(fixture, RAW_READ_COMMANDS, result, sizeof(result));
}

static uint8_t rule_enable(struct hci_fixture *fixture, const uint8_t *params)
{
	if (!params[0] && !fixture->scanning)
		return RAW_DISALLOWED;
	fixture->behind = !params[0];
	fixture->scanning = params[0];
	if (params[0] && fixture->active && fixture->traps)
		fixture->finding = true;
	return 0;
}

static uint8_t rule_params(struct hci_fixture *fixture, bool active)
{
	if (fixture->scanning)
		return RAW_DISALLOWED;
	fixture->active = active;
	return 0;
}

static void put_link(uint8_t *p, const struct att_link *link)
{
	put_le16(p, link->interval);
	put_le16(p + 2, link->latency);
	put_le16(p + 4, link->timeout);
}

void fixture_updated(struct hci_fixture *fixture, uint16_t handle, uint8_t status,
		   const struct att_link *params)
{
	uint8_t event[10] = { RAW_LE_UPDATED, status };

	put_le16(event + 2, handle);
	put_link(event + 4, params);
	fixture_event(fixture, RAW_LE_META, event, sizeof(event));
}

/* LE Connection Complete, which comes before the kernel's socket is connected. */
static void establish(struct hci_fixture *fixture, const struct ble_address *peer)
{
	static const struct att_link params = { 40, 0, 42 };
	uint8_t event[31] = { fixture->enhanced ? RAW_LE_ENHANCED_CONNECTION
					      : RAW_LE_CONNECTION, 0 };

	if (!fixture->handle)
		return;
	put_le16(event + 2, fixture->handle);
	event[5] = peer->type;
	memcpy(event + 6, peer->octet, 6);
	put_link(event + (fixture->enhanced ? 24 : 12), &params);
	fixture_event(fixture, RAW_LE_META, event, fixture->enhanced ? 31 : 19);
}

static void take_rssi(struct hci_fixture *fixture, const uint8_t *p, size_t len)
{
	uint8_t result[4] = { answer_of(fixture->answers, RAW_READ_RSSI, 0), p[0], p[1],
			      (uint8_t)-61 };

	CHECK_INT(len, 2);
	note(fixture, "rssi(%u)", get_le16(p));
	if (!fixture->mute)
		complete(fixture, RAW_READ_RSSI, result, fixture->bare ? 1 : 4);
}

/* The status comes in an event of its own. */
static void take_update(struct hci_fixture *fixture, const uint8_t *p, size_t len)
{
	uint8_t status = answer_of(fixture->answers, RAW_LE_UPDATE, 0);
	uint8_t event[4] = { status, 1 };
	struct att_link params = { get_le16(p + 4), get_le16(p + 6), get_le16(p + 8) };

	CHECK_INT(len, 14);
	note(fixture, "update(%u:%u-%u,%u,%u)", get_le16(p), get_le16(p + 2),
	     params.interval, params.latency, params.timeout);
	if (fixture->mute)
		return;
	put_le16(event + 2, RAW_LE_UPDATE);
	fixture_event(fixture, STATUS, event, sizeof(event));
	if (!status && !fixture->slow)
		fixture_updated(fixture, get_le16(p), 0, &params);
}

static void take_command(struct hci_fixture *fixture, uint16_t opcode, const uint8_t *p,
			 size_t len)
{
	bool extended = opcode >= RAW_EXT_SCAN_PARAMS;
	uint8_t status = RAW_DISALLOWED;

	fixture->behind = false;
	if (opcode == RAW_READ_COMMANDS) {
		complete_commands(fixture);
		return;
	}
	if (opcode == RAW_READ_RSSI) {
		take_rssi(fixture, p, len);
		return;
	}
	if (opcode == RAW_LE_UPDATE) {
		take_update(fixture, p, len);
		return;
	}
	if (opcode == RAW_SCAN_ENABLE || opcode == RAW_EXT_SCAN_ENABLE) {
		CHECK_INT(len, extended ? 6 : 2);
		CHECK_INT(p[1], 0); /* filter duplicates: off */
		note(fixture, "%s%s", extended ? "x" : "", p[0] ? "on" : "off");
	} else {
		CHECK_INT(len, extended ? 8 : 7);
		note(fixture, "%s%s(%u,%u)", extended ? "x" : "",
		     p[extended ? 3 : 0] ? "active" : "passive",
		     get_le16(p + (extended ? 4 : 1)), get_le16(p + (extended ? 6 : 3)));
	}
	if (!fixture->strict || extended == fixture->extended)
		status = opcode == RAW_SCAN_ENABLE || opcode == RAW_EXT_SCAN_ENABLE
			? rule_enable(fixture, p)
			: rule_params(fixture, p[extended ? 3 : 0]);
	status = answer_of(fixture->answers, opcode, status);
	if (!fixture->mute)
		complete(fixture, opcode, &status, 1);
}

static void raw_ready(struct loop_watch *watch, unsigned int events)
{
	struct hci_fixture *fixture = container_of(watch, struct hci_fixture, raw);
	uint8_t packet[300];
	ssize_t len = recv(watch->fd, packet, sizeof(packet), MSG_DONTWAIT);

	if (len <= 0) {
		if (events & LOOP_HANGUP)
			loop_unwatch(watch);
		return;
	}
	REQUIRE(len >= 4 && packet[0] == COMMAND && packet[3] == len - 4);
	take_command(fixture, get_le16(packet + 1), packet + 4, packet[3]);
}

void fixture_report(struct hci_fixture *fixture)
{
	static const uint8_t params[] = { 2, 1, 0, 1, 6, 5, 4, 3, 2, 1, 5,
					  'h', 'e', 'l', 'l', 'o', 0xc4 };

	fixture_event(fixture, RAW_LE_META, params, sizeof(params));
}

static void tell_command(struct hci_fixture *fixture, uint16_t opcode, const void *params,
			 size_t len)
{
	uint8_t packet[4 + 64] = { COMMAND, (uint8_t)opcode, (uint8_t)(opcode >> 8),
				   (uint8_t)len };

	if (len)
		memcpy(packet + 4, params, len);
	if (hears_all(fixture))
		write_raw(fixture, packet, 4 + len);
}

void fixture_command(struct hci_fixture *fixture, uint16_t opcode, const void *params, size_t len)
{
	uint8_t status = 0;

	tell_command(fixture, opcode, params, len);
	complete(fixture, opcode, &status, 1);
}

void fixture_others_command(struct hci_fixture *fixture, uint16_t opcode, const void *params,
			    size_t len)
{
	REQUIRE(!fixture->busy);
	fixture->busy = true;
	loop_unwatch(&fixture->raw);
	tell_command(fixture, opcode, params, len);
}

void fixture_others_answer(struct hci_fixture *fixture, uint16_t opcode, uint8_t status)
{
	REQUIRE(fixture->busy);
	fixture->busy = false;
	complete(fixture, opcode, &status, 1);
	REQUIRE(loop_watch(fixture->loop, &fixture->raw, fixture->raw.fd, LOOP_READ) == 0);
}

/* -- Management --------------------------------------------------------------------- */

void fixture_mgmt_event(struct hci_fixture *fixture, uint16_t event, uint16_t index,
		      const void *params, size_t len)
{
	uint8_t message[300];

	put_le16(message, event);
	put_le16(message + 2, index);
	put_le16(message + 4, (uint16_t)len);
	if (len)
		memcpy(message + 6, params, len);
	REQUIRE(send(fixture->mgmt.fd, message, 6 + len, MSG_NOSIGNAL) == (ssize_t)(6 + len) ||
		!fixture->adapter);
}

static void mgmt_reply(struct hci_fixture *fixture, uint16_t opcode, uint8_t status,
		       const uint8_t *params, size_t len)
{
	uint8_t message[290];

	put_le16(message, opcode);
	message[2] = status;
	if (len && !status)
		memcpy(message + 3, params, len);
	fixture_mgmt_event(fixture, status ? MGMT_COMMAND_STATUS : MGMT_COMMAND_COMPLETE, 0,
			 message, status ? 3 : 3 + len);
}

static void reply_info(struct hci_fixture *fixture)
{
	uint8_t info[280] = { 9, 9, 9, 9, 9, 9, 11 };
	uint8_t status = answer_of(fixture->mgmt_answers, MGMT_READ_INFO, 0);

	note(fixture, "info");
	put_le32(info + 9, fixture->supported);
	put_le32(info + 13, fixture->settings);
	mgmt_reply(fixture, MGMT_READ_INFO, status, info, sizeof(info));
}

static void reply_setting(struct hci_fixture *fixture, uint16_t opcode, uint32_t bit,
			  const char *word, uint8_t value)
{
	uint8_t status = answer_of(fixture->mgmt_answers, opcode, 0), settings[4];

	note(fixture, "%s%u", word, value);
	if (!status)
		fixture->settings = value ? fixture->settings | bit : fixture->settings & ~bit;
	fixture->behind = fixture->behind && value;
	fixture->scanning = fixture->scanning && value;
	put_le32(settings, fixture->settings);
	mgmt_reply(fixture, opcode, status, settings, sizeof(settings));
}

/* The kernel would disable the scan, and be refused. */
static bool jams(struct hci_fixture *fixture)
{
	fixture->jammed = fixture->jammed || (fixture->behind && fixture->adapter);
	return fixture->jammed;
}

static void reply_stop(struct hci_fixture *fixture, uint8_t type)
{
	uint8_t status = 0;

	note(fixture, "stop%u", type);
	if (fixture->finding && jams(fixture))
		status = MGMT_BUSY;
	else if (!fixture->finding)
		status = MGMT_REJECTED;
	else if (type != fixture->finding_type)
		status = MGMT_INVALID_PARAMS;
	status = answer_of(fixture->mgmt_answers, MGMT_STOP_DISCOVERY, status);
	if (!status)
		fixture->finding = fixture->scanning = false;
	mgmt_reply(fixture, MGMT_STOP_DISCOVERY, status, &type, 1);
}

static void mgmt_ready(struct loop_watch *watch, unsigned int events)
{
	struct hci_fixture *fixture = container_of(watch, struct hci_fixture, mgmt);
	uint8_t message[64];
	ssize_t len = recv(watch->fd, message, sizeof(message), MSG_DONTWAIT);

	if (len <= 0) {
		if (events & LOOP_HANGUP)
			loop_unwatch(watch);
		return;
	}
	REQUIRE(len >= 6 && get_le16(message + 4) == len - 6);
	CHECK_INT(get_le16(message + 2), 0);
	switch (get_le16(message)) {
	case MGMT_READ_INFO:
		reply_info(fixture);
		break;
	case MGMT_SET_LE:
		reply_setting(fixture, MGMT_SET_LE, MGMT_LE, "le", message[6]);
		break;
	case MGMT_SET_POWERED:
		reply_setting(fixture, MGMT_SET_POWERED, MGMT_POWERED, "power", message[6]);
		break;
	case MGMT_STOP_DISCOVERY:
		reply_stop(fixture, message[6]);
		break;
	default:
		FAIL("a management command that nobody needs");
	}
}

/* -- Attempts ------------------------------------------------------------------------- */

static struct hci_fixture *the_fixture; /* l2cap_socket() knows its adapter only */

static void fill(int fd)
{
	static const uint8_t packet[1000];

	while (send(fd, packet, sizeof(packet), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		;
}

static bool pending(const struct hci_fixture *fixture)
{
	for (size_t i = 0; i < fixture->next_attempt; i++) {
		struct pollfd poller = { .fd = fixture->peers[i], .events = POLLIN };

		/* What it was filled with is still there, and our end is open. */
		if (fixture->peers[i] >= 0 && poll(&poller, 1, 0) == 1 &&
		    !(poller.revents & POLLHUP))
			return true;
	}
	return false;
}

/* A place in attempts, of one whose sockets are both closed if there is no other. */
static void make_room(struct hci_fixture *fixture)
{
	for (size_t i = 0; fixture->next_attempt == FIXTURE_ATTEMPTS && i < FIXTURE_ATTEMPTS; i++) {
		struct pollfd poller = { .fd = fixture->peers[i] };

		if (poller.fd >= 0 && (poll(&poller, 1, 0) != 1 || !(poller.revents & POLLHUP)))
			continue;
		if (poller.fd >= 0)
			close(poller.fd);
		fixture->next_attempt--;
		for (size_t k = i; k < fixture->next_attempt; k++) {
			fixture->peers[k] = fixture->peers[k + 1];
			fixture->addresses[k] = fixture->addresses[k + 1];
		}
		fixture->peers[fixture->next_attempt] = -1;
	}
	REQUIRE(fixture->next_attempt < FIXTURE_ATTEMPTS);
}

static int how_of(const struct hci_fixture *fixture, const struct ble_address *peer)
{
	return fixture->by_peer[peer->octet[5] - peer_address.octet[5]];
}

static int l2cap_socket(struct hci_adapter *hci, const struct ble_address *peer, int *ret_fd)
{
	struct hci_fixture *fixture = the_fixture;
	int how, ends[2];

	CHECK(hci == fixture->hci);
	if (fixture->by_peer)
		make_room(fixture);
	how = fixture->by_peer ? how_of(fixture, peer) : fixture->attempts[fixture->next_attempt];
	if (fixture->one_at_a_time && pending(fixture))
		return -EBUSY;
	note(fixture, "connect");
	fixture->addresses[fixture->next_attempt] = peer->octet[5];
	jams(fixture);
	if (how >= 0 && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
				   ends) < 0)
		return -errno;
	fixture->peers[fixture->next_attempt++] = how < 0 ? -1 : ends[1];
	if (how < 0)
		return how;
	if (how == 1)
		fill(ends[0]); /* no room to write: still connecting */
	else
		establish(fixture, peer);
	*ret_fd = ends[0];
	return 0;
}

static enum kernel_link kernel_link(struct hci_adapter *hci, const struct ble_address *peer)
{
	CHECK(hci == the_fixture->hci);
	CHECK_INT(peer->type, peer_address.type);
	note(the_fixture, "look");
	if (the_fixture->taken || (the_fixture->by_peer && how_of(the_fixture, peer) == -EBUSY))
		return KERNEL_LINK_UP;
	if (the_fixture->connecting)
		return KERNEL_LINK_PENDING;
	return the_fixture->held && the_fixture->held-- ? KERNEL_LINK_UP : KERNEL_LINK_NONE;
}

/* -- The adapter ----------------------------------------------------------------------- */

static void on_report(void *user, const struct ble_advertisement *report)
{
	struct hci_fixture *fixture = user;

	CHECK(report->time > UINT64_C(1600000000) * 1000000000u);
	fixture->reports++;
	if (fixture->on_report)
		fixture->on_report(fixture);
}

static void on_ended(void *user, int error)
{
	struct hci_fixture *fixture = user;

	fixture->ended++;
	fixture->ended_error = error;
	snprintf(fixture->text, sizeof(fixture->text), "%s", ble_error_text(fixture->loop, error));
	if (fixture->on_ended)
		fixture->on_ended(fixture);
}

static void on_gone(void *user)
{
	struct hci_fixture *fixture = user;

	fixture->gone++;
	if (fixture->on_gone)
		fixture->on_gone(fixture);
}

static const struct adapter_events events = {
	.report = on_report,
	.scan_ended = on_ended,
	.gone = on_gone,
};

static enum rfkill rfkill(uint16_t index)
{
	CHECK_INT(index, 0);
	return the_fixture->rfkill;
}

static enum power power(int fd, uint16_t index)
{
	CHECK_INT(index, 0);
	CHECK(fd >= 0);
	return the_fixture->power;
}

static int another_mgmt(int *ret_fd)
{
	struct hci_fixture *fixture = the_fixture;
	int ends[2];

	note(fixture, "socket");
	if (!fixture->sockets)
		return -EAFNOSUPPORT;
	fixture->sockets--;
	REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
	*ret_fd = ends[0];
	if (fixture->ends_sockets)
		close(ends[1]);
	else
		REQUIRE(loop_watch(fixture->loop, &fixture->mgmt, ends[1], LOOP_READ) == 0);
	return 0;
}

void fixture_mgmt_ends(struct hci_fixture *fixture)
{
	loop_unwatch(&fixture->mgmt);
	close(fixture->mgmt.fd);
	fixture->mgmt.fd = -1;
}

static int make_adapter(struct hci_fixture *fixture, int raw, int mgmt)
{
	static const struct ble_adapter_info info = {
		.address = { { 9, 9, 9, 9, 9, 9 }, BLE_ADDRESS_PUBLIC },
		.low_energy = true,
	};
	int error = hci_adapter_new(fixture->loop, 0, mgmt, raw, &info, &fixture->hci);

	if (error) {
		close(raw);
		close(mgmt);
		return error;
	}
	fixture->hci->l2cap_connect = l2cap_socket;
	fixture->hci->kernel_link = kernel_link;
	fixture->hci->power = power;
	fixture->hci->setup.rfkill = rfkill;
	fixture->hci->mgmt.open = another_mgmt;
	fixture->adapter = &fixture->hci->adapter;
	fixture->adapter->events = &events;
	fixture->adapter->user = fixture;
	return 0;
}

int fixture_try_open(struct hci_fixture *fixture)
{
	int raw[2], mgmt[2], error;

	*fixture = (struct hci_fixture){
		.supported = MGMT_LE | MGMT_POWERED,
		.settings = MGMT_LE | MGMT_POWERED,
		.raw = { .fd = -1, .ready = raw_ready },
		.mgmt = { .fd = -1, .ready = mgmt_ready },
	};
	for (size_t i = 0; i < FIXTURE_ATTEMPTS; i++)
		fixture->peers[i] = -1;
	the_fixture = fixture;
	error = ble_loop_new(&fixture->loop);
	if (error)
		return error;
	loop_clock_freeze(fixture->loop);
	REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, raw) == 0);
	REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, mgmt) == 0);
	error = make_adapter(fixture, raw[0], mgmt[0]);
	fixture->raw.fd = raw[1];
	fixture->mgmt.fd = mgmt[1];
	if (!error)
		error = loop_watch(fixture->loop, &fixture->raw, raw[1], LOOP_READ);
	if (!error)
		error = loop_watch(fixture->loop, &fixture->mgmt, mgmt[1], LOOP_READ);
	if (error)
		fixture_close(fixture);
	return error;
}

void fixture_open(struct hci_fixture *fixture)
{
	REQUIRE(fixture_try_open(fixture) == 0);
}

void fixture_free_adapter(struct hci_fixture *fixture)
{
	struct adapter *adapter = fixture->adapter;
	uint8_t status = 0;

	if (!adapter)
		return;
	fixture->freeing = true;
	if (!fixture->hci->gone) {
		complete(fixture, fixture->hci->scan.extended ? RAW_EXT_SCAN_ENABLE
							  : RAW_SCAN_ENABLE, &status, 1);
		if (fixture->hci->scan.discovery_stuck)
			complete(fixture, SCAN_SETTLE, &status, 1);
		if (fixture->mgmt.fd >= 0)
			mgmt_reply(fixture, MGMT_STOP_DISCOVERY,
				   fixture->finding ? 0 : MGMT_REJECTED, &status, 1);
	}
	fixture->adapter = NULL;
	adapter->class->free(adapter);
	fixture->freeing = false;
}

void fixture_close(struct hci_fixture *fixture)
{
	fixture_free_adapter(fixture);
	CHECK(!fixture->jammed);
	for (size_t i = 0; i < FIXTURE_ATTEMPTS; i++)
		if (fixture->peers[i] >= 0)
			close(fixture->peers[i]);
	if (fixture->raw.fd >= 0) {
		loop_unwatch(&fixture->raw);
		close(fixture->raw.fd);
	}
	if (fixture->mgmt.fd >= 0) {
		loop_unwatch(&fixture->mgmt);
		close(fixture->mgmt.fd);
	}
	ble_loop_unref(fixture->loop);
}

void fixture_run(struct hci_fixture *fixture, unsigned int ms)
{
	uint64_t end = loop_now(fixture->loop) + ms * UINT64_C(1000000);

	for (int i = 0; i < 100000; i++) {
		uint64_t now = loop_now(fixture->loop);

		if (now >= end)
			return;
		ble_loop_dispatch(fixture->loop, (int)((end - now) / 1000000));
	}
	FAIL("the loop never comes to rest");
}

int fixture_scan(struct hci_fixture *fixture, bool passive)
{
	const struct adapter_scan scan = { passive, 96, 48 };

	return fixture->adapter->class->scan_start(fixture->adapter, &scan);
}

/* -- Connects ---------------------------------------------------------------------------- */

static void on_value(void *user, uint16_t handle, struct ble_bytes value)
{
	struct fixture_connect *connect = user;

	(void)handle;
	(void)value;
	connect->values++;
}

static void on_closed(void *user, int error, uint8_t reason)
{
	struct fixture_connect *connect = user;

	connect->closed++;
	connect->closed_error = error;
	connect->closed_reason = reason;
	snprintf(connect->text, sizeof(connect->text), "%s",
		 ble_error_text(connect->fixture->loop, error));
	if (connect->on_closed)
		connect->on_closed(connect);
}

static const struct att_events link_events = { .value = on_value, .closed = on_closed };

static void on_done(struct connect_op *op, int error, uint8_t reason, struct att *att)
{
	struct fixture_connect *connect = container_of(op, struct fixture_connect, op);

	connect->done++;
	connect->error = error;
	connect->reason = reason;
	connect->att = att;
	if (att) {
		att->events = &link_events;
		att->user = connect;
	}
	if (error)
		snprintf(connect->text, sizeof(connect->text), "%s",
			 ble_error_text(connect->fixture->loop, error));
	if (connect->on_done)
		connect->on_done(connect);
}

int fixture_connect(struct hci_fixture *fixture, struct fixture_connect *connect)
{
	connect->fixture = fixture;
	connect->op.address = peer_address;
	connect->op.address.octet[5] = (uint8_t)(peer_address.octet[5] + connect->peer);
	connect->op.done = on_done;
	return fixture->adapter->class->connect(fixture->adapter, &connect->op);
}

void fixture_cancel(struct fixture_connect *connect)
{
	struct adapter *adapter = connect->fixture->adapter;

	adapter->class->cancel_connect(adapter, &connect->op);
}

void fixture_connected(struct hci_fixture *fixture, size_t n)
{
	uint8_t packet[1000];

	while (recv(fixture->peers[n], packet, sizeof(packet), MSG_DONTWAIT) > 0)
		;
}

struct attempt *fixture_attempt(struct hci_fixture *fixture)
{
	REQUIRE(!list_empty(&fixture->hci->connector.attempts));
	return list_entry(fixture->hci->connector.attempts.next, struct attempt, link);
}

static void request_done(struct att_op *op, int error)
{
	struct fixture_connect *connect = container_of(op, struct fixture_connect, request);

	connect->request_done++;
	connect->request_error = error;
	snprintf(connect->request_text, sizeof(connect->request_text), "%s",
		 ble_error_text(connect->fixture->loop, error));
}

void fixture_request(struct fixture_connect *connect)
{
	connect->request = (struct att_op){
		.verb = ATT_WRITE, .start = 5, .done = request_done,
	};
	REQUIRE(att_submit(connect->att, &connect->request) == 0);
}
