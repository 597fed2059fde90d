/* SPDX-License-Identifier: MIT */
/* See attempt.h. */
#define _GNU_SOURCE /* for hci.h */
#include "hci/attempt.h"

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
	BUSY_MS = 100,  /* at first; then longer, up to five times as long */
	/* The kernel reports a failed connect before it has cleaned up. A 6.1
	 * kernel takes a new connect to the same peer within that time for the
	 * old one and drops it: it never sends a command. */
	RETRY_MS = 50,
	CHECK_FIRST_MS = 300, /* of a connect() that is still pending */
	CHECK_SECOND_MS = 700,
	CHECK_LATER_MS = 3000,
	/* A few connection intervals. The peer may refuse the update; the connect
	 * succeeds all the same. */
	UPDATE_MS = 5000,
};

enum { SETUP, LINGERING, SCAN_OFF, STOP_DISCOVERY, L2CAP_CONNECT, UPDATE, STEPS };

static struct ble_loop *loop_of(const struct attempt *a)
{
	return a->adapter->adapter.loop;
}

/* -- The steps; see scan_step for what begin returns ------------------------------- */

static int begin_setup(struct attempt *a)
{
	return setup_run(&a->adapter->setup, &a->setup);
}

/* Counts against the connect's time limit, which its caller keeps. */
static int begin_lingering(struct attempt *a)
{
	if (!lingering_has(a->adapter, &a->op->address, loop_now(loop_of(a))))
		return 1;
	loop_timer_in(loop_of(a), &a->pause, LINGERING_LOOK_MS);
	return 0;
}

static int begin_scan_off(struct attempt *a)
{
	return scan_pause(&a->adapter->scan, &a->scan_pause) ? 1 : 0;
}

static int begin_stop_discovery(struct attempt *a)
{
	if (a->stop_forbidden)
		return 1;
	stop_discovery_start(&a->stop_discovery);
	return 0;
}

static int begin_l2cap_connect(struct attempt *a)
{
	int fd, error;

	a->reason = 0;
	a->handle = CONN_NO_HANDLE;
	a->checks = 0;
	a->began = loop_now(loop_of(a));
	conn_params_forget_newest(&a->adapter->conn_params);
	error = a->adapter->l2cap_connect(a->adapter, &a->op->address, &fd);
	if (error)
		return error;
	error = loop_watch(loop_of(a), &a->watch, fd, LOOP_WRITE);
	if (error) {
		a->watch.fd = -1;
		close(fd);
		return error;
	}
	loop_timer_in(loop_of(a), &a->check, CHECK_FIRST_MS);
	return 0;
}

/* The kernel knows the handle of a link that was up before, too. */
static void learn_handle(struct attempt *a)
{
	struct l2cap_conninfo info;
	socklen_t len = sizeof(info);

	if (getsockopt(a->fd, SOL_L2CAP, L2CAP_CONNINFO, &info, &len) == 0)
		a->handle = info.hci_handle;
}

bool attempt_wants_params(const struct connect_op *op)
{
	const struct link_params *requested = &op->requested_params;

	return requested->interval_max || requested->latency || requested->timeout;
}

/* mgmt Load Connection Parameters sets parameters before a connect, but needs
 * CAP_NET_ADMIN and keeps them for the connects of all programs. So the link is
 * updated before its owner gets it. */
static int begin_update(struct attempt *a)
{
	learn_handle(a);
	a->params = (struct att_link){ 0 };
	conn_params_attach(&a->conn_params, a->adapter, a->handle, &a->params,
			   &a->adapter->memory);
	if (!attempt_wants_params(a->op))
		return 1;
	a->update.requested_params = a->op->requested_params;
	if (conn_params_update(&a->conn_params, &a->update))
		return 1;
	loop_timer_in(loop_of(a), &a->update_limit, UPDATE_MS);
	return 0;
}

static int (*const steps[STEPS])(struct attempt *a) = {
	[SETUP] = begin_setup,
	[LINGERING] = begin_lingering,
	[SCAN_OFF] = begin_scan_off,
	[STOP_DISCOVERY] = begin_stop_discovery,
	[L2CAP_CONNECT] = begin_l2cap_connect,
	[UPDATE] = begin_update,
};

/* -- From step to step ----------------------------------------------------------------- */

static void end_steps(struct attempt *a)
{
	loop_timer_stop(&a->check);
	loop_timer_stop(&a->pause);
	loop_timer_stop(&a->update_limit);
	stop_discovery_cancel(&a->stop_discovery);
	setup_cancel(&a->adapter->setup, &a->setup);
	a->waiting = false;
	if (a->watch.fd < 0)
		return;
	loop_unwatch(&a->watch);
	l2cap_close(loop_of(a), a->watch.fd);
	a->watch.fd = -1;
}

static void finish(struct attempt *a, int error)
{
	a->deferred.error = error;
	end_steps(a);
	a->step = STEPS;
	loop_defer(loop_of(a), &a->finished);
}

static void finished_run(struct loop_task *task)
{
	struct attempt *a = container_of(task, struct attempt, finished);
	struct connect_op *op = a->op;

	conn_params_detach(&a->conn_params);
	a->op = NULL;
	a->done(a, op);
}

static void retry_in(struct attempt *a, unsigned int ms)
{
	a->step = STOP_DISCOVERY;
	loop_timer_in(loop_of(a), &a->pause, ms);
}

/* True: the attempt continues at a->step. False: it waits, or it ended. */
static bool retry(struct attempt *a, int error)
{
	enum connect_retry how = connect_retry_after(a, error);
	unsigned int ms;

	end_steps(a);
	if (how == RETRY_SOON && a->op->repeats < CONNECT_REPEATS) {
		a->op->repeats++;
		retry_in(a, RETRY_MS);
		return false;
	}
	if (how == RETRY_WITH_SETUP && !a->setup_repeated) {
		a->setup_repeated = true;
		setup_forget(&a->adapter->setup);
		a->step = SETUP;
		return true;
	}
	if (how == RETRY_LATER) {
		ms = ++a->busy < 5 ? a->busy * BUSY_MS : 5 * BUSY_MS;
		retry_in(a, ms);
		return false;
	}
	finish(a, connect_retry_explain(a, error));
	return false;
}

static void advance(struct attempt *a)
{
	while (a->step < STEPS) {
		int result = steps[a->step](a);

		if (result == 0) {
			a->waiting = true;
			return;
		}
		if (result > 0)
			a->step++;
		else if (!retry(a, result))
			return;
	}
	finish(a, 0);
}

static void step_ended(struct attempt *a, size_t step)
{
	if (!a->op || a->step != step || !a->waiting)
		return;
	a->waiting = false;
	a->step++;
	advance(a);
}

/* -- How each step ends ----------------------------------------------------------------- */

static void pause_over(struct loop_timer *timer)
{
	advance(container_of(timer, struct attempt, pause));
}

static void setup_done(struct setup_wait *wait, int error)
{
	struct attempt *a = container_of(wait, struct attempt, setup);

	if (error) {
		a->deferred = a->adapter->setup.deferred;
		finish(a, error);
		return;
	}
	step_ended(a, SETUP);
}

static void scan_off(struct scan_pause *pause)
{
	step_ended(container_of(pause, struct attempt, scan_pause), SCAN_OFF);
}

static void stop_discovery_done(struct stop_discovery *stop, int error)
{
	struct attempt *a = container_of(stop, struct attempt, stop_discovery);

	if (error == -EPERM)
		a->stop_forbidden = true;
	else
		a->adapter->scan.discovery_stuck = false;
	step_ended(a, STOP_DISCOVERY);
}

/* Whether the kernel has sent no command to scan for the peer: this program would have
 * received it. (A command that ends a scan proves nothing: if the controller refuses
 * it, the kernel gives up.) Without CAP_NET_RAW no command is received, and a retry
 * means that none was sent, see RETRY_MS. */
static bool no_command_sent(const struct attempt *a)
{
	return a->adapter->raw.privileged
		? a->adapter->scan.interference.started < a->began
		: a->op->repeats > 0;
}

/* The kernel sent no command for this connect(). If that happens again, the cause
 * is its discovery state. */
static void start_again(struct attempt *a)
{
	if (++a->no_command < 2 || a->stop_forbidden || !a->adapter->raw.privileged) {
		retry_in(a, BUSY_MS);
		return;
	}
	a->step = SCAN_OFF;
	a->waiting = true;
	scan_kick_discovery(&a->adapter->scan);
}

/* connect() is still pending. There are two possible causes: an active scan of another
 * program has changed the kernel's discovery state, or the kernel has dropped the
 * connect. So Stop Discovery is sent again. If that is not permitted, the attempt
 * ends, as the connect would stay pending. */
static void check_pending(struct loop_timer *timer)
{
	struct attempt *a = container_of(timer, struct attempt, check);

	a->checks++;
	if (a->stop_forbidden && a->adapter->scan.discovery_stuck && no_command_sent(a)) {
		deferred_error_permission(&a->deferred, a->adapter->name,
					  "connecting after an active scan (a passive "
					  "one does no harm)", "CAP_NET_ADMIN");
		finish(a, -EPERM);
		return;
	}
	if (a->checks > 1 && no_command_sent(a)) {
		end_steps(a);
		start_again(a);
		return;
	}
	if (!a->stop_forbidden)
		stop_discovery_start(&a->stop_discovery);
	loop_timer_in(loop_of(a), timer, a->checks == 1 ? CHECK_SECOND_MS : CHECK_LATER_MS);
}

static void socket_ready(struct loop_watch *watch, unsigned int events)
{
	struct attempt *a = container_of(watch, struct attempt, watch);
	const struct ble_loop *loop = a->adapter->adapter.loop;
	socklen_t len = sizeof(int);
	int error = 0;

	if (getsockopt(watch->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		error = errno;
	if (!error && (events & LOOP_HANGUP))
		error = ECONNABORTED;
	if (error) {
		/* The controller's event has arrived by now. */
		raw_drain(&a->adapter->raw);
		if (!loop_inherited(loop) && retry(a, -error))
			advance(a);
		return;
	}
	loop_unwatch(watch);
	a->fd = watch->fd;
	watch->fd = -1;
	loop_timer_stop(&a->check);
	/* LE Connection Complete, with the parameters, has arrived by now. */
	raw_drain(&a->adapter->raw);
	if (!loop_inherited(loop))
		step_ended(a, L2CAP_CONNECT);
}

/* An error too: the link is up, with the parameters that it has. */
static void update_done(struct link_op *op, int error, int8_t rssi)
{
	(void)error;
	(void)rssi;
	step_ended(container_of(op, struct attempt, update), UPDATE);
}

static void update_late(struct loop_timer *timer)
{
	step_ended(container_of(timer, struct attempt, update_limit), UPDATE);
}

void attempt_established(struct attempt *a, struct ble_bytes params)
{
	/* subevent, status, handle, role, type of address, address */
	if (!a->op || params.len < 12 ||
	    memcmp(params.data + 6, a->op->address.octet, 6))
		return;
	a->reason = params.data[1];
	a->handle = a->reason ? CONN_NO_HANDLE : get_le16(params.data + 2) & 0x0fff;
}

void attempt_disconnected(struct attempt *a, uint16_t handle, uint8_t reason)
{
	if (!a->op || a->handle != handle)
		return;
	a->reason = reason;
	step_ended(a, UPDATE); /* the link itself reports its end */
}

/* -- From the owner ---------------------------------------------------------------------- */

void attempt_init(struct attempt *a, struct hci_adapter *adapter,
		  void (*done)(struct attempt *attempt, struct connect_op *op))
{
	*a = (struct attempt){
		.adapter = adapter,
		.done = done,
		.watch = { .fd = -1, .ready = socket_ready },
		.pause.fire = pause_over,
		.check.fire = check_pending,
		.setup.done = setup_done,
		.scan_pause.off = scan_off,
		.finished.run = finished_run,
		.update_limit.fire = update_late,
		.update.done = update_done,
		.fd = -1,
	};
	stop_discovery_init(&a->stop_discovery, &adapter->mgmt, stop_discovery_done);
}

void attempt_start(struct attempt *a, struct connect_op *op)
{
	a->op = op;
	a->step = 0;
	a->busy = 0;
	a->no_command = 0;
	a->setup_repeated = false;
	a->reason = 0;
	a->handle = CONN_NO_HANDLE;
	a->deferred = (struct deferred_error){ 0 };
	advance(a);
}

void attempt_cancel(struct attempt *a)
{
	end_steps(a);
	conn_params_detach(&a->conn_params);
	loop_undefer(&a->finished);
	if (a->fd >= 0)
		l2cap_close(loop_of(a), a->fd);
	a->fd = -1;
	a->op = NULL;
}
