/* SPDX-License-Identifier: MIT */
/* See raw.h. */
#define _GNU_SOURCE /* for batch.h */
#include "hci/raw.h"

#include <bluetooth/bluetooth.h>
#include <bluetooth/hci.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/bytes.h"
#include "hci/batch.h"

enum {
	DRAIN_BATCHES = 8,
	RECEIVE_ROOM = 1024 * 1024, /* some 1,000 reports */
};

static void add_event(struct hci_filter *filter, unsigned int code)
{
	filter->event_mask[code >> 5] |= UINT32_C(1) << (code & 31);
}

enum filter {
	FILTER_ENDS,    /* Disconnection Complete */
	FILTER_ANSWERS, /* commands and their answers too */
	FILTER_ALL,     /* LE events too */
};

/* The kernel clears, without an error, the bits of events that the caller may not
 * receive. So reading the filter back shows whether the caller has CAP_NET_RAW, even on
 * an adapter that is down. True if it has, and if the socket has no such filter. */
static bool set_filter(int fd, enum filter which)
{
	struct hci_filter filter = { .type_mask = 1u << HCI_EVENT_PKT };
	socklen_t len = sizeof(filter);

	add_event(&filter, EVT_DISCONN_COMPLETE);
	if (which >= FILTER_ANSWERS) {
		filter.type_mask |= 1u << HCI_COMMAND_PKT;
		add_event(&filter, EVT_CMD_COMPLETE);
		add_event(&filter, EVT_CMD_STATUS);
	}
	if (which >= FILTER_ALL)
		add_event(&filter, EVT_LE_META_EVENT);
	setsockopt(fd, SOL_HCI, HCI_FILTER, &filter, sizeof(filter));
	if (getsockopt(fd, SOL_HCI, HCI_FILTER, &filter, &len) < 0)
		return true;
	return filter.event_mask[EVT_LE_META_EVENT >> 5] &
	       UINT32_C(1) << (EVT_LE_META_EVENT & 31);
}

int ble_hci_socket(uint16_t index, uint16_t channel, int *ret_fd)
{
	struct sockaddr_hci address = {
		.hci_family = AF_BLUETOOTH,
		.hci_dev = index,
		.hci_channel = channel,
	};
	int fd = socket(AF_BLUETOOTH, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
			BTPROTO_HCI);
	int error;

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		error = -errno;
		close(fd);
		return error;
	}
	*ret_fd = fd;
	return 0;
}

int raw_socket(uint16_t index, int *ret_fd)
{
	int on = 1, error = ble_hci_socket(index, HCI_CHANNEL_RAW, ret_fd);

	if (!error)
		setsockopt(*ret_fd, SOL_HCI, HCI_TIME_STAMP, &on, sizeof(on));
	return error;
}

static int send_command(int fd, uint16_t opcode, struct ble_bytes params)
{
	uint8_t head[4] = { HCI_COMMAND_PKT };
	struct iovec parts[2] = {
		{ head, sizeof(head) },
		/* writev() does not write to what it sends */
		{ (void *)(uintptr_t)params.data, params.len },
	};

	put_le16(head + 1, opcode);
	head[3] = (uint8_t)params.len;
	return writev(fd, parts, params.len ? 2 : 1) < 0 ? -errno : 0;
}

/* The return parameters, status first, of Command Complete or Command Status. */
static bool parse_end(uint8_t code, struct ble_bytes params, uint16_t *ret_opcode,
		      struct ble_bytes *ret_end)
{
	if (code == EVT_CMD_COMPLETE && params.len >= 4) {
		*ret_opcode = get_le16(params.data + 1);
		*ret_end = bytes(params.data + 3, params.len - 3);
		return true;
	}
	if (code == EVT_CMD_STATUS && params.len >= 4) {
		*ret_opcode = get_le16(params.data + 2);
		*ret_end = bytes(params.data, 1);
		return true;
	}
	return false;
}

/* The parameters of an event packet; false if it is none or its length is wrong. */
static bool parse_event(struct ble_bytes packet, uint8_t *ret_code,
			struct ble_bytes *ret_params)
{
	if (packet.len < 3 || packet.data[0] != HCI_EVENT_PKT ||
	    packet.data[2] > packet.len - 3)
		return false;
	*ret_code = packet.data[1];
	*ret_params = bytes(packet.data + 3, packet.data[2]);
	return true;
}

/* A command that is not ours; false if it is none or its length is wrong. */
static bool parse_command(struct ble_bytes packet, uint16_t *ret_opcode,
			  struct ble_bytes *ret_params)
{
	if (packet.len < 4 || packet.data[0] != HCI_COMMAND_PKT ||
	    packet.data[3] > packet.len - 4)
		return false;
	*ret_opcode = get_le16(packet.data + 1);
	*ret_params = bytes(packet.data + 4, packet.data[3]);
	return true;
}

/* Whether an answer is to *theirs, see struct raw. Opcode 0 only says that the
 * controller takes commands again. */
static bool is_theirs(uint16_t *theirs, uint16_t opcode)
{
	bool same = *theirs == opcode;

	if (opcode)
		*theirs = 0;
	return same;
}

static void input(struct raw *raw, struct ble_bytes packet, size_t i)
{
	struct ble_bytes params, end;
	uint16_t opcode;
	uint8_t code;

	if (parse_command(packet, &opcode, &params)) {
		/* Its answer may be in no filter any more. */
		if (raw->wide)
			raw->theirs = opcode;
		raw->events->command(raw->user, opcode, params);
		return;
	}
	if (!parse_event(packet, &code, &params))
		return;
	if (parse_end(code, params, &opcode, &end))
		raw->events->complete(raw->user, opcode, end,
				      is_theirs(&raw->theirs, opcode));
	else
		raw->events->event(raw->user, code, params,
				   batch_time(raw->batch, i));
}

/* One batch. -ECANCELED: the owner is gone. -ECHILD: a callback has forked, and this is
 * the child, which leaves the rest to its parent. */
static int take_batch(struct raw *raw, size_t *ret_count)
{
	struct deferred_free *memory = raw->memory;
	struct batch *batch = raw->batch;
	int error = batch_receive(batch, raw->watch.fd, BATCH_PACKETS, ret_count);

	for (size_t i = 0; !error && i < *ret_count; i++) {
		input(raw, batch_packet(batch, i), i);
		if (memory->freed || raw->watch.fd < 0)
			return -ECANCELED;
		if (loop_inherited(raw->loop))
			return -ECHILD;
	}
	return error;
}

void raw_drain(struct raw *raw)
{
	struct deferred_free *memory = raw->memory;
	int error = raw->watch.fd < 0 ? -EBADF : 0;
	size_t count;

	if (loop_inherited(raw->loop))
		return;
	deferred_free_hold(memory);
	for (int i = 0; !error && i < DRAIN_BATCHES; i++) {
		error = take_batch(raw, &count);
		if (!error && count < BATCH_PACKETS)
			break;
	}
	deferred_free_release(memory);
}

static void raw_ready(struct loop_watch *watch, unsigned int events)
{
	struct raw *raw = container_of(watch, struct raw, watch);
	struct deferred_free *memory = raw->memory;
	size_t count;
	int error;

	deferred_free_hold(memory);
	error = take_batch(raw, &count);
	if (error != -ECANCELED && error != -ECHILD &&
	    ((error && error != -EAGAIN) || (events & LOOP_HANGUP))) {
		loop_unwatch(watch);
		raw->events->lost(raw->user);
	}
	deferred_free_release(memory);
}

static void narrow(struct loop_task *task)
{
	struct raw *raw = container_of(task, struct raw, narrow);

	raw->wide = false;
	raw->theirs = 0;
	if (raw->watch.fd >= 0 && !loop_inherited(raw->loop))
		set_filter(raw->watch.fd, FILTER_ENDS);
}

int raw_init(struct raw *raw, struct ble_loop *loop, int fd, struct deferred_free *memory,
	     struct batch *batch, const struct raw_events *events, void *user)
{
	int error;

	*raw = (struct raw){
		.loop = loop,
		.watch.ready = raw_ready,
		.narrow.run = narrow,
		.memory = memory,
		.batch = batch,
		.events = events,
		.user = user,
	};
	raw->privileged = set_filter(fd, FILTER_ALL);
	set_filter(fd, FILTER_ENDS);
	batch_raise_room(fd, RECEIVE_ROOM);
	error = loop_watch(loop, &raw->watch, fd, LOOP_READ);
	if (error)
		raw->watch.fd = -1;
	return error;
}

void raw_close(struct raw *raw)
{
	loop_undefer(&raw->narrow);
	if (raw->watch.fd < 0)
		return;
	loop_unwatch(&raw->watch);
	close(raw->watch.fd);
	raw->watch.fd = -1;
}

void raw_listen(struct raw *raw, struct raw_listener *listener)
{
	if (listener->counted)
		return;
	listener->counted = true;
	raw->listeners++;
	loop_undefer(&raw->narrow);
	if (raw->wide || raw->watch.fd < 0 || loop_inherited(raw->loop))
		return;
	raw->wide = true;
	set_filter(raw->watch.fd, FILTER_ALL);
}

void raw_unlisten(struct raw *raw, struct raw_listener *listener)
{
	if (!listener->counted)
		return;
	listener->counted = false;
	/* Who stops to listen and starts again in one callback misses nothing: not
	 * the answer to a command that was received before. */
	if (--raw->listeners == 0 && raw->watch.fd >= 0)
		loop_defer(raw->loop, &raw->narrow);
}

int raw_send(struct raw *raw, uint16_t opcode, struct ble_bytes params)
{
	if (raw->watch.fd < 0)
		return -ENODEV;
	if (loop_inherited(raw->loop))
		return -ECHILD;
	return send_command(raw->watch.fd, opcode, params);
}

int ble_hci_ms_left(const struct timespec *start, int timeout_ms)
{
	struct timespec now;
	long gone;

	clock_gettime(CLOCK_MONOTONIC, &now);
	gone = (now.tv_sec - start->tv_sec) * 1000 +
	       (now.tv_nsec - start->tv_nsec) / 1000000;
	return gone < timeout_ms ? (int)(timeout_ms - gone) : 0;
}

/* Whether the packet answers our command; a later one may answer theirs. */
static bool answers(struct ble_bytes packet, uint16_t opcode, uint16_t *theirs,
		    struct ble_bytes *ret_end)
{
	struct ble_bytes params;
	uint16_t ended;
	uint8_t code;

	if (parse_command(packet, theirs, &params))
		return false;
	return parse_event(packet, &code, &params) &&
	       parse_end(code, params, &ended, ret_end) &&
	       !is_theirs(theirs, ended) && ended == opcode;
}

/* Waits for Command Complete or Command Status. What was received before it is
 * dropped, however much that is. */
static int await_end(int fd, uint16_t opcode, int timeout_ms, uint8_t *reply,
		     size_t size, size_t *ret_len)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN };
	uint8_t packet[BATCH_ROOM];
	struct timespec start;
	struct ble_bytes end;
	uint16_t theirs = 0;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (;;) {
		ssize_t len;

		if (poll(&poller, 1, ble_hci_ms_left(&start, timeout_ms)) == 0)
			return -ETIMEDOUT;
		len = recv(fd, packet, sizeof(packet), MSG_DONTWAIT);
		if (len == 0)
			return -ENODEV;
		if (len < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		if (len < 0 || !answers(bytes(packet, (size_t)len), opcode, &theirs, &end))
			continue;
		if (end.len < size)
			size = end.len;
		memcpy(reply, end.data, size);
		*ret_len = size;
		return 0;
	}
}

int raw_ask(int fd, uint16_t opcode, struct ble_bytes params, int timeout_ms,
	    uint8_t *reply, size_t size, size_t *ret_len)
{
	int error;

	set_filter(fd, FILTER_ANSWERS);
	error = send_command(fd, opcode, params);
	return error ? error
		     : await_end(fd, opcode, timeout_ms, reply, size, ret_len);
}
