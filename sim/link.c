/* SPDX-License-Identifier: MIT */
/*
 * A PDU of the engine reaches the peer at once. A PDU of the peer waits in a ring until
 * its latency has passed, at least until the next dispatch, which passes it to the engine.
 */
#include "sim/link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "att/engine.h"

enum {
	RING = 32,
	FAILED_TO_ESTABLISH = 0x3e /* no packet of the peer was received */
};

struct parcel {
	uint64_t due;
	uint16_t len;
	uint8_t pdu[ATT_MTU_MAX];
};

struct sim_link {
	struct att_engine engine;
	struct sim_peer peer;
	struct ble_loop *loop;
	uint64_t latency; /* ns */
	void (*gone)(void *user);
	void *user;
	struct loop_timer arrival, expiry;
	struct loop_task finish;
	bool running; /* in a call of the engine: must not be freed */
	bool freed;
	bool detached; /* the peripheral can take another link */
	bool hung_up;  /* by the peer; its earlier PDUs still arrive */
	uint8_t reason;
	struct list rssis, updates; /* link_ops, answered by the task */
	struct loop_task radio;
	uint32_t random;
	size_t first, count; /* of the ring */
	struct parcel ring[RING];
};

static struct sim_link *link_of(struct att_engine *engine)
{
	return container_of(engine, struct sim_link, engine);
}

/* Lets the peripheral take another link. */
static void detach(struct sim_link *link)
{
	if (link->detached)
		return;
	link->detached = true;
	loop_timer_stop(&link->arrival);
	loop_timer_stop(&link->expiry);
	loop_undefer(&link->finish);
	loop_undefer(&link->radio);
	sim_peer_release(&link->peer);
	link->gone(link->user);
}

/* After each call of the engine that may call back. False: the link has ended. */
static bool settle(struct sim_link *link)
{
	link->running = false;
	if (link->freed) {
		free(link);
		return false;
	}
	if (link->engine.closed) {
		detach(link);
		return false;
	}
	if (att_engine_deadline(&link->engine) == UINT64_MAX)
		loop_timer_stop(&link->expiry);
	else
		loop_timer_at(link->loop, &link->expiry,
			      att_engine_deadline(&link->engine));
	return true;
}

/* -- From the peer to the engine -------------------------------------------------- */

static void await_arrival(struct sim_link *link)
{
	uint64_t now = loop_now(link->loop);

	if (link->count)
		loop_timer_at(link->loop, &link->arrival,
			      link->ring[link->first].due);
	else if (link->hung_up)
		loop_timer_at(link->loop, &link->arrival, now);
}

/* The last entry of the ring is reserved for a response, of which there is one at a time,
 * so that notifications do not delay it. */
static int peer_send(struct sim_peer *peer, const uint8_t *pdu, size_t len)
{
	struct sim_link *link = container_of(peer, struct sim_link, peer);
	struct parcel *parcel;

	if (link->count >= RING - (pdu == peer->response ? 0u : 1u))
		return -EAGAIN;
	parcel = &link->ring[(link->first + link->count++) % RING];
	parcel->due = loop_now(link->loop) + link->latency;
	parcel->len = (uint16_t)len;
	memcpy(parcel->pdu, pdu, len);
	if (link->count == 1)
		await_arrival(link);
	return 0;
}

static void peer_hang_up(struct sim_peer *peer, uint8_t reason)
{
	struct sim_link *link = container_of(peer, struct sim_link, peer);

	link->hung_up = true;
	link->reason = reason;
	if (!link->count || reason == FAILED_TO_ESTABLISH)
		loop_timer_at(link->loop, &link->arrival, loop_now(link->loop));
}

/* -- The radio -------------------------------------------------------------------- */

int sim_rssi_noise(uint32_t *random)
{
	return (int)(sim_random(random) % 7) - 3;
}

/* Takes the requested parameters, the longest interval of the range. */
static void take_params(struct sim_link *link, const struct link_params *requested)
{
	static const struct link_params usual = { 24, 24, 0, 500 };

	if (!requested->interval_max)
		requested = &usual;
	link->engine.att.link = (struct att_link){ requested->interval_max, requested->latency,
						   requested->timeout };
}

/* Ends the ops that are queued now. Each callback may free the link: then false. */
static bool answer_radio(struct sim_link *link, struct list *ops, int error)
{
	struct list now, *first;

	list_init(&now);
	list_splice(&now, ops);
	while (!link->freed && (first = list_pop(&now))) {
		struct link_op *op = list_entry(first, struct link_op, link);
		int rssi = link->peer.peripheral->advertising.rssi;
		bool update = ops == &link->updates;

		if (update && !error)
			take_params(link, &op->requested_params);
		op->done(op, error, error || update ? BLE_NO_RSSI :
			 (int8_t)(rssi + sim_rssi_noise(&link->random)));
	}
	return !link->freed; /* if so, the other ops may be freed too */
}

static void end_radio(struct sim_link *link)
{
	if (answer_radio(link, &link->rssis, -ENOTCONN))
		answer_radio(link, &link->updates, -ENOTCONN);
}

static void radio(struct loop_task *task)
{
	struct sim_link *link = container_of(task, struct sim_link, radio);

	link->running = true;
	if (answer_radio(link, &link->rssis, 0))
		answer_radio(link, &link->updates, 0);
	settle(link);
}

static int ask_radio(struct sim_link *link, struct list *ops, struct link_op *op)
{
	if (link->engine.closed || link->detached)
		return -ENOTCONN;
	list_append(ops, &op->link);
	loop_defer(link->loop, &link->radio);
	return 0;
}

static int link_rssi(struct att *att, struct link_op *op)
{
	struct sim_link *link = container_of(att, struct sim_link, engine.att);

	return ask_radio(link, &link->rssis, op);
}

static int link_update(struct att *att, struct link_op *op)
{
	struct sim_link *link = container_of(att, struct sim_link, engine.att);

	return list_empty(&link->updates) ? ask_radio(link, &link->updates, op)
					  : -EALREADY;
}

static void link_cancel(struct att *att, struct link_op *op)
{
	(void)att;
	list_remove(&op->link);
}

/* Detaches the peripheral first, because closed() may connect to it again. */
static void end_link(struct sim_link *link, int error, uint8_t reason)
{
	detach(link);
	link->running = true;
	end_radio(link);
	att_engine_close(&link->engine, error, reason);
	settle(link);
}

void sim_link_close(struct att *att, int error)
{
	end_link(container_of(att, struct sim_link, engine.att), error, 0);
}

/* -- From the peer to the engine, later -------------------------------------------- */

/* Passes the PDUs that are due now to the engine. PDUs that these cause wait for the next
 * dispatch. */
static void arrive(struct loop_timer *timer)
{
	struct sim_link *link = container_of(timer, struct sim_link, arrival);
	uint64_t now = loop_now(link->loop);

	if (link->hung_up && link->reason == FAILED_TO_ESTABLISH)
		link->count = 0;
	for (size_t n = link->count; n; n--) {
		const struct parcel *parcel = &link->ring[link->first];

		if (parcel->due > now)
			break;
		link->running = true;
		att_engine_input(&link->engine, parcel->pdu, parcel->len);
		link->first = (link->first + 1) % RING;
		link->count--;
		if (!settle(link))
			return;
	}
	if (link->hung_up && !link->count) {
		end_link(link, -ECONNRESET, link->reason);
		return;
	}
	if (link->peer.blocked)
		sim_peer_flush(&link->peer);
	await_arrival(link);
}

/* -- From the engine to the peer --------------------------------------------------- */

static int engine_send(struct att_engine *engine, struct ble_bytes head,
		       struct ble_bytes tail)
{
	struct sim_link *link = link_of(engine);
	uint8_t pdu[ATT_MTU_MAX];

	if (link->hung_up || link->detached)
		return -ENOTCONN;
	if (head.len + tail.len > sizeof(pdu))
		return -EMSGSIZE;
	memcpy(pdu, head.data, head.len);
	if (tail.len)
		memcpy(pdu + head.len, tail.data, tail.len);
	sim_peer_input(&link->peer, pdu, head.len + tail.len);
	return 0;
}

static void engine_wake(struct att_engine *engine)
{
	struct sim_link *link = link_of(engine);

	loop_defer(link->loop, &link->finish);
}

static uint64_t engine_now(struct att_engine *engine)
{
	return loop_now(link_of(engine)->loop);
}

static void finish(struct loop_task *task)
{
	struct sim_link *link = container_of(task, struct sim_link, finish);

	link->running = true;
	att_engine_finish(&link->engine);
	settle(link);
}

static void expire(struct loop_timer *timer)
{
	struct sim_link *link = container_of(timer, struct sim_link, expiry);

	link->running = true;
	if (loop_now(link->loop) >= att_engine_deadline(&link->engine))
		end_radio(link);
	att_engine_expire(&link->engine, loop_now(link->loop));
	settle(link);
}

/* -- The att_class -------------------------------------------------------------------------- */

static int submit(struct att *att, struct att_op *op)
{
	struct sim_link *link = container_of(att, struct sim_link, engine.att);
	uint64_t deadline;
	int err = att_engine_submit(att, op);

	deadline = att_engine_deadline(&link->engine);
	if (!err && deadline != UINT64_MAX && !link->running)
		loop_timer_at(link->loop, &link->expiry, deadline);
	return err;
}

static void link_free(struct att *att)
{
	struct sim_link *link = container_of(att, struct sim_link, engine.att);

	att_engine_drop_ops(&link->engine);
	detach(link);
	while (list_pop(&link->rssis) || list_pop(&link->updates))
		;
	link->freed = true;
	if (!link->running)
		free(link);
}

static const struct att_class link_class = {
	.name = "sim",
	.submit = submit,
	.cancel = att_engine_cancel,
	.waits = att_engine_waits,
	.rssi = link_rssi,
	.update = link_update,
	.cancel_link = link_cancel,
	.free = link_free,
};

int sim_link_new(struct ble_loop *loop, struct sim_peripheral *peripheral,
		 struct att_server *server, const struct link_params *requested,
		 void (*gone)(void *user), void *user, struct att **ret_att)
{
	static const struct att_engine_io engine_io = {
		engine_send, engine_wake, engine_now
	};
	static const struct sim_peer_io peer_io = { peer_send, peer_hang_up };
	struct sim_link *link = calloc(1, sizeof(*link));
	int err;

	if (!link)
		return -ENOMEM;
	err = sim_peer_init(&link->peer, loop, peripheral, &peer_io);
	if (err) {
		free(link);
		return err;
	}
	att_engine_init(&link->engine, &engine_io, &link_class);
	link->engine.att.server = server;
	link->engine.att.multiple_values = true;
	link->loop = loop;
	link->latency = peripheral->latency_ms * UINT64_C(1000000);
	link->gone = gone;
	link->user = user;
	link->arrival.fire = arrive;
	link->expiry.fire = expire;
	link->finish.run = finish;
	link->radio.run = radio;
	list_init(&link->rssis);
	list_init(&link->updates);
	take_params(link, requested);
	*ret_att = &link->engine.att;
	return 0;
}
