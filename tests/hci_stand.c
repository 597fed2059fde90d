/* SPDX-License-Identifier: MIT */
/* See hci_stand.h. */
#define _GNU_SOURCE /* SOCK_NONBLOCK, for hci.h too */
#include "tests/hci_stand.h"

#include <errno.h>
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
static void note(struct hci_stand *stand, const char *format, ...)
{
	size_t used = strlen(stand->log);
	va_list args;

	va_start(args, format);
	if (used && used < sizeof(stand->log) - 1)
		stand->log[used++] = ' ';
	vsnprintf(stand->log + used, sizeof(stand->log) - used, format, args);
	va_end(args);
}

const char *stand_log(struct hci_stand *stand)
{
	static char log[sizeof(stand->log)];

	memcpy(log, stand->log, sizeof(log));
	stand->log[0] = '\0';
	return log;
}

void stand_answer(struct stand_answer *answers, uint16_t opcode, uint8_t status,
		  unsigned int times)
{
	while (answers->times)
		answers++;
	*answers = (struct stand_answer){ opcode, status, times };
}

static uint8_t answer_of(struct stand_answer *answers, uint16_t opcode, uint8_t rule)
{
	for (size_t i = 0; i < STAND_ANSWERS; i++)
		if (answers[i].times && answers[i].opcode == opcode) {
			answers[i].times--;
			return answers[i].status;
		}
	return rule;
}

/* -- The controller -------------------------------------------------------------- */

static void write_raw(struct hci_stand *stand, const uint8_t *packet, size_t len)
{
	ssize_t sent = send(stand->raw.fd, packet, len, MSG_NOSIGNAL | MSG_DONTWAIT);

	/* Nobody is there any more after the end. */
	REQUIRE(sent == (ssize_t)len || !stand->adapter);
}

void stand_event(struct hci_stand *stand, uint8_t code, const void *params, size_t len)
{
	uint8_t packet[3 + 255] = { EVENT, code, (uint8_t)len };

	memcpy(packet + 3, params, len);
	write_raw(stand, packet, 3 + len);
}

static void complete(struct hci_stand *stand, uint16_t opcode, const uint8_t *result,
		     size_t len)
{
	uint8_t params[3 + 80] = { 1 };

	put_le16(params + 1, opcode);
	memcpy(params + 3, result, len);
	stand_event(stand, COMPLETE, params, 3 + len);
}

static void complete_commands(struct hci_stand *stand)
{
	uint8_t result[65] = { 0 };

	note(stand, "commands");
	result[1 + 37] = stand->extended ? 0x60 : 0x20;
	complete(stand, RAW_READ_COMMANDS, result, sizeof(result));
}

static uint8_t rule_enable(struct hci_stand *stand, const uint8_t *params)
{
	if (!params[0] && !stand->scanning)
		return RAW_DISALLOWED;
	stand->behind = !params[0];
	stand->scanning = params[0];
	if (params[0] && stand->active && stand->traps)
		stand->finding = true;
	return 0;
}

static uint8_t rule_params(struct hci_stand *stand, bool active)
{
	if (stand->scanning)
		return RAW_DISALLOWED;
	stand->active = active;
	return 0;
}

static void put_link(uint8_t *p, const struct att_link *link)
{
	put_le16(p, link->interval);
	put_le16(p + 2, link->latency);
	put_le16(p + 4, link->timeout);
}

void stand_updated(struct hci_stand *stand, uint16_t handle, uint8_t status,
		   const struct att_link *params)
{
	uint8_t event[10] = { RAW_LE_UPDATED, status };

	put_le16(event + 2, handle);
	put_link(event + 4, params);
	stand_event(stand, RAW_LE_META, event, sizeof(event));
}

/* A connection begins, as it is told before the kernel's socket knows. */
static void establish(struct hci_stand *stand, const struct ble_address *peer)
{
	static const struct att_link params = { 40, 0, 42 };
	uint8_t event[31] = { stand->enhanced ? RAW_LE_ENHANCED_CONNECTION
					      : RAW_LE_CONNECTION, 0 };

	if (!stand->handle)
		return;
	put_le16(event + 2, stand->handle);
	event[5] = peer->type;
	memcpy(event + 6, peer->octet, 6);
	put_link(event + (stand->enhanced ? 24 : 12), &params);
	stand_event(stand, RAW_LE_META, event, stand->enhanced ? 31 : 19);
}

static void take_rssi(struct hci_stand *stand, const uint8_t *p, size_t len)
{
	uint8_t result[4] = { answer_of(stand->answers, RAW_READ_RSSI, 0), p[0], p[1],
			      (uint8_t)-61 };

	CHECK_INT(len, 2);
	note(stand, "rssi(%u)", get_le16(p));
	if (!stand->mute)
		complete(stand, RAW_READ_RSSI, result, stand->bare ? 1 : 4);
}

/* The status comes in an event of its own. */
static void take_update(struct hci_stand *stand, const uint8_t *p, size_t len)
{
	uint8_t status = answer_of(stand->answers, RAW_LE_UPDATE, 0);
	uint8_t event[4] = { status, 1 };
	struct att_link params = { get_le16(p + 4), get_le16(p + 6), get_le16(p + 8) };

	CHECK_INT(len, 14);
	note(stand, "update(%u:%u-%u,%u,%u)", get_le16(p), get_le16(p + 2),
	     params.interval, params.latency, params.timeout);
	if (stand->mute)
		return;
	put_le16(event + 2, RAW_LE_UPDATE);
	stand_event(stand, STATUS, event, sizeof(event));
	if (!status && !stand->slow)
		stand_updated(stand, get_le16(p), 0, &params);
}

static void take_command(struct hci_stand *stand, uint16_t opcode, const uint8_t *p,
			 size_t len)
{
	bool extended = opcode >= RAW_EXT_SCAN_PARAMS;
	uint8_t status = RAW_DISALLOWED;

	stand->behind = false;
	if (opcode == RAW_READ_COMMANDS) {
		complete_commands(stand);
		return;
	}
	if (opcode == RAW_READ_RSSI) {
		take_rssi(stand, p, len);
		return;
	}
	if (opcode == RAW_LE_UPDATE) {
		take_update(stand, p, len);
		return;
	}
	if (opcode == RAW_SCAN_ENABLE || opcode == RAW_EXT_SCAN_ENABLE) {
		CHECK_INT(len, extended ? 6 : 2);
		CHECK_INT(p[1], 0); /* no filter of duplicates */
		note(stand, "%s%s", extended ? "x" : "", p[0] ? "on" : "off");
	} else {
		CHECK_INT(len, extended ? 8 : 7);
		note(stand, "%s%s(%u,%u)", extended ? "x" : "",
		     p[extended ? 3 : 0] ? "active" : "passive",
		     get_le16(p + (extended ? 4 : 1)), get_le16(p + (extended ? 6 : 3)));
	}
	if (!stand->strict || extended == stand->extended)
		status = opcode == RAW_SCAN_ENABLE || opcode == RAW_EXT_SCAN_ENABLE
			? rule_enable(stand, p)
			: rule_params(stand, p[extended ? 3 : 0]);
	status = answer_of(stand->answers, opcode, status);
	if (!stand->mute)
		complete(stand, opcode, &status, 1);
}

static void raw_ready(struct loop_watch *watch, unsigned int events)
{
	struct hci_stand *stand = container_of(watch, struct hci_stand, raw);
	uint8_t packet[300];
	ssize_t len = recv(watch->fd, packet, sizeof(packet), MSG_DONTWAIT);

	if (len <= 0) {
		if (events & LOOP_HANGUP)
			loop_unwatch(watch);
		return;
	}
	REQUIRE(len >= 4 && packet[0] == COMMAND && packet[3] == len - 4);
	take_command(stand, get_le16(packet + 1), packet + 4, packet[3]);
}

void stand_report(struct hci_stand *stand)
{
	static const uint8_t params[] = { 2, 1, 0, 1, 6, 5, 4, 3, 2, 1, 5,
					  'h', 'e', 'l', 'l', 'o', 0xc4 };

	stand_event(stand, RAW_LE_META, params, sizeof(params));
}

void stand_foreign(struct hci_stand *stand, uint16_t opcode, const void *params, size_t len)
{
	uint8_t packet[4 + 64] = { COMMAND, (uint8_t)opcode, (uint8_t)(opcode >> 8),
				   (uint8_t)len };
	uint8_t status = 0;

	if (len)
		memcpy(packet + 4, params, len);
	write_raw(stand, packet, 4 + len);
	complete(stand, opcode, &status, 1);
}

/* -- Management --------------------------------------------------------------------- */

void stand_mgmt_event(struct hci_stand *stand, uint16_t event, uint16_t index,
		      const void *params, size_t len)
{
	uint8_t message[300];

	put_le16(message, event);
	put_le16(message + 2, index);
	put_le16(message + 4, (uint16_t)len);
	if (len)
		memcpy(message + 6, params, len);
	REQUIRE(send(stand->mgmt.fd, message, 6 + len, MSG_NOSIGNAL) == (ssize_t)(6 + len) ||
		!stand->adapter);
}

static void mgmt_reply(struct hci_stand *stand, uint16_t opcode, uint8_t status,
		       const uint8_t *params, size_t len)
{
	uint8_t message[290];

	put_le16(message, opcode);
	message[2] = status;
	if (len && !status)
		memcpy(message + 3, params, len);
	stand_mgmt_event(stand, status ? MGMT_COMMAND_STATUS : MGMT_COMMAND_COMPLETE, 0,
			 message, status ? 3 : 3 + len);
}

static void reply_info(struct hci_stand *stand)
{
	uint8_t info[280] = { 9, 9, 9, 9, 9, 9, 11 };
	uint8_t status = answer_of(stand->mgmt_answers, MGMT_READ_INFO, 0);

	note(stand, "info");
	put_le32(info + 9, stand->supported);
	put_le32(info + 13, stand->settings);
	mgmt_reply(stand, MGMT_READ_INFO, status, info, sizeof(info));
}

static void reply_setting(struct hci_stand *stand, uint16_t opcode, uint32_t bit,
			  const char *word, uint8_t value)
{
	uint8_t status = answer_of(stand->mgmt_answers, opcode, 0), settings[4];

	note(stand, "%s%u", word, value);
	if (!status)
		stand->settings = value ? stand->settings | bit : stand->settings & ~bit;
	stand->behind = stand->behind && value;
	stand->scanning = stand->scanning && value;
	put_le32(settings, stand->settings);
	mgmt_reply(stand, opcode, status, settings, sizeof(settings));
}

/* It would switch off the scan, and be refused. */
static bool jams(struct hci_stand *stand)
{
	stand->jammed = stand->jammed || (stand->behind && stand->adapter);
	return stand->jammed;
}

static void reply_stop(struct hci_stand *stand, uint8_t type)
{
	uint8_t status = 0;

	note(stand, "stop%u", type);
	if (stand->finding && jams(stand))
		status = MGMT_BUSY;
	else if (!stand->finding)
		status = MGMT_REJECTED;
	else if (type != stand->finding_type)
		status = MGMT_INVALID_PARAMS;
	status = answer_of(stand->mgmt_answers, MGMT_STOP_DISCOVERY, status);
	if (!status)
		stand->finding = stand->scanning = false;
	mgmt_reply(stand, MGMT_STOP_DISCOVERY, status, &type, 1);
}

static void mgmt_ready(struct loop_watch *watch, unsigned int events)
{
	struct hci_stand *stand = container_of(watch, struct hci_stand, mgmt);
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
		reply_info(stand);
		break;
	case MGMT_SET_LE:
		reply_setting(stand, MGMT_SET_LE, MGMT_LE, "le", message[6]);
		break;
	case MGMT_SET_POWERED:
		reply_setting(stand, MGMT_SET_POWERED, MGMT_POWERED, "power", message[6]);
		break;
	case MGMT_STOP_DISCOVERY:
		reply_stop(stand, message[6]);
		break;
	default:
		FAIL("a management command that nobody needs");
	}
}

/* -- Attempts ------------------------------------------------------------------------- */

static struct hci_stand *the_stand; /* dial() knows its adapter only */

static void fill(int fd)
{
	static const uint8_t packet[1000];

	while (send(fd, packet, sizeof(packet), MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		;
}

static int dial(struct hci_adapter *hci, const struct ble_address *peer, int *ret_fd)
{
	struct hci_stand *stand = the_stand;
	int how = stand->dials[stand->next_dial], ends[2];

	CHECK(hci == stand->hci);
	CHECK(ble_address_equal(peer, &peer_address));
	note(stand, "dial");
	jams(stand);
	if (how >= 0 && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
				   ends) < 0)
		return -errno;
	stand->peers[stand->next_dial++] = how < 0 ? -1 : ends[1];
	if (how < 0)
		return how;
	if (how == 1)
		fill(ends[0]); /* no room to write: still connecting */
	else
		establish(stand, peer);
	*ret_fd = ends[0];
	return 0;
}

static bool holds_link(struct hci_adapter *hci, const struct ble_address *peer)
{
	CHECK(hci == the_stand->hci);
	CHECK(ble_address_equal(peer, &peer_address));
	note(the_stand, "look");
	return the_stand->held && the_stand->held--;
}

/* -- The adapter ----------------------------------------------------------------------- */

static void on_report(void *user, const struct ble_advertisement *report)
{
	struct hci_stand *stand = user;

	CHECK(report->time > UINT64_C(1600000000) * 1000000000u);
	stand->reports++;
	if (stand->on_report)
		stand->on_report(stand);
}

static void on_ended(void *user, int error)
{
	struct hci_stand *stand = user;

	stand->ended++;
	stand->ended_error = error;
	snprintf(stand->text, sizeof(stand->text), "%s", ble_error_text(stand->loop, error));
	if (stand->on_ended)
		stand->on_ended(stand);
}

static void on_gone(void *user)
{
	struct hci_stand *stand = user;

	stand->gone++;
	if (stand->on_gone)
		stand->on_gone(stand);
}

static const struct adapter_events events = {
	.report = on_report,
	.scan_ended = on_ended,
	.gone = on_gone,
};

static int make_adapter(struct hci_stand *stand, int raw, int mgmt)
{
	static const struct ble_adapter_info info = {
		.address = { { 9, 9, 9, 9, 9, 9 }, BLE_ADDRESS_PUBLIC },
		.low_energy = true,
	};
	int error = hci_adapter_new(stand->loop, 0, mgmt, raw, &info, &stand->hci);

	if (error) {
		close(raw);
		close(mgmt);
		return error;
	}
	stand->hci->dial = dial;
	stand->hci->holds_link = holds_link;
	stand->adapter = &stand->hci->adapter;
	stand->adapter->events = &events;
	stand->adapter->user = stand;
	return 0;
}

int stand_try_open(struct hci_stand *stand)
{
	int raw[2], mgmt[2], error;

	*stand = (struct hci_stand){
		.supported = MGMT_LE | MGMT_POWERED,
		.settings = MGMT_LE | MGMT_POWERED,
		.raw = { .fd = -1, .ready = raw_ready },
		.mgmt = { .fd = -1, .ready = mgmt_ready },
	};
	for (size_t i = 0; i < STAND_DIALS; i++)
		stand->peers[i] = -1;
	the_stand = stand;
	error = ble_loop_new(&stand->loop);
	if (error)
		return error;
	loop_clock_freeze(stand->loop);
	REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, raw) == 0);
	REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, mgmt) == 0);
	error = make_adapter(stand, raw[0], mgmt[0]);
	stand->raw.fd = raw[1];
	stand->mgmt.fd = mgmt[1];
	if (!error)
		error = loop_watch(stand->loop, &stand->raw, raw[1], LOOP_READ);
	if (!error)
		error = loop_watch(stand->loop, &stand->mgmt, mgmt[1], LOOP_READ);
	if (error)
		stand_close(stand);
	return error;
}

void stand_open(struct hci_stand *stand)
{
	REQUIRE(stand_try_open(stand) == 0);
}

void stand_free_adapter(struct hci_stand *stand)
{
	struct adapter *adapter = stand->adapter;
	uint8_t status = 0;

	if (!adapter)
		return;
	if (!stand->hci->gone) {
		complete(stand, stand->hci->scan.extended ? RAW_EXT_SCAN_ENABLE
							  : RAW_SCAN_ENABLE, &status, 1);
		if (stand->hci->scan.stuck)
			complete(stand, SCAN_SETTLE, &status, 1);
		mgmt_reply(stand, MGMT_STOP_DISCOVERY, stand->finding ? 0 : MGMT_REJECTED,
			   &status, 1);
	}
	stand->adapter = NULL;
	adapter->class->free(adapter);
}

void stand_close(struct hci_stand *stand)
{
	stand_free_adapter(stand);
	CHECK(!stand->jammed);
	for (size_t i = 0; i < STAND_DIALS; i++)
		if (stand->peers[i] >= 0)
			close(stand->peers[i]);
	if (stand->raw.fd >= 0) {
		loop_unwatch(&stand->raw);
		close(stand->raw.fd);
		loop_unwatch(&stand->mgmt);
		close(stand->mgmt.fd);
	}
	ble_loop_unref(stand->loop);
}

void stand_run(struct hci_stand *stand, unsigned int ms)
{
	uint64_t end = loop_now(stand->loop) + ms * UINT64_C(1000000);

	for (int i = 0; i < 100000; i++) {
		uint64_t now = loop_now(stand->loop);

		if (now >= end)
			return;
		ble_loop_dispatch(stand->loop, (int)((end - now) / 1000000));
	}
	FAIL("the loop never comes to rest");
}

int stand_scan(struct hci_stand *stand, bool passive)
{
	const struct adapter_scan scan = { passive, 96, 48 };

	return stand->adapter->class->scan_start(stand->adapter, &scan);
}

/* -- Connects ---------------------------------------------------------------------------- */

static void on_value(void *user, uint16_t handle, struct ble_bytes value)
{
	struct stand_connect *connect = user;

	(void)handle;
	(void)value;
	connect->values++;
}

static void on_closed(void *user, int error, uint8_t reason)
{
	struct stand_connect *connect = user;

	connect->closed++;
	connect->closed_error = error;
	connect->closed_reason = reason;
	snprintf(connect->text, sizeof(connect->text), "%s",
		 ble_error_text(connect->stand->loop, error));
	if (connect->on_closed)
		connect->on_closed(connect);
}

static const struct att_events link_events = { .value = on_value, .closed = on_closed };

static void on_done(struct connect_op *op, int error, uint8_t reason, struct att *att)
{
	struct stand_connect *connect = container_of(op, struct stand_connect, op);

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
			 ble_error_text(connect->stand->loop, error));
	if (connect->on_done)
		connect->on_done(connect);
}

int stand_connect(struct hci_stand *stand, struct stand_connect *connect)
{
	connect->stand = stand;
	connect->op.address = peer_address;
	connect->op.done = on_done;
	return stand->adapter->class->connect(stand->adapter, &connect->op);
}

void stand_cancel(struct stand_connect *connect)
{
	struct adapter *adapter = connect->stand->adapter;

	adapter->class->cancel_connect(adapter, &connect->op);
}

static void request_done(struct att_op *op, int error)
{
	struct stand_connect *connect = container_of(op, struct stand_connect, request);

	connect->request_done++;
	connect->request_error = error;
	snprintf(connect->request_text, sizeof(connect->request_text), "%s",
		 ble_error_text(connect->stand->loop, error));
}

void stand_request(struct stand_connect *connect)
{
	connect->request = (struct att_op){
		.verb = ATT_WRITE, .start = 5, .done = request_done,
	};
	REQUIRE(att_submit(connect->att, &connect->request) == 0);
}
