/* SPDX-License-Identifier: MIT */
/* See connect.h. */
#define _GNU_SOURCE /* for hci.h */
#include "hci/connect.h"

#include <errno.h>
#include <string.h>

#include "hci/hci.h"
#include "hci/link.h"

enum {
	TURN_MS = 4000,  /* a peer that advertises every second is heard in it */
	STEPS_MS = 1000, /* of a turn, for what an attempt does before its socket connects */
	YIELD_MS = 500,  /* those that wait try again within that */
};

static struct attempt *attempt_of(struct list *link)
{
	return list_entry(link, struct attempt, link);
}

/* Frees the attempt and returns its op. */
static struct connect_op *take(struct connector *c, struct attempt *a)
{
	struct connect_op *op = a->op;

	list_remove(&a->link);
	attempt_free(a);
	if (ble_address_equal(&op->address, &c->initiating))
		c->turn_over = false; /* the kernel cancels it */
	if (list_empty(&c->attempts)) {
		stop_discovery_cancel(&c->stop_discovery);
		loop_timer_stop(&c->turn);
		c->turn_over = false;
		raw_unlisten(&c->adapter->raw, &c->listener);
		interference_cancelled(&c->adapter->scan);
	}
	return op;
}

static void attempt_done(struct attempt *a)
{
	struct connector *c = &a->adapter->connector;
	struct connect_op *op;
	struct att *att = NULL;
	int error = a->deferred.error;
	uint8_t reason = error ? a->reason : 0;

	if (!error)
		error = link_new(a, &a->op->address, &att);
	else
		deferred_error_tell(c->adapter->adapter.loop, &a->deferred);
	op = take(c, a);
	op->done(op, error, reason, att);
}

/* -- What the attempts share ------------------------------------------------------- */

static void discovery_stopped(struct stop_discovery *stop, int error)
{
	struct connector *c = container_of(stop, struct connector, stop_discovery);

	if (error == -EPERM)
		c->stop_forbidden = true;
	else
		c->adapter->scan.discovery_stuck = false;
	list_for_each(link, &c->attempts)
		attempt_discovery_stopped(attempt_of(link));
}

static void scan_idle(struct scan *scan)
{
	struct connector *c = &scan->adapter->connector;
	bool ended = c->scan_on && !scan->on;

	c->scan_on = scan->on;
	list_for_each(link, &c->attempts) {
		attempt_scan_idle(attempt_of(link));
		if (ended)
			attempt_scan_ended(attempt_of(link));
	}
}

/* The kernel has one pending connect only, or one to this peer, and it is not this
 * attempt's: the one that has been pending for longest yields. */
static bool attempt_busy(struct attempt *attempt)
{
	struct connector *c = &attempt->adapter->connector;
	const struct ble_address *peer = &attempt->op->address;
	bool same_peer = c->adapter->kernel_link(c->adapter, peer) == KERNEL_LINK_PENDING;
	struct attempt *longest = NULL;

	list_for_each(link, &c->attempts) {
		struct attempt *a = attempt_of(link);

		if (a != attempt && attempt_pending(a, TURN_MS) &&
		    (!same_peer || ble_address_equal(&a->op->address, peer)) &&
		    (!longest || a->began < longest->began))
			longest = a;
	}
	if (longest)
		attempt_yield(longest, YIELD_MS);
	return longest;
}

static const struct attempt_events attempt_events = { attempt_done, attempt_busy };

/* The kernel makes one connection at a time. A peer that was heard but does not answer,
 * or has left meanwhile, would keep the others waiting: 20 s on 6.12, 4 s on 6.1. */
void connect_initiating(struct connector *c, uint16_t opcode, struct ble_bytes params)
{
	/* filter policy, own address type, peer address type, peer address; the legacy
	 * command: interval, window, filter policy, peer address type, peer address */
	size_t at = opcode == RAW_CREATE ? 5 : 2;

	if (params.len < at + 7 || list_empty(&c->attempts))
		return;
	c->initiating.type = params.data[at] & 1;
	memcpy(c->initiating.octet, params.data + at + 1, sizeof(c->initiating.octet));
	c->turn_over = false;
	loop_timer_in(c->adapter->adapter.loop, &c->turn, TURN_MS);
}

/* Without CAP_NET_RAW nothing tells which peer it is. Of those that have been pending for a
 * turn every second one connects again, next time the others: so one half hears its peers
 * while the peer that does not answer is in the other half. */
static void half_yields(struct connector *c)
{
	bool yields = c->first_yields = !c->first_yields;

	list_for_each(link, &c->attempts) {
		if (yields && attempt_pending(attempt_of(link), TURN_MS - STEPS_MS))
			attempt_yield(attempt_of(link), ATTEMPT_AWAY_MS);
		yields = !yields;
	}
	loop_timer_in(c->adapter->adapter.loop, &c->turn, TURN_MS);
}

static void turn_over(struct loop_timer *timer)
{
	struct connector *c = container_of(timer, struct connector, turn);

	c->turn_over = c->attempts.next == c->attempts.prev; /* nobody waits */
	if (c->turn_over)
		return;
	if (!c->adapter->raw.privileged) {
		half_yields(c);
		return;
	}
	list_for_each(link, &c->attempts)
		if (ble_address_equal(&attempt_of(link)->op->address, &c->initiating))
			attempt_unanswered(attempt_of(link));
}

/* One that had its turn before anybody waited gives way to the attempt that begins. */
static void another_waits(struct connector *c)
{
	struct ble_loop *loop = c->adapter->adapter.loop;

	if (c->turn_over)
		loop_timer_in(loop, &c->turn, 0);
	else if (!c->adapter->raw.privileged && !c->turn.loop)
		loop_timer_in(loop, &c->turn, TURN_MS);
}

void connect_established(struct connector *c, struct ble_bytes params)
{
	c->turn_over = false;
	loop_timer_stop(&c->turn);
	list_for_each(link, &c->attempts)
		attempt_established(attempt_of(link), params);
}

void connect_disconnected(struct connector *c, uint16_t handle, uint8_t reason)
{
	list_for_each(link, &c->attempts)
		attempt_disconnected(attempt_of(link), handle, reason);
}

/* -- From the owner ----------------------------------------------------------------- */

void connect_init(struct connector *c, struct hci_adapter *adapter)
{
	c->adapter = adapter;
	list_init(&c->attempts);
	c->turn.fire = turn_over;
	stop_discovery_init(&c->stop_discovery, &adapter->mgmt, discovery_stopped);
	adapter->scan.idle = scan_idle;
}

int connect_submit(struct connector *c, struct connect_op *op)
{
	int error = attempt_wants_params(op) ? conn_params_may_update(c->adapter) : 0;
	struct attempt *a;

	if (error)
		return error;
	if (op->address.type > BLE_ADDRESS_RANDOM)
		return -EINVAL;
	a = attempt_new(c->adapter, op, &attempt_events);
	if (!a)
		return -ENOMEM;
	list_append(&c->attempts, &a->link);
	if (c->adapter->raw.privileged)
		raw_listen(&c->adapter->raw, &c->listener);
	another_waits(c);
	attempt_start(a);
	return 0;
}

void connect_cancel(struct connector *c, struct connect_op *op)
{
	list_for_each(link, &c->attempts)
		if (attempt_of(link)->op == op) {
			take(c, attempt_of(link));
			return;
		}
	list_remove(&op->link); /* connect_take_all() was before */
}

void connect_down(struct connector *c, int error, const char *words, bool all)
{
	list_for_each(link, &c->attempts)
		if (all || attempt_began(attempt_of(link)))
			attempt_down(attempt_of(link), error, words);
}

void connect_take_all(struct connector *c, struct list *ret_ops)
{
	list_init(ret_ops);
	while (!list_empty(&c->attempts))
		list_append(ret_ops, &take(c, attempt_of(c->attempts.next))->link);
}

void connect_close(struct connector *c)
{
	struct list ops;

	connect_take_all(c, &ops);
	while (list_pop(&ops))
		;
}
