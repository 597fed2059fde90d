/* SPDX-License-Identifier: MIT */
/*
 * Scan and connects. The firmware either scans or connects, and refuses a command with
 * 0x0181 if it is in another state. So this is a reconcile loop: step() compares the
 * requested state with the current one and sends the next command. Between two states
 * the firmware is always made idle. The command's response, or its timeout, sets the
 * current state.
 *
 * Connects take turns, so that a peer that is absent does not keep the others from
 * theirs; and a scan that is wanted has a turn after each attempt without success.
 */
#include "bgapi/adapter.h"

#include <errno.h>
#include <string.h>

#include "bgapi/report.h"

enum {
	TURN_MS = 4000,    /* a peer that advertises every second is heard in it */
	SCAN_TURN_MS = 2000,
	TRIES = 3,         /* of a command, if the firmware is in another state */
	OBSERVATION = 2,   /* every advertiser, whatever its flags */
	/* Linux's default connection interval. The range contains a multiple of
	 * 8 * 2.5 ms, which the firmware needs for eight links. */
	INTERVAL_MIN = 24,
	INTERVAL_MAX = 40,
	TIMEOUT = 100      /* 1 s */
};

static struct bgapi_adapter *adapter_of(struct gap *gap)
{
	return container_of(gap, struct bgapi_adapter, gap);
}

/* -- Ends ------------------------------------------------------------------------ */

static void scan_failed(struct bgapi_adapter *a, int error)
{
	struct gap *gap = &a->gap;

	gap->scan_wanted = gap->scan_turn = false;
	gap->tries = 0;
	adapter_scan_resumed(&a->adapter);
	if (a->adapter.events)
		a->adapter.events->scan_ended(a->adapter.user, error);
}

static void connect_failed(struct bgapi_adapter *a, struct connect_op *op, int error)
{
	a->gap.op = NULL;
	a->gap.tries = 0;
	list_remove(&op->link);
	op->done(op, error, 0, NULL);
}

void bgapi_gap_lost(struct bgapi_adapter *a, int error, const char *words)
{
	struct list *first;

	a->gap.op = NULL;
	a->gap.suspended = false; /* refuses new scans and connects */
	loop_timer_stop(&a->gap.turn);
	while (!a->dongle.memory.freed && (first = list_pop(&a->gap.connects))) {
		struct connect_op *op = list_entry(first, struct connect_op, link);

		op->done(op, loop_set_error(a->dongle.loop, error, "%s", words), 0, NULL);
	}
	if (!a->dongle.memory.freed && a->gap.scan_wanted)
		scan_failed(a, loop_set_error(a->dongle.loop, error, "%s", words));
}

/* -- To idle ------------------------------------------------------ */

static void send_command(struct bgapi_adapter *a,
			 void (*answered)(struct dongle_call *call, int error,
					  const struct bgapi_frame *frame))
{
	a->gap.command_pending = true;
	a->gap.call.answered = answered;
	dongle_submit(&a->dongle, &a->gap.call);
}

/* 0x0181: the scan or connect had already ended. If a connect ended with a link whose
 * connection_status was lost, that link is closed. Without a response the scan or connect
 * may still run; then the next command is refused. */
static void ended(struct dongle_call *call, int error, const struct bgapi_frame *frame)
{
	struct bgapi_adapter *a = adapter_of(container_of(call, struct gap, call));

	struct gap *gap = &a->gap;

	if (gap->now == GAP_CONNECTING && !error &&
	    dongle_result(frame) == BGAPI_WRONG_STATE && gap->handle < a->n_links &&
	    a->links[gap->handle].state == LINK_NONE)
		att_free(bgapi_link_open(&a->links[gap->handle], &gap->peer,
					 &(const struct att_link){ 0 }));
	gap->command_pending = false;
	gap->now = GAP_IDLE;
	bgapi_gap_wake(a);
}

static void end(struct bgapi_adapter *a)
{
	dongle_prepare(&a->gap.call, gap_end_procedure,
		       &(const struct bgapi_cmd_gap_end_procedure){ 0 });
	send_command(a, ended);
}

static bool may_run(int error, uint16_t result)
{
	return error || result == BGAPI_SUCCESS || result == BGAPI_WRONG_STATE;
}

/* Whether to end a scan or connect that may be running on the dongle unknown to us, and
 * to send the command again. */
static bool end_and_retry(struct gap *gap, int error, uint16_t result)
{
	return (error == -ETIMEDOUT || result == BGAPI_WRONG_STATE) &&
	       ++gap->tries < TRIES;
}

/* -- Scanning ------------------------------------------------------------------------- */

static void scan_step(struct bgapi_adapter *a);

static void scan_answered(struct dongle_call *call, int error,
			  const struct bgapi_frame *frame)
{
	struct bgapi_adapter *a = adapter_of(container_of(call, struct gap, call));
	struct gap *gap = &a->gap;
	uint16_t result = error ? 0 : dongle_result(frame);

	gap->command_pending = false;
	if (!error && !result && ++gap->step < 3) {
		scan_step(a);
		return;
	}
	/* It runs, or may run. */
	gap->now = may_run(error, result) ? GAP_SCANNING : GAP_IDLE;
	bgapi_gap_wake(a);
	if (!error && !result) {
		gap->tries = 0;
		adapter_scan_resumed(&a->adapter);
		if (gap->scan_turn)
			loop_timer_in(a->dongle.loop, &gap->turn, SCAN_TURN_MS);
		return;
	}
	memset(&gap->running, 0, sizeof(gap->running));
	if (!end_and_retry(gap, error, result) && gap->scan_wanted)
		scan_failed(a, dongle_error(&a->dongle, error, result, "scan"));
}

/* First clears the filter: an earlier program may have set one. */
static void scan_step(struct bgapi_adapter *a)
{
	struct gap *gap = &a->gap;

	switch (gap->step) {
	case 0:
		dongle_prepare(&gap->call, gap_set_filtering,
			       &(const struct bgapi_cmd_gap_set_filtering){ 0 });
		break;
	case 1:
		dongle_prepare(&gap->call, gap_set_scan_parameters,
			       (&(const struct bgapi_cmd_gap_set_scan_parameters){
				       .scan_interval = gap->running.interval,
				       .scan_window = gap->running.window,
				       .active = !gap->running.passive }));
		break;
	default:
		dongle_prepare(&gap->call, gap_discover,
			       (&(const struct bgapi_cmd_gap_discover){ OBSERVATION }));
		break;
	}
	send_command(a, scan_answered);
}

int bgapi_gap_scan_start(struct adapter *adapter, const struct adapter_scan *scan)
{
	struct bgapi_adapter *a = bgapi_of(adapter);

	if (a->dongle.gone && !a->gap.suspended)
		return -ENODEV;
	a->gap.wanted = *scan;
	a->gap.scan_wanted = true;
	if (a->gap.now == GAP_CONNECTING)
		adapter_scan_paused(&a->adapter);
	bgapi_gap_wake(a);
	return 0;
}

void bgapi_gap_scan_stop(struct adapter *adapter)
{
	struct bgapi_adapter *a = bgapi_of(adapter);

	a->gap.scan_wanted = a->gap.scan_turn = false;
	adapter_scan_resumed(&a->adapter);
	bgapi_gap_wake(a);
}

void bgapi_gap_report(struct bgapi_adapter *a, const struct bgapi_frame *frame)
{
	struct ble_advertisement report;

	if (!a->gap.scan_wanted || !a->adapter.events || bgapi_report(frame, &report))
		return;
	report.time = loop_wall_clock();
	a->adapter.events->report(a->adapter.user, &report);
}

/* -- Connecting -------------------------------------------------------------------------- */

static void connect_answered(struct dongle_call *call, int error,
			     const struct bgapi_frame *frame)
{
	struct bgapi_adapter *a = adapter_of(container_of(call, struct gap, call));
	struct gap *gap = &a->gap;
	uint16_t result = error ? 0 : dongle_result(frame);
	struct connect_op *op = gap->op;

	struct bgapi_rsp_gap_connect_direct kept;

	gap->command_pending = false;
	if (!error && !bgapi_read(rsp_gap_connect_direct, frame, &kept))
		gap->handle = kept.connection_handle;
	gap->now = !gap->connected_early && may_run(error, result) ? GAP_CONNECTING : GAP_IDLE;
	bgapi_gap_wake(a);
	if (gap->connected_early || (!error && !result)) {
		gap->tries = 0;
		return;
	}
	gap->op = NULL; /* its attempt is not running */
	if (!op || end_and_retry(gap, error, result))
		return;
	if (result == BGAPI_INVALID_PARAMETER)
		error = bgapi_interval_error(a);
	else if (result == 0x0209 || result == BGAPI_QUEUE_FULL)
		error = loop_set_error(a->dongle.loop, -EMLINK, "%s holds as many "
				       "connections as it can: end one", a->dongle.name);
	else
		error = dongle_error(&a->dongle, error, result, "connect");
	connect_failed(a, op, error);
}

static void connect(struct bgapi_adapter *a, struct connect_op *op)
{
	const struct link_params *requested = &op->requested_params;
	struct bgapi_cmd_gap_connect_direct direct = {
		.address = op->address,
		.addr_type = op->address.type,
		.conn_interval_min = requested->interval_min ? requested->interval_min : INTERVAL_MIN,
		.conn_interval_max = requested->interval_max ? requested->interval_max : INTERVAL_MAX,
		.timeout = requested->timeout ? requested->timeout : TIMEOUT,
		.latency = requested->latency,
	};

	a->gap.op = op;
	a->gap.connected_early = false;
	a->gap.peer = op->address;
	a->gap.handle = DONGLE_LINKS; /* unknown until the response */
	a->gap.turn_over = false;
	loop_timer_in(a->dongle.loop, &a->gap.turn, TURN_MS);
	if (a->gap.scan_wanted)
		adapter_scan_paused(&a->adapter);
	dongle_prepare(&a->gap.call, gap_connect_direct, &direct);
	send_command(a, connect_answered);
}

/* Its turn was over when it was connected after all. */
static struct connect_op *waiting_for(struct gap *gap, const struct ble_address *peer)
{
	list_for_each(l, &gap->connects) {
		struct connect_op *op = list_entry(l, struct connect_op, link);

		if (ble_address_equal(&op->address, peer))
			return op;
	}
	return NULL;
}

void bgapi_gap_connected(struct bgapi_adapter *a, struct bgapi_link *link,
			 const struct ble_address *peer, const struct att_link *params)
{
	struct gap *gap = &a->gap;
	struct connect_op *op;
	struct att *att;
	bool ours;

	bgapi_link_lost(link, -ENOTCONN, 0, false); /* its disconnect event was lost */
	if (a->dongle.memory.freed)
		return;
	op = gap->op; /* read it only now: a callback above may have cancelled it */
	att = bgapi_link_open(link, peer, params);
	ours = ble_address_equal(peer, &gap->peer);
	if (ours && gap->command_pending)
		gap->connected_early = true;
	else if (ours && gap->now == GAP_CONNECTING)
		gap->now = GAP_IDLE;
	bgapi_gap_wake(a);
	if (!op && ours)
		op = waiting_for(gap, peer);
	if (!op || !ours) {
		/* It was cancelled meanwhile. */
		att_free(att);
		return;
	}
	gap->op = NULL;
	list_remove(&op->link);
	op->done(op, 0, 0, att);
}

static void turn_over(struct loop_timer *timer)
{
	struct gap *gap = container_of(timer, struct gap, turn);

	gap->turn_over = true;
	gap->scan_turn = false;
	bgapi_gap_wake(adapter_of(gap));
}

static bool others_wait(const struct gap *gap)
{
	return gap->scan_wanted || gap->connects.next != gap->connects.prev;
}

/* Behind the other connects, and behind a scan. */
static void yield(struct gap *gap)
{
	struct connect_op *op = gap->op;

	gap->op = NULL;
	list_remove(&op->link);
	list_append(&gap->connects, &op->link);
	gap->scan_turn = gap->scan_wanted;
}

/* The attempt ended before the dongle announced a link. */
void bgapi_gap_not_connected(struct bgapi_adapter *a, uint8_t handle)
{
	struct gap *gap = &a->gap;
	struct connect_op *op = gap->op;

	if (gap->now != GAP_CONNECTING || gap->command_pending || handle != gap->handle)
		return;
	gap->now = GAP_IDLE;
	bgapi_gap_wake(a);
	if (!op)
		return;
	op->repeats++;
	op->failure = -ECONNABORTED;
	op->failure_reason = 0x3e;
	yield(gap);
}

/* Whether the dongle has not ended the peer's last link yet. */
static bool closing(const struct bgapi_adapter *a, const struct ble_address *peer)
{
	for (size_t i = 0; i < a->n_links; i++)
		if (a->links[i].state == LINK_CLOSING &&
		    ble_address_equal(&a->links[i].peer, peer))
			return true;
	return false;
}

static unsigned int count(const struct bgapi_adapter *a, enum link_state state)
{
	unsigned int n = 0;

	for (size_t i = 0; i < a->n_links; i++)
		n += a->links[i].state == state;
	return n;
}

/* The first connect that can be attempted now, or NULL. */
static struct connect_op *next_connect(struct bgapi_adapter *a)
{
	if (count(a, LINK_UP) < a->n_links &&
	    count(a, LINK_UP) + count(a, LINK_CLOSING) >= a->n_links)
		return NULL; /* a handle becomes free soon */
	list_for_each(l, &a->gap.connects) {
		struct connect_op *op = list_entry(l, struct connect_op, link);

		if (!closing(a, &op->address))
			return op;
	}
	return NULL;
}

int bgapi_gap_connect(struct adapter *adapter, struct connect_op *op)
{
	struct bgapi_adapter *a = bgapi_of(adapter);

	if (a->dongle.gone && !a->gap.suspended)
		return -ENODEV;
	if (op->address.type > BLE_ADDRESS_RANDOM)
		return -EINVAL;
	list_append(&a->gap.connects, &op->link);
	bgapi_gap_wake(a);
	return 0;
}

void bgapi_gap_cancel(struct adapter *adapter, struct connect_op *op)
{
	struct bgapi_adapter *a = bgapi_of(adapter);

	list_remove(&op->link);
	if (a->gap.op == op)
		a->gap.op = NULL;
	bgapi_gap_wake(a);
}

/* -- The requested state ------------------------------------------------------------------------- */

static bool same_scan(const struct adapter_scan *x, const struct adapter_scan *y)
{
	return x->passive == y->passive && x->interval == y->interval &&
	       x->window == y->window;
}

/* Whether the current state is the requested one. */
static bool is_done(const struct gap *gap, const struct connect_op *next)
{
	switch (gap->now) {
	case GAP_CONNECTING:
		return gap->op && !(gap->turn_over && others_wait(gap));
	case GAP_SCANNING:
		return !next && gap->scan_wanted && same_scan(&gap->wanted, &gap->running);
	default:
		return !next && !gap->scan_wanted;
	}
}

static void step(struct loop_task *task)
{
	struct gap *gap = container_of(task, struct gap, wake);
	struct bgapi_adapter *a = adapter_of(gap);
	struct connect_op *next = gap->scan_turn ? NULL : next_connect(a);

	if (gap->command_pending || gap->suspended || a->dongle.gone || is_done(gap, next))
		return;
	deferred_free_hold(&a->dongle.memory);
	if (next && count(a, LINK_UP) >= a->n_links) {
		bgapi_gap_wake(a);
		connect_failed(a, next, loop_set_error(a->dongle.loop, -EMLINK, "%s holds its "
						       "%u connections already: end one",
						       a->dongle.name, a->n_links));
	} else if (gap->now != GAP_IDLE) {
		if (gap->op)
			yield(gap);
		end(a);
	} else if (next) {
		connect(a, next);
	} else {
		gap->step = 0;
		gap->running = gap->wanted;
		scan_step(a);
	}
	deferred_free_release(&a->dongle.memory);
}

/* -- Life ---------------------------------------------------------------------------------- */

void bgapi_gap_init(struct bgapi_adapter *a)
{
	list_init(&a->gap.connects);
	a->gap.wake.run = step;
	a->gap.turn.fire = turn_over;
}

void bgapi_gap_suspend(struct bgapi_adapter *a, struct list *ret_connects)
{
	struct gap *gap = &a->gap;

	dongle_drop(&a->dongle, &gap->call);
	list_init(ret_connects);
	list_splice(ret_connects, &gap->connects);
	gap->op = NULL;
	gap->suspended = true;
	gap->command_pending = gap->connected_early = gap->scan_wanted = false;
	gap->scan_turn = false;
	adapter_scan_resumed(&a->adapter);
	loop_timer_stop(&gap->turn);
	gap->tries = 0;
	gap->now = GAP_IDLE;
}

void bgapi_gap_resume(struct bgapi_adapter *a)
{
	a->gap.suspended = false;
	bgapi_gap_wake(a);
}

void bgapi_gap_release(struct bgapi_adapter *a)
{
	loop_undefer(&a->gap.wake);
	loop_timer_stop(&a->gap.turn);
	dongle_drop(&a->dongle, &a->gap.call);
	while (list_pop(&a->gap.connects))
		;
	a->gap.op = NULL;
	a->gap.scan_wanted = false;
}
