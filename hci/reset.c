/* SPDX-License-Identifier: MIT */
/* See reset.h. */
#define _GNU_SOURCE /* for hci.h */
#include "hci/reset.h"

#include <errno.h>

#include "hci/hci.h"

enum { BUSY_TIMES = 30, BUSY_PAUSE_MS = 100 };

static void advance(struct reset *reset);

static struct ble_loop *loop_of(const struct reset *reset)
{
	return reset->adapter->adapter.loop;
}

/* -- The steps; begin returns 0 if the step goes on, 1 if it is done ---------------- */

static int set_power(struct reset *reset, bool on)
{
	reset->command.opcode = MGMT_SET_POWERED;
	reset->command.params[0] = on;
	reset->command.len = 1;
	mgmt_submit(&reset->adapter->mgmt, &reset->command);
	return 0;
}

/* Set Powered on an adapter that is on changes nothing, and shows whether a reset is
 * permitted before anything is ended for it. */
static int begin_permission(struct reset *reset)
{
	return set_power(reset, true);
}

static int begin_end(struct reset *reset)
{
	/* New scans and connects of the callbacks queue for the set-up. */
	setup_hold(&reset->adapter->setup);
	hci_adapter_end_all(reset->adapter, -ENETRESET, "was reset");
	return 1;
}

static int begin_off(struct reset *reset)
{
	return set_power(reset, false);
}

static int begin_on(struct reset *reset)
{
	struct setup *setup = &reset->adapter->setup;
	int ready = setup_run(setup, &reset->setup);

	setup_release(setup);
	return ready;
}

static int (*const steps[])(struct reset *reset) = {
	begin_permission, begin_end, begin_off, begin_on,
};

enum { STEPS = sizeof(steps) / sizeof(steps[0]) };

/* -- From step to step -------------------------------------------------------------------- */

static void finish(struct reset *reset, int error)
{
	struct reset_op *op = reset_take(reset);

	setup_release(&reset->adapter->setup);
	if (error)
		deferred_error_tell(loop_of(reset), &reset->deferred);
	op->done(op, error);
}

/* Callbacks in there may free the adapter. */
static void advance(struct reset *reset)
{
	struct deferred_free *memory = &reset->adapter->memory;
	int result = 1;

	deferred_free_hold(memory);
	while (result > 0 && reset->step < STEPS) {
		result = steps[reset->step](reset);
		if (memory->freed)
			result = 0;
		else if (result > 0)
			reset->step++;
	}
	if (result > 0)
		finish(reset, 0);
	deferred_free_release(memory);
}

static void command_done(struct mgmt_command *command, int error, uint8_t status,
			 struct ble_bytes params)
{
	struct reset *reset = container_of(command, struct reset, command);

	(void)params;
	if (!error && status == MGMT_BUSY && reset->busy_left-- > 0) {
		loop_timer_in(loop_of(reset), &reset->pause, BUSY_PAUSE_MS);
		return;
	}
	if (error || status) {
		error = setup_refused(&reset->adapter->setup, &reset->deferred, "resetting", error,
				      status);
		finish(reset, error);
		return;
	}
	reset->step++;
	advance(reset);
}

static void pause_over(struct loop_timer *timer)
{
	advance(container_of(timer, struct reset, pause));
}

static void setup_done(struct setup_wait *wait, int error)
{
	struct reset *reset = container_of(wait, struct reset, setup);

	reset->deferred = reset->adapter->setup.deferred;
	finish(reset, error);
}

/* -- From the owner ------------------------------------------------------------------------ */

void reset_init(struct reset *reset, struct hci_adapter *adapter)
{
	*reset = (struct reset){
		.adapter = adapter,
		.command.done = command_done,
		.pause.fire = pause_over,
		.setup.done = setup_done,
	};
}

int reset_start(struct reset *reset, struct reset_op *op)
{
	if (reset->op)
		return -EALREADY;
	reset->op = op;
	reset->step = 0;
	reset->busy_left = BUSY_TIMES;
	reset->deferred = (struct deferred_error){ 0 };
	advance(reset);
	return 0;
}

struct reset_op *reset_take(struct reset *reset)
{
	struct reset_op *op = reset->op;

	reset->op = NULL;
	loop_timer_stop(&reset->pause);
	mgmt_cancel(&reset->adapter->mgmt, &reset->command);
	setup_cancel(&reset->adapter->setup, &reset->setup);
	return op;
}
