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
	DOWN_MS = 500, /* a pulled adapter is switched off before it goes */
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

/* -- The way through a sequence ---------------------------------------------- */

static void rest(struct scan *scan)
{
	scan->jolt = false;
	scan->sequence = NULL;
	scan->opcode = 0;
	loop_timer_stop(&scan->limit);
	scan_update(scan);
}

/* The scan cannot be had; unless it was to be stopped anyway, that is told. */
static void fail(struct scan *scan, int error)
{
	bool starting = scan->sequence == &scan_starting;

	if (starting && scan->step == 0) {
		scan->fault = scan->adapter->setup.fault;
		scan->fault.error = error;
	} else if (error == -EPERM) {
		fault_permission(&scan->fault, name_of(scan), "scanning", "CAP_NET_RAW");
	} else if (scan->fault.error != error) {
		fault_set(&scan->fault, error, "scanning on %s failed: %s",
			  name_of(scan), ble_strerror(error));
	}
	if (error == -ENETDOWN)
		setup_forget(&scan->adapter->setup);
	scan->on = scan->dirty = false;
	if (starting && scan->wanted && !scan->jolt) {
		scan->wanted = false;
		loop_defer(loop_of(scan), &scan->ended);
	}
	rest(scan);
}

static void begin(struct scan *scan, const struct scan_sequence *sequence)
{
	scan->sequence = sequence;
	scan->step = 0;
	scan->flips = 0;
	scan->fault = (struct fault){ 0 };
	advance(scan);
}

static void advance(struct scan *scan)
{
	int error = 1;

	while (scan->step < scan->sequence->count) {
		error = scan->sequence->steps[scan->step].begin(scan);
		if (error <= 0)
			break;
		scan->step++;
	}
	if (error == -ENETDOWN && scan->sequence == &scan_starting &&
	    scan->adapter->setup.ready) {
		/* Somebody switched it off since we looked. */
		setup_forget(&scan->adapter->setup);
		begin(scan, &scan_starting);
	} else if (error < 0) {
		fail(scan, error);
	} else if (scan->step == scan->sequence->count) {
		rest(scan);
	}
}

void scan_complete(struct scan *scan, uint16_t opcode, struct ble_bytes result)
{
	const struct scan_step *step;
	int next;

	/* Opcode 0 is what a controller ends that only has room again. */
	if (foreign_ended(scan, opcode) || !scan->sequence || !scan->opcode ||
	    scan->opcode != opcode)
		return;
	scan->opcode = 0;
	loop_timer_stop(&scan->limit);
	step = &scan->sequence->steps[scan->step];
	next = step->end(scan, result);
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

	fail(scan, fault_set(&scan->fault, -ETIMEDOUT,
			     "%s does not answer to scan commands: unplug it, or "
			     "switch it off and on again", name_of(scan)));
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

static void cure_done(struct cure *cure, int error)
{
	struct scan *scan = container_of(cure, struct scan, cure);

	/* Where it is not permitted the state may stay stuck. That matters
	 * only to a connect, which finds out and tells. */
	if (!error)
		scan->stuck = false;
	if (scan->sequence) {
		scan->step++;
		advance(scan);
	}
}

static bool as_wanted(const struct scan *scan)
{
	return scan->running.passive == scan->params.passive &&
	       scan->running.interval == scan->params.interval &&
	       scan->running.window == scan->params.window;
}

/* Takes the next step from what is to what is wanted. */
void scan_update(struct scan *scan)
{
	bool off = (!scan->wanted || scan->paused) && !scan->jolt;

	if (scan->sequence) {
		/* Nothing was begun yet that would have to be undone. */
		if (!off || scan->sequence != &scan_starting || scan->step > 0)
			return;
		setup_cancel(&scan->adapter->setup, &scan->setup);
		scan->sequence = NULL;
	}
	hci_adapter_listen(scan->adapter);
	if (off && (scan->on || scan->dirty))
		begin(scan, &scan_stopping);
	else if (!off && (!scan->on || !as_wanted(scan)))
		begin(scan, &scan_starting);
	else if (scan->paused)
		connect_scan_off(&scan->adapter->connector);
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

	fault_say(adapter->loop, &scan->fault);
	if (adapter->events)
		adapter->events->scan_ended(adapter->user, scan->fault.error);
}

/* -- From the owner ------------------------------------------------------------ */

void scan_init(struct scan *scan, struct hci_adapter *adapter)
{
	scan->adapter = adapter;
	scan->limit.fire = command_late;
	scan->setup.done = setup_done;
	scan->ended.run = ended_run;
	scan->down.fire = stay_down;
	cure_init(&scan->cure, &adapter->mgmt, cure_done);
	foreign_init(scan);
}

/* The user knows already, or need not know. */
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
	struct fault fault = { 0 };

	if (!scan->adapter->raw.privileged) {
		fault_permission(&fault, name_of(scan), "scanning",
				 "CAP_NET_RAW (cap_net_raw)");
		return fault_say(loop_of(scan), &fault);
	}
	forget_end(scan);
	scan->wanted = true;
	scan->params = *params;
	scan_update(scan);
	return 0;
}

void scan_stop(struct scan *scan)
{
	scan->wanted = false;
	forget_end(scan);
	scan_update(scan);
}

bool scan_pause(struct scan *scan)
{
	scan->paused = true;
	if (!scan->on && !scan->dirty && (!scan->sequence || scan->step == 0)) {
		/* Without the call back that scan_update() would make */
		if (scan->sequence == &scan_starting) {
			setup_cancel(&scan->adapter->setup, &scan->setup);
			scan->sequence = NULL;
		}
		if (!scan->sequence)
			return true;
	}
	scan_update(scan);
	/* What failed on the spot calls nobody back. */
	return !scan->sequence;
}

void scan_resume(struct scan *scan)
{
	scan->paused = false;
	scan_update(scan);
}

void scan_jolt(struct scan *scan)
{
	scan->jolt = true;
	scan_update(scan);
}

void scan_meta(struct scan *scan, struct ble_bytes meta, uint64_t time)
{
	struct hci_adapter *hci = scan->adapter;
	struct ble_advertisement adv;
	struct report_walk walk;

	if (!report_begin(&walk, meta, time))
		return;
	/* The kernel's scan for a connect and other programs' are heard too. */
	while (scan->on && scan->wanted && !scan->paused &&
	       report_next(&scan->parser, &walk, &adv)) {
		if (hci->adapter.events)
			hci->adapter.events->report(hci->adapter.user, &adv);
		if (hci->life.over)
			return;
	}
}

static void come_to_rest(struct scan *scan)
{
	cure_cancel(&scan->cure);
	loop_timer_stop(&scan->limit);
	scan->sequence = NULL;
	scan->opcode = 0;
	scan->on = scan->dirty = scan->stuck = false;
}

bool scan_drop(struct scan *scan)
{
	bool running = scan_running(scan);

	come_to_rest(scan);
	setup_cancel(&scan->adapter->setup, &scan->setup);
	foreign_close(scan);
	forget_end(scan);
	scan->foreign.pending = 0;
	scan->wanted = scan->paused = scan->jolt = false;
	return running;
}

/* Commands on their way will not be answered, and the kernel has forgotten its
 * discovery state. */
void scan_down(struct scan *scan)
{
	if (scan->sequence == &scan_starting && scan->step == 0)
		return; /* it is being switched on */
	come_to_rest(scan);
	if (scan->wanted) {
		fault_set(&scan->fault, -ENETDOWN, "%s was switched off",
			  name_of(scan));
		scan->wanted = false;
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

	for (size_t i = 0; i < CURE_TYPES; i++)
		if (mgmt_ask(mgmt->watch.fd, MGMT_STOP_DISCOVERY, mgmt->index,
			     bytes(&cure_types[i], 1), CLOSE_MS, &status, reply,
			     sizeof(reply), &len) ||
		    status != MGMT_INVALID_PARAMS)
			return;
}

void scan_close(struct scan *scan)
{
	struct hci_adapter *hci = scan->adapter;
	uint8_t reply[1];
	size_t len;

	cure_cancel(&scan->cure);
	setup_cancel(&hci->setup, &scan->setup);
	foreign_close(scan);
	loop_timer_stop(&scan->limit);
	forget_end(scan);
	scan->wanted = false;
	if (hci->gone || hci->raw.watch.fd < 0)
		return;
	/* A command of ours that is on its way takes effect before this one;
	 * that the end seen may be that one's does no harm. */
	if (scan->on || scan->dirty || scan->opcode)
		raw_ask(hci->raw.watch.fd, scan_enable_opcode(scan),
			scan_enable_params(scan, false), CLOSE_MS, reply,
			sizeof(reply), &len);
	if (!scan->stuck || hci->mgmt.watch.fd < 0)
		return;
	raw_ask(hci->raw.watch.fd, SCAN_SETTLE, bytes(NULL, 0), CLOSE_MS, reply,
		sizeof(reply), &len);
	close_discovery(scan);
}
