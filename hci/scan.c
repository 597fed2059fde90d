/* SPDX-License-Identifier: MIT */
/* See scan.h. */
#define _GNU_SOURCE /* for hci.h */
#include "hci/scan.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "hci/hci.h"

enum {
	CLOSE_MS = 300,
	DOWN_MS = 500, /* an adapter that is removed is switched off first */
	CROSSINGS = 4, /* then the order in which answers arrive decides */
};

static void advance(struct scan *scan);

static struct ble_loop *loop_of(const struct scan *scan)
{
	return scan->adapter->adapter.loop;
}

static const char *name_of(const struct scan *scan)
{
	return scan->adapter->name;
}

/* -- A sequence of commands -------------------------------------------------- */

static void finish_commands(struct scan *scan)
{
	scan->kick_discovery = false;
	scan->commands = NULL;
	scan->opcode = 0;
	loop_timer_stop(&scan->limit);
	scan_update(scan);
}

static void explain(struct scan *scan, int error)
{
	if (scan->step == 0) {
		scan->deferred = scan->adapter->setup.deferred;
		scan->deferred.error = error;
	} else if (error == -EPERM) {
		deferred_error_permission(&scan->deferred, name_of(scan), "scanning",
					  "CAP_NET_RAW");
	} else if (scan->deferred.error == error) {
		return; /* the controller's refusal */
	} else if (error == -ETIMEDOUT) {
		deferred_error_set(&scan->deferred, error, "%s does not answer to scan "
				   "commands: unplug it, or switch it off and on again",
				   name_of(scan));
	} else {
		deferred_error_set(&scan->deferred, error, "scanning on %s failed: %s",
				   name_of(scan), ble_strerror(error));
	}
}

/* The scan failed: scan_ended is called, unless the owner has stopped the scan. */
static void fail(struct scan *scan, int error)
{
	bool starting = scan->commands == &scan_starting;
	bool unknown = scan->on || scan->dirty || scan->opcode;

	if (starting)
		explain(scan, error);
	if (error == -ENETDOWN) {
		setup_forget(&scan->adapter->setup);
		unknown = false;
	}
	scan->on = false;
	scan->dirty = unknown;
	scan->stuck = !starting;
	if (starting && scan->wanted && !scan->kick_discovery) {
		scan->wanted = false;
		adapter_scan_resumed(&scan->adapter->adapter);
		loop_defer(loop_of(scan), &scan->ended);
	}
	finish_commands(scan);
}

static void begin(struct scan *scan, const struct scan_commands *commands)
{
	scan->commands = commands;
	scan->step = 0;
	scan->flips = 0;
	scan->crossings = 0;
	scan->stuck = false;
	/* The error of a start is told after the scan was switched off. */
	if (commands == &scan_starting)
		scan->deferred = (struct deferred_error){ 0 };
	advance(scan);
}

static void advance(struct scan *scan)
{
	int error = 1;

	while (scan->step < scan->commands->count) {
		error = scan->commands->steps[scan->step].begin(scan);
		if (error <= 0)
			break;
		scan->step++;
	}
	if (error == -ENETDOWN && scan->commands == &scan_starting &&
	    scan->adapter->setup.ready) {
		/* It was switched off after the set-up. */
		setup_forget(&scan->adapter->setup);
		begin(scan, &scan_starting);
	} else if (error < 0) {
		fail(scan, error);
	} else if (scan->step == scan->commands->count) {
		finish_commands(scan);
	}
}

/* The controller refuses to scan while it makes a connection. */
static void start_later(struct scan *scan)
{
	scan->kick_discovery = false;
	scan->commands = NULL;
	if (scan->wanted)
		adapter_scan_paused(&scan->adapter->adapter);
	interference_retry(scan);
	if (scan->idle)
		scan->idle(scan);
}

/* True: the outcome of the command that has ended is unknown, and the sequence, which
 * disables the scan first, has begun again. */
static bool begin_again(struct scan *scan)
{
	if (scan->crossings == CROSSINGS)
		return false;
	scan->crossings++;
	scan->opcode = 0;
	scan->on = false;
	scan->dirty = true;
	scan->step = 0;
	advance(scan);
	return true;
}

void scan_complete(struct scan *scan, uint16_t opcode, struct ble_bytes result,
		   bool theirs)
{
	const struct scan_step *step;
	int next;

	/* Opcode 0 only says that the controller takes commands again. */
	if (!scan->commands || !scan->opcode || scan->opcode != opcode)
		return;
	if (theirs) {
		scan->taken = true;
		return;
	}
	loop_timer_stop(&scan->limit);
	if (scan->crossed && begin_again(scan))
		return;
	scan->opcode = 0;
	step = &scan->commands->steps[scan->step];
	next = step->end(scan, result);
	if (next < 0 && result.data[0] == RAW_DISALLOWED && interference_initiates(scan)) {
		start_later(scan);
		return;
	}
	if (next < 0) {
		fail(scan, next);
		return;
	}
	scan->step = next > 0 ? 0 : scan->step + 1;
	advance(scan);
}

static void command_late(struct loop_timer *timer)
{
	struct scan *scan = container_of(timer, struct scan, limit);

	/* Its answer may have been taken for another program's. */
	if ((scan->crossed || scan->taken) && begin_again(scan))
		return;
	fail(scan, -ETIMEDOUT);
}

static void setup_done(struct setup_wait *wait, int error)
{
	struct scan *scan = container_of(wait, struct scan, setup);

	if (error) {
		fail(scan, error);
		return;
	}
	scan->step++;
	advance(scan);
}

static void stop_discovery_done(struct stop_discovery *stop, int error)
{
	struct scan *scan = container_of(stop, struct scan, stop_discovery);

	/* Without permission the kernel's state may stay wrong. That matters
	 * only to a connect, which detects and reports it. */
	if (!error)
		scan->discovery_stuck = false;
	if (scan->commands) {
		scan->step++;
		advance(scan);
	}
}

static bool runs_as_desired(const struct scan *scan)
{
	return scan->running.passive == scan->params.passive &&
	       scan->running.interval == scan->params.interval &&
	       scan->running.window == scan->params.window;
}

static void update_listener(struct scan *scan)
{
	struct raw *raw = &scan->adapter->raw;

	if (scan->wanted || scan->on || (scan->dirty && !scan->stuck))
		raw_listen(raw, &scan->listener);
	else
		raw_unlisten(raw, &scan->listener);
}

/* Compares the desired with the actual state and begins the commands that lead
 * from one to the other. */
void scan_update(struct scan *scan)
{
	bool off = !scan->wanted && !scan->kick_discovery;

	if (scan->commands) {
		/* While it waits for the set-up no command was sent yet. */
		if (!off || scan->commands != &scan_starting || scan->step > 0)
			return;
		setup_cancel(&scan->adapter->setup, &scan->setup);
		scan->commands = NULL;
	}
	update_listener(scan);
	if (off && (scan->on || (scan->dirty && !scan->stuck)))
		begin(scan, &scan_stopping);
	else if (!off && (!scan->on || !runs_as_desired(scan)) && !interference_defers(scan))
		begin(scan, &scan_starting);
	else if (scan->idle)
		scan->idle(scan);
}

static void stay_down(struct loop_timer *timer)
{
	struct scan *scan = container_of(timer, struct scan, down);

	loop_defer(loop_of(scan), &scan->ended);
}

static void ended_run(struct loop_task *task)
{
	struct scan *scan = container_of(task, struct scan, ended);
	struct adapter *adapter = &scan->adapter->adapter;

	deferred_error_tell(adapter->loop, &scan->deferred);
	if (adapter->events)
		adapter->events->scan_ended(adapter->user, scan->deferred.error);
}

/* -- From the owner ------------------------------------------------------------ */

void scan_init(struct scan *scan, struct hci_adapter *adapter)
{
	scan->adapter = adapter;
	scan->limit.fire = command_late;
	scan->setup.done = setup_done;
	scan->ended.run = ended_run;
	scan->down.fire = stay_down;
	stop_discovery_init(&scan->stop_discovery, &adapter->mgmt, stop_discovery_done);
	interference_init(scan);
}

/* scan_ended() is not called. */
static void forget_end(struct scan *scan)
{
	loop_undefer(&scan->ended);
	loop_timer_stop(&scan->down);
}

bool scan_running(const struct scan *scan)
{
	return scan->wanted || scan->down.loop || list_queued(&scan->ended.link);
}

int scan_start(struct scan *scan, const struct adapter_scan *params)
{
	struct deferred_error deferred = { 0 };

	if (!scan->adapter->raw.privileged) {
		deferred_error_permission(&deferred, name_of(scan), "scanning",
					  "CAP_NET_RAW (cap_net_raw)");
		return deferred_error_tell(loop_of(scan), &deferred);
	}
	forget_end(scan);
	scan->stuck = false;
	scan->wanted = true;
	scan->params = *params;
	scan_update(scan);
	return 0;
}

void scan_stop(struct scan *scan)
{
	scan->wanted = scan->stuck = false;
	adapter_scan_resumed(&scan->adapter->adapter);
	forget_end(scan);
	scan_update(scan);
}

void scan_kick_discovery(struct scan *scan)
{
	scan->kick_discovery = true;
	scan_update(scan);
}

void scan_meta(struct scan *scan, struct ble_bytes meta, uint64_t time)
{
	struct hci_adapter *hci = scan->adapter;
	struct ble_advertisement adv;
	struct report_walk walk;

	if (!report_begin(&walk, meta, time))
		return;
	scan->interference.reports++;
	/* Reports of the kernel's own scan and of other programs' arrive, too. */
	while (scan->on && scan->wanted &&
	       report_next(&scan->parser, &walk, &adv)) {
		if (hci->adapter.events)
			hci->adapter.events->report(hci->adapter.user, &adv);
		if (hci->memory.freed)
			return;
	}
}

static void cancel_commands(struct scan *scan)
{
	stop_discovery_cancel(&scan->stop_discovery);
	loop_timer_stop(&scan->limit);
	scan->commands = NULL;
	scan->opcode = 0;
	scan->on = scan->dirty = scan->stuck = scan->discovery_stuck = false;
}

bool scan_drop(struct scan *scan)
{
	bool running = scan_running(scan);

	cancel_commands(scan);
	setup_cancel(&scan->adapter->setup, &scan->setup);
	interference_close(scan);
	forget_end(scan);
	scan->wanted = scan->kick_discovery = false;
	adapter_scan_resumed(&scan->adapter->adapter);
	update_listener(scan);
	return running;
}

/* Commands without an answer will get none, and the kernel has reset its discovery
 * state. */
void scan_down(struct scan *scan, int error, const char *words)
{
	if (scan->commands == &scan_starting && scan->step == 0)
		return; /* the set-up is switching it on */
	cancel_commands(scan);
	if (scan->wanted) {
		deferred_error_set(&scan->deferred, error, "%s %s", name_of(scan), words);
		scan->wanted = false;
		adapter_scan_resumed(&scan->adapter->adapter);
		loop_timer_in(loop_of(scan), &scan->down, DOWN_MS);
	}
	scan_update(scan);
}

/* -- The end -------------------------------------------------------------------- */

static void close_discovery(struct scan *scan)
{
	struct mgmt *mgmt = &scan->adapter->mgmt;
	uint8_t status, reply[4];
	size_t len;

	for (size_t i = 0; i < DISCOVERY_TYPES; i++)
		if (mgmt_ask(mgmt->watch.fd, MGMT_STOP_DISCOVERY, mgmt->index,
			     bytes(&discovery_types[i], 1), CLOSE_MS, &status, reply,
			     sizeof(reply), &len) ||
		    status != MGMT_INVALID_PARAMS)
			return;
}

void scan_close(struct scan *scan)
{
	struct hci_adapter *hci = scan->adapter;
	uint8_t reply[1];
	size_t len;

	stop_discovery_cancel(&scan->stop_discovery);
	setup_cancel(&hci->setup, &scan->setup);
	interference_close(scan);
	loop_timer_stop(&scan->limit);
	forget_end(scan);
	scan->wanted = false;
	if (hci->gone || hci->raw.watch.fd < 0 || loop_inherited(hci->adapter.loop))
		return;
	/* The controller runs a command of ours that has no answer yet before
	 * this one. It does no harm if its answer is taken for this one's. */
	if (scan->on || scan->dirty || scan->opcode)
		raw_ask(hci->raw.watch.fd, scan_enable_opcode(scan),
			scan_enable_params(scan, false), CLOSE_MS, reply,
			sizeof(reply), &len);
	if (!scan->discovery_stuck || hci->mgmt.watch.fd < 0)
		return;
	raw_ask(hci->raw.watch.fd, SCAN_SETTLE, bytes(NULL, 0), CLOSE_MS, reply,
		sizeof(reply), &len);
	close_discovery(scan);
}
