/* SPDX-License-Identifier: MIT */
/* See l2cap.h. */
#define _GNU_SOURCE /* POLLRDHUP, for batch.h too */
#include "hci/l2cap.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hci/batch.h"
#include "hci/hci.h"
#include "hci/lost_sockets.h"

/* The kernel counts some 950 octets for a short PDU: 4,000 notifications. */
enum { RECEIVE_ROOM = 4 * 1024 * 1024 };

/* The kernel had no memory for a packet. */
enum { RETRY_MS = 20 };

/* Packets taken one by one before more are asked for again: at first, at most. */
enum { SINGLES = 8, SINGLES_MOST = 64 };

static struct l2cap_link *link_of(struct att *att)
{
	return container_of(att, struct l2cap_link, engine.att);
}

static void close_socket(struct l2cap_link *link)
{
	if (link->watch.fd < 0)
		return;
	loop_unwatch(&link->watch);
	loop_timer_stop(&link->timer);
	loop_timer_stop(&link->retry);
	loop_undefer(&link->broken);
	l2cap_close(link->loop, link->watch.fd);
	link->watch.fd = -1;
	if (link->unsettled && att_engine_unsettled(&link->engine))
		link->unsettled(link);
}

/* After every call into the engine. If it has closed, after a transaction timeout,
 * the bearer ends (Vol 3, Part F, 3.3.3). */
static void leave(struct l2cap_link *link)
{
	if (!link->memory.freed && link->engine.closed) {
		close_socket(link);
		conn_params_lost(&link->conn_params);
	}
	deferred_free_release(&link->memory);
}

static void arm_timer(struct l2cap_link *link)
{
	uint64_t deadline;

	if (!link->engine.waiting)
		return;
	deadline = att_engine_deadline(&link->engine);
	/* A timer that fires too early only checks the deadline. */
	if (deadline != UINT64_MAX &&
	    (!link->timer.loop || deadline < link->timer.deadline))
		loop_timer_at(link->loop, &link->timer, deadline);
}

void l2cap_link_close(struct l2cap_link *link, int error)
{
	deferred_free_hold(&link->memory);
	close_socket(link);
	list_remove(&link->link);
	conn_params_lost(&link->conn_params);
	if (!link->memory.freed)
		att_engine_close(&link->engine, error, link->reason);
	leave(link);
}

/* The adapter's end is told as such: the reason that the controller gave for the link's
 * is of no use then. */
static bool ended_with_adapter(struct l2cap_link *link, const char *advice)
{
	const struct hci_adapter *hci = link->conn_params.adapter;
	const char *words;
	int error = hci ? hci_adapter_off(hci, &words) : 0;

	if (!error)
		return false;
	loop_set_error(link->loop, -ENOTCONN, "the connection was lost with its adapter: %s %s%s",
		       hci->name, words, advice);
	loop_set_error_alias(link->loop, error);
	link->reason = 0;
	return true;
}

COLD static void hang_up(struct l2cap_link *link)
{
	char text[BLE_ADDRESS_TEXT], room[240];
	const char *advice;

	if (link->ending) {
		link->ending(link);
		if (link->memory.freed || link->watch.fd < 0 || loop_inherited(link->loop))
			return;
	}
	advice = lost_sockets_advice(room, sizeof(room));
	if (ended_with_adapter(link, advice))
		; /* told */
	else if (link->reason)
		loop_set_error(link->loop, -ENOTCONN, "connection to %s lost: %s (0x%02x)%s",
			       ble_address_text(&link->peer, text),
			       ble_hci_text(link->reason), link->reason, advice);
	else
		loop_set_error(link->loop, -ENOTCONN, "connection to %s lost%s",
			       ble_address_text(&link->peer, text), advice);
	l2cap_link_close(link, -ENOTCONN);
}

/* An empty packet is the end of the connection, or an empty PDU. */
COLD static bool at_end(const struct l2cap_link *link)
{
	struct pollfd poller = { .fd = link->watch.fd, .events = POLLRDHUP };

	return poll(&poller, 1, 0) > 0 && poller.revents;
}

/* For one packet, recv() costs half of recvmmsg(). After a batch of one, the next 8
 * to 64 packets are received singly, then a batch is tried again. Without this, a
 * read takes 1.25 times the processor time of bare system calls, with it 1.13. */
static int fetch(struct l2cap_link *link, struct batch *batch, size_t *ret_count)
{
	size_t most = link->singles ? 1 : BATCH_PACKETS;
	int error = batch_receive(batch, link->watch.fd, most, ret_count);

	if (most == 1) {
		link->singles--;
	} else if (!error && *ret_count == 1) {
		link->singles_next = link->singles_next ? link->singles_next : SINGLES;
		link->singles = link->singles_next;
		if (link->singles_next < SINGLES_MOST)
			link->singles_next *= 2;
	} else {
		link->singles_next = 0;
	}
	return error;
}

/* The kernel drops packets only while the queue is full, so this is asked after a full batch
 * and not for each packet. */
COLD static void check_overrun(struct l2cap_link *link)
{
#ifdef SO_MEMINFO
	enum { DROPS = 8, COUNTERS = 9 }; /* SK_MEMINFO_DROPS */
	const struct att *att = &link->engine.att;
	uint32_t info[COUNTERS] = { 0 }, n;
	socklen_t len = sizeof(info);

	if (getsockopt(link->watch.fd, SOL_SOCKET, SO_MEMINFO, info, &len) < 0 ||
	    len < sizeof(info))
		return;
	n = info[DROPS] - link->dropped;
	link->dropped = info[DROPS];
	if (n && att->events && att->events->overrun)
		att->events->overrun(att->user, n);
#else
	(void)link;
#endif
}

static int state_of(const struct l2cap_link *link)
{
	if (link->memory.freed || link->engine.closed)
		return -ECANCELED;
	return loop_inherited(link->loop) ? -ECHILD : 0;
}

/* Gives one batch to the engine. 0: continue later. -ENOTCONN: the peer
 * disconnected. -ECANCELED: the link has ended or was freed. -ECHILD: a callback has
 * forked, and this is the child, which leaves the rest to its parent. */
static int receive(struct l2cap_link *link, size_t *ret_count)
{
	/* The batch may be the link's own, and a callback may free the link. */
	struct batch *batch = batch_ref(link->batch);
	size_t count = 0;
	int error = fetch(link, batch, &count);

	for (size_t i = 0; !error && i < count; i++) {
		struct ble_bytes pdu = batch_packet(batch, i);

		if (pdu.len == 0 && at_end(link)) {
			error = -ENOTCONN;
			break;
		}
		att_engine_input(&link->engine, pdu.data, pdu.len);
		error = state_of(link);
	}
	batch_unref(batch);
	if (!error && count == BATCH_PACKETS) {
		check_overrun(link);
		error = state_of(link);
	}
	*ret_count = count;
	return error;
}

/* A socket reports its error before packets that arrived earlier: these are still
 * read. */
COLD static void drain_and_hang_up(struct l2cap_link *link)
{
	bool told = false;

	for (;;) {
		size_t count;
		int error = receive(link, &count);

		if (error == -ECANCELED || error == -ECHILD)
			return;
		if (error && (told || error == -ENOTCONN || error == -EAGAIN))
			break;
		told = told || error;
	}
	hang_up(link);
}

static void link_ready(struct loop_watch *watch, unsigned int events)
{
	struct l2cap_link *link = container_of(watch, struct l2cap_link, watch);
	size_t count;
	int error = 0;

	deferred_free_hold(&link->memory);
	if (events & LOOP_WRITE) {
		loop_watch_change(watch, LOOP_READ);
		att_engine_flush(&link->engine);
	}
	if (link->memory.freed || link->engine.closed || loop_inherited(link->loop)) {
		leave(link);
		return;
	}
	if (events & LOOP_HANGUP)
		drain_and_hang_up(link);
	else if (events & LOOP_READ)
		error = receive(link, &count);
	if (error && error != -EAGAIN && error != -ECANCELED && error != -ECHILD)
		drain_and_hang_up(link);
	if (!link->memory.freed)
		arm_timer(link);
	leave(link);
}

static void timer_fired(struct loop_timer *timer)
{
	struct l2cap_link *link = container_of(timer, struct l2cap_link, timer);

	deferred_free_hold(&link->memory);
	att_engine_expire(&link->engine, loop_now(link->loop));
	if (!link->memory.freed)
		arm_timer(link);
	leave(link);
}

static void retry_fired(struct loop_timer *timer)
{
	struct l2cap_link *link = container_of(timer, struct l2cap_link, retry);

	deferred_free_hold(&link->memory);
	att_engine_flush(&link->engine);
	if (!link->memory.freed)
		arm_timer(link);
	leave(link);
}

static void broken_run(struct loop_task *task)
{
	struct l2cap_link *link = container_of(task, struct l2cap_link, broken);

	deferred_free_hold(&link->memory);
	drain_and_hang_up(link);
	leave(link);
}

static void finish_run(struct loop_task *task)
{
	struct l2cap_link *link = container_of(task, struct l2cap_link, finish);

	deferred_free_hold(&link->memory);
	att_engine_finish(&link->engine);
	leave(link);
}

/* -- What the engine asks for ------------------------------------------------ */

COLD static int send_failed(struct l2cap_link *link, int error)
{
	switch (error) {
	case ENOBUFS:
	case ENOMEM:
		/* The socket stays writable: LOOP_WRITE would come at once. */
		loop_timer_in(link->loop, &link->retry, RETRY_MS);
		return -EAGAIN;
	case EAGAIN:
		loop_watch_change(&link->watch, LOOP_READ | LOOP_WRITE);
		return -EAGAIN;
	default:
		loop_defer(link->loop, &link->broken);
		return -ENOTCONN;
	}
}

/* One copy costs less than a message of two parts. */
static int engine_send(struct att_engine *engine, struct ble_bytes head,
		       struct ble_bytes tail)
{
	struct l2cap_link *link = container_of(engine, struct l2cap_link, engine);
	uint8_t pdu[ATT_MTU_MAX];
	ssize_t sent;

	if (link->watch.fd < 0 || loop_inherited(link->loop))
		return -ENOTCONN;
	if (tail.len) {
		if (tail.len > sizeof(pdu) - head.len) /* the engine never does */
			return send_failed(link, EMSGSIZE);
		memcpy(pdu, head.data, head.len);
		memcpy(pdu + head.len, tail.data, tail.len);
		head = (struct ble_bytes){ pdu, head.len + tail.len };
	}
	do {
		sent = sendto(link->watch.fd, head.data, head.len,
			      MSG_DONTWAIT | MSG_NOSIGNAL, NULL, 0);
	} while (sent < 0 && errno == EINTR);
	return sent < 0 ? send_failed(link, errno) : 0;
}

static void engine_wake(struct att_engine *engine)
{
	struct l2cap_link *link = container_of(engine, struct l2cap_link, engine);

	loop_defer(link->loop, &link->finish);
}

static uint64_t engine_now(struct att_engine *engine)
{
	return loop_soon(container_of(engine, struct l2cap_link, engine)->loop);
}

static const struct att_engine_io engine_io = {
	.send = engine_send,
	.wake = engine_wake,
	.now = engine_now,
};

/* -- The seam ------------------------------------------------------------------ */

static int link_submit(struct att *att, struct att_op *op)
{
	struct l2cap_link *link = link_of(att);
	int error = att_engine_submit(att, op);

	arm_timer(link);
	return error;
}

static void link_release(struct deferred_free *memory)
{
	struct l2cap_link *link = container_of(memory, struct l2cap_link, memory);

	batch_unref(link->batch);
	free(link);
}

static void link_free(struct att *att)
{
	struct l2cap_link *link = link_of(att);

	att_engine_drop_ops(&link->engine);
	close_socket(link);
	loop_undefer(&link->finish);
	list_remove(&link->link);
	conn_params_detach(&link->conn_params);
	deferred_free(&link->memory);
}

static int link_rssi(struct att *att, struct link_op *op)
{
	return conn_params_rssi(&link_of(att)->conn_params, op);
}

static int link_update(struct att *att, struct link_op *op)
{
	return conn_params_update(&link_of(att)->conn_params, op);
}

static void link_cancel(struct att *att, struct link_op *op)
{
	conn_params_cancel(&link_of(att)->conn_params, op);
}

static const struct att_class bare_class = {
	.name = "l2cap",
	.submit = link_submit,
	.cancel = att_engine_cancel,
	.waits = att_engine_waits,
	.free = link_free,
};

const struct att_class l2cap_class = {
	.name = "l2cap",
	.submit = link_submit,
	.cancel = att_engine_cancel,
	.waits = att_engine_waits,
	.rssi = link_rssi,
	.update = link_update,
	.cancel_link = link_cancel,
	.free = link_free,
};

int l2cap_link_new(struct ble_loop *loop, int fd, struct batch *batch,
		   struct l2cap_link **ret_link)
{
	struct l2cap_link *link = calloc(1, sizeof(*link));
	int error = -ENOMEM;

	if (!link)
		return error;
	link->batch = batch ? batch_ref(batch) : batch_new();
	if (!link->batch)
		goto fail;
	link->loop = loop;
	link->memory.free = link_release;
	link->timer.fire = timer_fired;
	link->retry.fire = retry_fired;
	link->finish.run = finish_run;
	link->broken.run = broken_run;
	link->watch.ready = link_ready;
	att_engine_init(&link->engine, &engine_io, &bare_class);
	link->engine.att.multiple_values = true;
	error = loop_watch(loop, &link->watch, fd, LOOP_READ);
	if (error)
		goto fail;
	batch_raise_room(fd, RECEIVE_ROOM);
	*ret_link = link;
	return 0;
fail:
	batch_unref(link->batch);
	free(link);
	return error;
}
