/* SPDX-License-Identifier: MIT */
/* See scan.h. */
#define _GNU_SOURCE /* for hci.h */
#include "hci/scan.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "hci/hci.h"

enum {
	COMMAND_MS = 2000,  /* the kernel gives a controller as long */
	CLOSE_MS = 300,
	FLIPS = 4,          /* tries of one family and the other, in all */
	DOWN_MS = 500,      /* a pulled adapter is switched off before it goes */
};

/* Read Local Supported Commands, octet 37: both extended scan commands. That
 * is where the kernel looks, and the controller wants us to do as it does. */
enum { COMMANDS_OCTET = 37, COMMANDS_EXTENDED = 0x60 };

static void advance(struct scan *scan);

static struct ble_loop *loop_of(const struct scan *scan)
{
	return scan->adapter->adapter.loop;
}

static const char *name_of(const struct scan *scan)
{
	return scan->adapter->name;
}

/* -- Commands --------------------------------------------------------------- */

static int send_command(struct scan *scan, uint16_t opcode, const uint8_t *params,
			size_t len)
{
	int error = raw_send(&scan->adapter->raw, opcode, bytes(params, len));

	if (error)
		return error;
	scan->opcode = opcode;
	loop_timer_in(loop_of(scan), &scan->limit, COMMAND_MS);
	return 0;
}

static uint16_t enable_opcode(const struct scan *scan)
{
	return scan->extended ? RAW_EXT_SCAN_ENABLE : RAW_SCAN_ENABLE;
}

/* enable, filter duplicates (never: who wants that can do it above), and in
 * the extended form duration and period, without limit */
static struct ble_bytes enable_params(const struct scan *scan, bool on)
{
	static const uint8_t params[2][6] = { { 0 }, { 1 } };

	return bytes(params[on], scan->extended ? 6 : 2);
}

static int send_enable(struct scan *scan, bool on)
{
	struct ble_bytes params = enable_params(scan, on);

	return send_command(scan, enable_opcode(scan), params.data, params.len);
}

static int begin_setup(struct scan *scan)
{
	return setup_run(&scan->adapter->setup, &scan->setup);
}

static int begin_commands(struct scan *scan)
{
	return scan->family_known ? 1 : send_command(scan, RAW_READ_COMMANDS, NULL, 0);
}

enum scan_family scan_family(struct ble_bytes result)
{
	if (result.len <= 1 + COMMANDS_OCTET || result.data[0] != RAW_SUCCESS)
		return SCAN_LEGACY;
	return (result.data[1 + COMMANDS_OCTET] & COMMANDS_EXTENDED) ==
	       COMMANDS_EXTENDED ? SCAN_EXTENDED : SCAN_LEGACY;
}

static int end_commands(struct scan *scan, struct ble_bytes result)
{
	scan->family_known = true;
	scan->extended = scan_family(result) == SCAN_EXTENDED;
	scan->adapter->adapter.info.extended = scan->extended;
	return 0;
}

static int begin_disable(struct scan *scan)
{
	return send_enable(scan, false);
}

/* Command Disallowed says that it was off, as it mostly is before a start. */
static int end_disable(struct scan *scan, struct ble_bytes result)
{
	(void)result;
	scan->on = false;
	scan->dirty = false;
	return 0;
}

static int begin_params(struct scan *scan)
{
	const struct adapter_scan *wish = &scan->params;
	uint8_t own = scan->adapter->setup.info.current & MGMT_STATIC_ADDRESS ? 1 : 0;
	uint8_t type = wish->passive ? 0 : 1;
	uint8_t legacy[7] = { type, 0, 0, 0, 0, own, 0 };
	uint8_t extended[8] = { own, 0, 1 /* LE 1M */, type };

	scan->running = *wish;
	put_le16(legacy + 1, wish->interval);
	put_le16(legacy + 3, wish->window);
	put_le16(extended + 4, wish->interval);
	put_le16(extended + 6, wish->window);
	return scan->extended
		? send_command(scan, RAW_EXT_SCAN_PARAMS, extended, sizeof(extended))
		: send_command(scan, RAW_SCAN_PARAMS, legacy, sizeof(legacy));
}

/* Refused: perhaps because the other family of commands is in use, perhaps
 * because somebody scans again since we disabled it. */
static int refused(struct scan *scan, uint8_t status)
{
	int error = error_from_hci(status);

	if ((status == RAW_DISALLOWED || status == RAW_UNKNOWN_COMMAND ||
	     status == RAW_UNSUPPORTED) && ++scan->flips < FLIPS) {
		scan->extended = !scan->extended;
		return 1;
	}
	return fault_set(&scan->fault, error,
			 "%s refuses to scan: %s (0x%02x)%s", name_of(scan),
			 ble_hci_text(status), status,
			 status == RAW_DISALLOWED
				 ? "; is another program scanning or connecting?" : "");
}

static int end_params(struct scan *scan, struct ble_bytes result)
{
	return result.data[0] ? refused(scan, result.data[0]) : 0;
}

static int begin_enable(struct scan *scan)
{
	/* From here on reports may come, and the discovery state may stick. */
	scan->stuck = scan->stuck || !scan->running.passive;
	return send_enable(scan, true);
}

static int end_enable(struct scan *scan, struct ble_bytes result)
{
	if (result.data[0])
		return refused(scan, result.data[0]);
	scan->on = true;
	scan->flips = 0;
	scan->adapter->adapter.info.extended = scan->extended;
	return 0;
}

static int begin_cure(struct scan *scan)
{
	if (!scan->stuck)
		return 1;
	cure_start(&scan->cure);
	return 0;
}

static const struct scan_step start_steps[] = {
	{ begin_setup, NULL },
	{ begin_commands, end_commands },
	{ begin_disable, end_disable },
	{ begin_params, end_params },
	{ begin_enable, end_enable },
};

static const struct scan_step stop_steps[] = {
	{ begin_disable, end_disable },
	{ begin_cure, NULL },
};

/* -- The way through a sequence ---------------------------------------------- */

static void rest(struct scan *scan)
{
	scan->steps = NULL;
	scan->opcode = 0;
	loop_timer_stop(&scan->limit);
	scan_update(scan);
}

/* The scan cannot be had; unless it was to be stopped anyway, that is told. */
static void fail(struct scan *scan, int error)
{
	bool starting = scan->steps == start_steps;

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
	if (starting && scan->wanted) {
		scan->wanted = false;
		loop_defer(loop_of(scan), &scan->ended);
	}
	rest(scan);
}

static void begin(struct scan *scan, const struct scan_step *steps, size_t count)
{
	scan->steps = steps;
	scan->n_steps = count;
	scan->step = 0;
	scan->fault = (struct fault){ 0 };
	advance(scan);
}

static void advance(struct scan *scan)
{
	int error = 1;

	while (scan->step < scan->n_steps) {
		error = scan->steps[scan->step].begin(scan);
		if (error <= 0)
			break;
		scan->step++;
	}
	if (error == -ENETDOWN && scan->steps == start_steps &&
	    scan->adapter->setup.ready) {
		/* Somebody switched it off since we looked. */
		setup_forget(&scan->adapter->setup);
		begin(scan, start_steps, scan->n_steps);
	} else if (error < 0) {
		fail(scan, error);
	} else if (scan->step == scan->n_steps) {
		rest(scan);
	}
}

void scan_complete(struct scan *scan, uint16_t opcode, struct ble_bytes result)
{
	const struct scan_step *step;
	int next;

	if (foreign_ended(scan, opcode) || !scan->steps || scan->opcode != opcode)
		return;
	scan->opcode = 0;
	loop_timer_stop(&scan->limit);
	step = &scan->steps[scan->step];
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

	scan->dirty = true;
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
	if (scan->steps) {
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
	bool off = !scan->wanted || scan->paused;

	if (scan->steps) {
		/* Nothing was begun yet that would have to be undone. */
		if (!off || scan->steps != start_steps || scan->step > 0)
			return;
		setup_cancel(&scan->adapter->setup, &scan->setup);
		scan->steps = NULL;
	}
	hci_adapter_listen(scan->adapter);
	if (off && (scan->on || scan->dirty))
		begin(scan, stop_steps, sizeof(stop_steps) / sizeof(stop_steps[0]));
	else if (!off && (!scan->on || !as_wanted(scan)))
		begin(scan, start_steps, sizeof(start_steps) / sizeof(start_steps[0]));
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
	if (!scan->on && !scan->dirty && (!scan->steps || scan->step == 0)) {
		/* Without the call back that scan_update() would make */
		if (scan->steps == start_steps) {
			setup_cancel(&scan->adapter->setup, &scan->setup);
			scan->steps = NULL;
		}
		if (!scan->steps)
			return true;
	}
	scan_update(scan);
	return false;
}

void scan_resume(struct scan *scan)
{
	scan->paused = false;
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

/* Commands on their way will not be answered, and the kernel has forgotten its
 * discovery state. */
void scan_down(struct scan *scan)
{
	if (scan->steps == start_steps && scan->step == 0)
		return; /* it is being switched on */
	cure_cancel(&scan->cure);
	loop_timer_stop(&scan->limit);
	scan->steps = NULL;
	scan->opcode = 0;
	scan->on = scan->dirty = scan->stuck = false;
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
		raw_ask(hci->raw.watch.fd, enable_opcode(scan),
			enable_params(scan, false), CLOSE_MS, reply,
			sizeof(reply), &len);
	if (scan->stuck && hci->mgmt.watch.fd >= 0)
		close_discovery(scan);
}
