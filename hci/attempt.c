/* SPDX-License-Identifier: MIT */
/* See attempt.h. */
#define _GNU_SOURCE /* for hci.h */
#include "hci/attempt.h"

#include <bluetooth/bluetooth.h>
#include <bluetooth/l2cap.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "hci/hci.h"
#include "hci/l2cap.h"
#include "hci/lost_sockets.h"

enum {
	BUSY_MS = 100,  /* at first; then longer, up to five times as long */
	/* Kernels that kill a program when it closes a failed socket (lost_sockets.h) do not
	 * if it is closed before the kernel's own time limit of 40 s. */
	PENDING_MS = 35000,
	/* The kernel reports a failed connect before it has cleaned up. A 6.1
	 * kernel takes a new connect to the same peer within that time for the
	 * old one and drops it: it never sends a command. */
	RETRY_MS = 50,
	CHECK_FIRST_MS = 300, /* of a connect() that is still pending */
	CHECK_SECOND_MS = 700,
	CHECK_LATER_MS = 3000,
	UNPRIVILEGED_CHECKS = 3, /* of a retry without CAP_NET_RAW, see nobody_scans() */
	/* A few connection intervals. The peer may refuse the update; the connect
	 * succeeds all the same. */
	UPDATE_MS = 5000,
	DOWN_MS = 500, /* an adapter that is removed is switched off first */
};

enum { SETUP, LINGERING, SCAN_IDLE, STOP_DISCOVERY, L2CAP_CONNECT, UPDATE, STEPS };

static struct ble_loop *loop_of(const struct attempt *a)
{
	return a->adapter->adapter.loop;
}

static struct scan *scan_of(const struct attempt *a)
{
	return &a->adapter->scan;
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

/* Between two commands of ours the kernel would be refused what it tries. */
static int begin_scan_idle(struct attempt *a)
{
	return scan_of(a)->commands ? 0 : 1;
}

/* While our scan runs, the kernel hears the peer by it. */
static int begin_stop_discovery(struct attempt *a)
{
	struct connector *c = &a->adapter->connector;

	if (c->stop_forbidden || scan_of(a)->on)
		return 1;
	stop_discovery_start(&c->stop_discovery, a->no_command > 0);
	return 0;
}

static int begin_l2cap_connect(struct attempt *a)
{
	int fd, error;

	a->reason = 0;
	a->handle = CONN_NO_HANDLE;
	a->params_at_start = (struct att_link){ 0 };
	a->checks = 0;
	a->began = a->alone_since = loop_now(loop_of(a));
	a->reports = scan_of(a)->interference.reports;
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

	if (getsockopt(a->fd, SOL_L2CAP, L2CAP_CONNINFO, &info, &len) != 0)
		return;
	if (a->handle != info.hci_handle)
		a->params_at_start = (struct att_link){ 0 };
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
	a->params = a->handle == CONN_NO_HANDLE ? (struct att_link){ 0 }
						: a->params_at_start;
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
	[SCAN_IDLE] = begin_scan_idle,
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

	conn_params_detach(&a->conn_params);
	a->events->done(a);
}

static void retry_in(struct attempt *a, unsigned int ms)
{
	a->step = SCAN_IDLE;
	loop_timer_in(loop_of(a), &a->pause, ms);
}

/* A peer that did not answer leaves the kernel to the others for a while. */
static void retry_after_failure(struct attempt *a, int error)
{
	unsigned int doublings = a->op->repeats < 5 ? a->op->repeats : 5;
	const struct list *all = &a->adapter->connector.attempts;
	bool away = error == -ETIMEDOUT && all->next != all->prev;

	a->op->failure = connect_retry_error(a, error);
	a->op->failure_reason = a->reason;
	a->op->repeats++;
	retry_in(a, away ? ATTEMPT_AWAY_MS : (unsigned int)RETRY_MS << doublings);
}

/* True: the attempt continues at a->step. False: it waits, or it ended. */
static bool retry(struct attempt *a, int error)
{
	enum connect_retry how = connect_retry_after(a, error);
	unsigned int ms;

	end_steps(a);
	if (how == RETRY_UNHEARD)
		a->setup_repeated = false;
	if (how == RETRY_SOON) {
		retry_after_failure(a, error);
		return false;
	}
	if (how == RETRY_UNHEARD) {
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
		retry_in(a, a->events->busy(a) ? RETRY_MS : ms);
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
	finish(a, a->deferred.error);
}

static void step_ended(struct attempt *a, size_t step)
{
	if (a->step != step || !a->waiting)
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

void attempt_scan_idle(struct attempt *a)
{
	step_ended(a, SCAN_IDLE);
}

void attempt_discovery_stopped(struct attempt *a)
{
	step_ended(a, STOP_DISCOVERY);
}

/* Whether nobody scans, so that the peer cannot be heard: the kernel has sent no
 * command to scan for it, which this program would have received, and there was no
 * report. (A command that ends a scan proves nothing: if the controller refuses it,
 * the kernel gives up.) Without CAP_NET_RAW neither is received, and a retry means
 * that no command was sent, see RETRY_MS. */
static bool nobody_scans(const struct attempt *a)
{
	const struct scan *scan = scan_of(a);

	if (!a->adapter->raw.privileged)
		return a->op->repeats > 0 && a->no_command < UNPRIVILEGED_CHECKS;
	return !scan->on && !interference_scans(scan, a->alone_since) &&
	       scan->interference.reports == a->reports;
}

void attempt_scan_ended(struct attempt *a)
{
	if (a->watch.fd < 0)
		return;
	a->alone_since = scan_of(a)->off_since;
	a->reports = scan_of(a)->interference.reports;
	a->checks = 1;
	loop_timer_in(loop_of(a), &a->check, CHECK_FIRST_MS);
}

void attempt_unanswered(struct attempt *a)
{
	if (a->watch.fd < 0)
		return;
	end_steps(a);
	retry_after_failure(a, -ETIMEDOUT);
}

void attempt_down(struct attempt *a, int error, const char *words)
{
	char text[BLE_ADDRESS_TEXT];

	if (a->step == STEPS || a->fd >= 0)
		return;
	end_steps(a);
	a->step = STEPS;
	a->reason = 0;
	deferred_error_set(&a->deferred, error, "connecting to %s failed: %s %s",
			   ble_address_text(&a->op->address, text), a->adapter->name, words);
	loop_timer_in(loop_of(a), &a->pause, DOWN_MS);
}

bool attempt_began(const struct attempt *a)
{
	return a->watch.fd >= 0 || a->setup_repeated;
}

bool attempt_pending(const struct attempt *a, unsigned int ms)
{
	return a->watch.fd >= 0 && loop_now(loop_of(a)) - a->began >= ms * UINT64_C(1000000);
}

void attempt_yield(struct attempt *a, unsigned int ms)
{
	end_steps(a);
	retry_in(a, ms);
}

/* The kernel sent no command for this connect(). If that happens again, the cause
 * is its discovery state. */
static void start_again(struct attempt *a)
{
	if (++a->no_command < 2 || a->adapter->connector.stop_forbidden ||
	    !a->adapter->raw.privileged) {
		retry_in(a, BUSY_MS);
		return;
	}
	a->step = SCAN_IDLE;
	a->waiting = true;
	scan_kick_discovery(scan_of(a));
}

/* connect() is still pending. There are two possible causes: an active scan of another
 * program has changed the kernel's discovery state, or the kernel has dropped the
 * connect. So Stop Discovery is sent again. If that is not permitted, the attempt
 * ends, as the connect would stay pending. */
static void check_pending(struct loop_timer *timer)
{
	struct attempt *a = container_of(timer, struct attempt, check);
	struct connector *c = &a->adapter->connector;
	bool stuck = nobody_scans(a);

	a->checks++;
	if (c->stop_forbidden && scan_of(a)->discovery_stuck && stuck) {
		deferred_error_permission(&a->deferred, a->adapter->name,
					  "connecting after an active scan (a passive "
					  "one does no harm)", "CAP_NET_ADMIN");
		finish(a, -EPERM);
		return;
	}
	if (a->checks > 1 && stuck) {
		end_steps(a);
		start_again(a);
		return;
	}
	if (lost_sockets_kernel() && attempt_pending(a, PENDING_MS)) {
		end_steps(a);
		retry_in(a, RETRY_MS);
		return;
	}
	a->reports = scan_of(a)->interference.reports;
	if (stuck && !c->stop_forbidden)
		stop_discovery_start(&c->stop_discovery, true);
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
	if (!error) {
		loop_unwatch(watch);
		a->fd = watch->fd;
		watch->fd = -1;
		loop_timer_stop(&a->check);
	}
	/* The controller's event has arrived by now, with the parameters or the reason. */
	deferred_free_hold(&a->memory);
	raw_drain(&a->adapter->raw);
	if (!a->memory.freed && !loop_inherited(loop)) {
		if (!error)
			step_ended(a, L2CAP_CONNECT);
		else if (retry(a, -error))
			advance(a);
	}
	deferred_free_release(&a->memory);
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
	if (params.len < 12 || (params.data[5] & 1) != a->op->address.type ||
	    memcmp(params.data + 6, a->op->address.octet, 6))
		return;
	a->reason = params.data[1];
	a->handle = a->reason ? CONN_NO_HANDLE : get_le16(params.data + 2) & 0x0fff;
	a->params_at_start = conn_params_of_connection(params);
}

void attempt_disconnected(struct attempt *a, uint16_t handle, uint8_t reason)
{
	if (a->handle != handle)
		return;
	a->reason = reason;
	step_ended(a, UPDATE); /* the link itself reports its end */
}

/* -- From the owner ---------------------------------------------------------------------- */

static void release(struct deferred_free *memory)
{
	free(container_of(memory, struct attempt, memory));
}

struct attempt *attempt_new(struct hci_adapter *adapter, struct connect_op *op,
			    const struct attempt_events *events)
{
	struct attempt *a = malloc(sizeof(*a));

	if (a)
		*a = (struct attempt){
			.memory.free = release,
			.adapter = adapter,
			.op = op,
			.events = events,
			.watch = { .fd = -1, .ready = socket_ready },
			.pause.fire = pause_over,
			.check.fire = check_pending,
			.setup.done = setup_done,
			.finished.run = finished_run,
			.update_limit.fire = update_late,
			.update.done = update_done,
			.handle = CONN_NO_HANDLE,
			.fd = -1,
		};
	return a;
}

void attempt_start(struct attempt *a)
{
	advance(a);
}

void attempt_free(struct attempt *a)
{
	end_steps(a);
	conn_params_detach(&a->conn_params);
	loop_undefer(&a->finished);
	if (a->fd >= 0)
		l2cap_close(loop_of(a), a->fd);
	deferred_free(&a->memory);
}
