/* SPDX-License-Identifier: MIT */
/* See connect.h. */
#define _GNU_SOURCE /* for hci.h */
#include "hci/connect.h"

#include <bluetooth/bluetooth.h>
#include <bluetooth/l2cap.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "hci/hci.h"
#include "hci/l2cap.h"

enum {
	BUSY_MS = 100,  /* at first; then more, up to five times as much */
	/* The kernel tidies up after a failed attempt a little later than it
	 * tells, and 6.1 then takes a new attempt at the same peer for the old
	 * one and forgets it: that one would never send anything. */
	REPEAT_MS = 50,
	STUCK_FIRST_MS = 300, /* an attempt that hangs: look after it */
	STUCK_THEN_MS = 700,
	STUCK_LATER_MS = 3000,
	/* A few times the interval that the link began with; the peer may do
	 * without, and so does the connect. */
	WISH_MS = 5000,
};

enum { SETUP, REMAINS, SCAN_OFF, CURE, DIAL, WISH, STEPS };

static void advance(struct connector *c);
static void next_op(struct connector *c);

static struct ble_loop *loop_of(const struct connector *c)
{
	return c->adapter->adapter.loop;
}

/* -- The steps of an attempt; see scan_step for what begin returns ------------- */

static int begin_setup(struct connector *c)
{
	return setup_run(&c->adapter->setup, &c->setup);
}

/* It takes part of the time that the connect has. */
static int begin_remains(struct connector *c)
{
	if (!remains_of(c->adapter, &c->op->address, loop_now(loop_of(c))))
		return 1;
	loop_timer_in(loop_of(c), &c->pause, REMAINS_LOOK_MS);
	return 0;
}

static int begin_scan_off(struct connector *c)
{
	return scan_pause(&c->adapter->scan) ? 1 : 0;
}

static int begin_cure(struct connector *c)
{
	if (c->cure_forbidden)
		return 1;
	cure_start(&c->cure);
	return 0;
}

static int begin_dial(struct connector *c)
{
	int fd, error;

	c->reason = 0;
	c->handle_known = false;
	c->looks = 0;
	c->began = loop_now(loop_of(c));
	radio_forget_newest(&c->adapter->radio);
	error = c->adapter->dial(c->adapter, &c->op->address, &fd);
	if (error)
		return error;
	error = loop_watch(loop_of(c), &c->watch, fd, LOOP_WRITE);
	if (error) {
		c->watch.fd = -1;
		close(fd);
		return error;
	}
	loop_timer_in(loop_of(c), &c->stuck, STUCK_FIRST_MS);
	return 0;
}

static uint16_t handle_of(const struct connector *c, int fd)
{
	struct l2cap_conninfo info;
	socklen_t len = sizeof(info);

	if (getsockopt(fd, SOL_L2CAP, L2CAP_CONNINFO, &info, &len) == 0)
		return info.hci_handle;
	return c->handle_known ? c->handle : RADIO_NO_HANDLE;
}

static bool wishes(const struct link_params *wish)
{
	return wish->interval_max || wish->latency || wish->timeout;
}

/* The kernel takes parameters for a connect beforehand, too, but keeps them for
 * the connects of all other programs, and with CAP_NET_ADMIN only. So what the
 * link began with is changed before anybody else speaks over it. */
static int begin_wish(struct connector *c)
{
	c->params = (struct att_link){ 0 };
	radio_attach(&c->radio, c->adapter, handle_of(c, c->connected),
		     &c->params, &c->adapter->life);
	c->wish.requested_params = c->op->requested_params;
	if (!wishes(&c->wish.requested_params) || radio_update(&c->radio, &c->wish))
		return 1;
	loop_timer_in(loop_of(c), &c->patience, WISH_MS);
	return 0;
}

static int (*const steps[STEPS])(struct connector *c) = {
	[SETUP] = begin_setup,
	[REMAINS] = begin_remains,
	[SCAN_OFF] = begin_scan_off,
	[CURE] = begin_cure,
	[DIAL] = begin_dial,
	[WISH] = begin_wish,
};

/* -- How an attempt ends ---------------------------------------------------------- */

static void end_attempt(struct connector *c)
{
	loop_timer_stop(&c->stuck);
	loop_timer_stop(&c->pause);
	loop_timer_stop(&c->patience);
	cure_cancel(&c->cure);
	setup_cancel(&c->adapter->setup, &c->setup);
	c->waiting = false;
	if (c->watch.fd < 0)
		return;
	loop_unwatch(&c->watch);
	close(c->watch.fd);
	c->watch.fd = -1;
}

static void finish(struct connector *c, int error)
{
	c->fault.error = error;
	end_attempt(c);
	c->step = STEPS;
	loop_defer(loop_of(c), &c->finished);
}

static void repeat_in(struct connector *c, unsigned int ms)
{
	c->step = CURE;
	loop_timer_in(loop_of(c), &c->pause, ms);
}

/* True: begin again at c->step. False: wait, or it is over. */
static bool try_again(struct connector *c, int error)
{
	enum remedy remedy = connect_remedy(c, error);
	unsigned int ms;

	end_attempt(c);
	if (remedy == AT_ONCE && c->op->repeats < CONNECT_REPEATS) {
		c->op->repeats++;
		repeat_in(c, REPEAT_MS);
		return false;
	}
	if (remedy == LOOK_AGAIN && !c->looked_again) {
		c->looked_again = true;
		setup_forget(&c->adapter->setup);
		c->step = SETUP;
		return true;
	}
	if (remedy == LATER) {
		ms = ++c->busy < 5 ? c->busy * BUSY_MS : 5 * BUSY_MS;
		repeat_in(c, ms);
		return false;
	}
	finish(c, connect_explain(c, error));
	return false;
}

static void advance(struct connector *c)
{
	while (c->step < STEPS) {
		int result = steps[c->step](c);

		if (result == 0) {
			c->waiting = true;
			return;
		}
		if (result > 0)
			c->step++;
		else if (!try_again(c, result))
			return;
	}
	finish(c, 0);
}

static void step_ended(struct connector *c, size_t step)
{
	if (!c->op || c->step != step || !c->waiting)
		return;
	c->waiting = false;
	c->step++;
	advance(c);
}

static void pause_over(struct loop_timer *timer)
{
	advance(container_of(timer, struct connector, pause));
}

static void setup_done(struct setup_wait *wait, int error)
{
	struct connector *c = container_of(wait, struct connector, setup);

	if (error) {
		c->fault = c->adapter->setup.fault;
		finish(c, error);
		return;
	}
	step_ended(c, SETUP);
}

void connect_scan_off(struct connector *c)
{
	step_ended(c, SCAN_OFF);
}

static void cure_done(struct cure *cure, int error)
{
	struct connector *c = container_of(cure, struct connector, cure);

	if (error == -EPERM)
		c->cure_forbidden = true;
	else
		c->adapter->scan.stuck = false;
	step_ended(c, CURE);
}

/* Whether the kernel has not even begun to look for the peer: then we would
 * have heard it start a scan. (To end one is not enough: refused that, it gives
 * up.) Where we hear nothing a repetition is under suspicion, see REPEAT_MS. */
static bool is_silent(const struct connector *c)
{
	return c->adapter->raw.privileged ? c->adapter->scan.foreign.started < c->began
					  : c->op->repeats > 0;
}

/* After an attempt that the kernel did nothing for. If it happens again that is
 * not because of the attempt. */
static void begin_anew(struct connector *c)
{
	if (++c->silent < 2 || c->cure_forbidden || !c->adapter->raw.privileged) {
		repeat_in(c, BUSY_MS);
		return;
	}
	c->step = SCAN_OFF;
	c->waiting = true;
	scan_jolt(&c->adapter->scan);
}

/* Nothing yet. Another program's active scan may have got the kernel stuck
 * since the attempt began; where we may not cure that, the attempt would hang
 * for its whole time without a word. Or the kernel has forgotten it. */
static void attempt_stuck(struct loop_timer *timer)
{
	struct connector *c = container_of(timer, struct connector, stuck);

	c->looks++;
	if (c->cure_forbidden && c->adapter->scan.stuck && is_silent(c)) {
		fault_permission(&c->fault, c->adapter->name,
				 "connecting after an active scan (a passive one does "
				 "no harm)", "CAP_NET_ADMIN");
		finish(c, -EPERM);
		return;
	}
	if (c->looks > 1 && is_silent(c)) {
		end_attempt(c);
		begin_anew(c);
		return;
	}
	if (!c->cure_forbidden)
		cure_start(&c->cure);
	loop_timer_in(loop_of(c), timer, c->looks == 1 ? STUCK_THEN_MS : STUCK_LATER_MS);
}

static void attempt_ready(struct loop_watch *watch, unsigned int events)
{
	struct connector *c = container_of(watch, struct connector, watch);
	socklen_t len = sizeof(int);
	int error = 0;

	if (getsockopt(watch->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		error = errno;
	if (!error && (events & LOOP_HANGUP))
		error = ECONNABORTED;
	if (error) {
		/* The controller's own word is there by now. */
		raw_drain(&c->adapter->raw);
		if (try_again(c, -error))
			advance(c);
		return;
	}
	loop_unwatch(watch);
	c->connected = watch->fd;
	watch->fd = -1;
	loop_timer_stop(&c->stuck);
	/* What the link began with is heard by now. */
	raw_drain(&c->adapter->raw);
	step_ended(c, DIAL);
}

/* Also where it was turned down: the link is there, as it is. */
static void wish_done(struct link_op *op, int error, int8_t rssi)
{
	(void)error;
	(void)rssi;
	step_ended(container_of(op, struct connector, wish), WISH);
}

static void wish_late(struct loop_timer *timer)
{
	step_ended(container_of(timer, struct connector, patience), WISH);
}

/* -- Telling the owner --------------------------------------------------------------- */

static uint8_t link_reason(struct l2cap_link *link)
{
	return link->reason;
}

static void link_ending(struct l2cap_link *link)
{
	struct hci_adapter *hci = link->owner;

	if (!link_reason(link))
		raw_drain(&hci->raw);
}

static void link_unsettled(struct l2cap_link *link)
{
	struct hci_adapter *hci = link->owner;

	remains_note(&hci->remains, &link->peer, loop_now(hci->adapter.loop));
}

static int make_link(struct connector *c, int fd, struct att **ret_att)
{
	struct hci_adapter *hci = c->adapter;
	struct l2cap_link *link;
	int error = l2cap_link_new(hci->adapter.loop, fd, hci->batch, &link);

	if (error)
		return error;
	link->peer = c->op->address;
	link->reason = c->reason; /* if it has ended meanwhile */
	link->ending = link_ending;
	link->unsettled = link_unsettled;
	link->owner = hci;
	link->engine.att.class = &l2cap_class;
	link->engine.att.server = hci->adapter.server;
	radio_attach(&link->radio, hci, handle_of(c, fd), &link->engine.att.link,
		     &link->life);
	link->engine.att.link = c->params;
	list_append(&hci->links, &link->link);
	*ret_att = &link->engine.att;
	return 0;
}

static void finished_run(struct loop_task *task)
{
	struct connector *c = container_of(task, struct connector, finished);
	struct connect_op *op = c->op;
	struct ble_loop *loop = loop_of(c);
	struct att *att = NULL;
	int fd = c->connected, error = c->fault.error;
	uint8_t reason = error ? c->reason : 0;

	c->connected = -1;
	radio_detach(&c->radio);
	if (!error) {
		error = make_link(c, fd, &att);
		if (error)
			close(fd);
	} else {
		fault_say(loop, &c->fault);
	}
	c->op = NULL;
	next_op(c);
	op->done(op, error, reason, att);
}

static void next_op(struct connector *c)
{
	struct list *link = list_pop(&c->queue);

	if (!link) {
		scan_resume(&c->adapter->scan);
		hci_adapter_listen(c->adapter);
		return;
	}
	c->op = list_entry(link, struct connect_op, link);
	c->step = 0;
	c->busy = 0;
	c->silent = 0;
	c->looked_again = false;
	c->reason = 0;
	c->fault = (struct fault){ 0 };
	hci_adapter_listen(c->adapter);
	advance(c);
}

/* -- From the owner ---------------------------------------------------------------------- */

void connect_init(struct connector *c, struct hci_adapter *adapter)
{
	*c = (struct connector){
		.adapter = adapter,
		.watch = { .fd = -1, .ready = attempt_ready },
		.pause.fire = pause_over,
		.stuck.fire = attempt_stuck,
		.setup.done = setup_done,
		.finished.run = finished_run,
		.patience.fire = wish_late,
		.wish.done = wish_done,
		.connected = -1,
	};
	list_init(&c->queue);
	cure_init(&c->cure, &adapter->mgmt, cure_done);
}

int connect_submit(struct connector *c, struct connect_op *op)
{
	int error = wishes(&op->requested_params) ? radio_may_update(c->adapter) : 0;

	if (error)
		return error;
	if (op->address.type > BLE_ADDRESS_RANDOM)
		return -EINVAL;
	list_append(&c->queue, &op->link);
	if (!c->op)
		next_op(c);
	return 0;
}

/* Calls off what is under way, of which the owner then hears nothing. */
static void drop_op(struct connector *c)
{
	end_attempt(c);
	radio_detach(&c->radio);
	loop_undefer(&c->finished);
	if (c->connected >= 0)
		close(c->connected);
	c->connected = -1;
	c->op = NULL;
}

void connect_cancel(struct connector *c, struct connect_op *op)
{
	if (op != c->op) {
		list_remove(&op->link);
		return;
	}
	drop_op(c);
	next_op(c);
}

bool connect_busy(const struct connector *c)
{
	return c->op;
}

void connect_established(struct connector *c, struct ble_bytes params)
{
	/* subevent, status, handle, role, type of address, address */
	if (!c->op || params.len < 12 ||
	    memcmp(params.data + 6, c->op->address.octet, 6))
		return;
	c->reason = params.data[1];
	c->handle = get_le16(params.data + 2);
	c->handle_known = !c->reason;
}

void connect_disconnected(struct connector *c, uint16_t handle, uint8_t reason)
{
	if (!c->op || !c->handle_known || c->handle != handle)
		return;
	c->reason = reason;
	step_ended(c, WISH); /* the link itself tells */
}

void connect_take_all(struct connector *c, struct list *ret_ops)
{
	struct connect_op *op = c->op;

	list_init(ret_ops);
	if (op) {
		drop_op(c);
		list_append(ret_ops, &op->link);
	}
	list_splice(ret_ops, &c->queue);
}

void connect_close(struct connector *c)
{
	struct list ops;

	connect_take_all(c, &ops);
	while (list_pop(&ops))
		;
	cure_cancel(&c->cure);
}
