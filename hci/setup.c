/* SPDX-License-Identifier: MIT */
/* See setup.h. */
#include "hci/setup.h"

#include <errno.h>

#include "base/bytes.h"

/* The kernel answers "busy" while another program switches the same thing. */
enum { BUSY_TIMES = 30, BUSY_PAUSE_MS = 100 };

static const struct {
	uint16_t opcode;
	uint32_t setting; /* the bit that it sets; 0: it reads all of them */
	const char *what;
} steps[] = {
	{ MGMT_READ_INFO, 0, "reading the state of" },
	{ MGMT_SET_LE, MGMT_LE, "switching on Low Energy on" },
	{ MGMT_SET_POWERED, MGMT_POWERED, "powering on" },
};

enum { STEPS = sizeof(steps) / sizeof(steps[0]) };

static void advance(struct setup *setup);

static void finish(struct setup *setup, int error)
{
	struct list waits;
	struct list *link;

	setup->running = false;
	setup->ready = !error;
	list_init(&waits);
	list_splice(&waits, &setup->waits);
	while ((link = list_pop(&waits))) {
		struct setup_wait *wait = list_entry(link, struct setup_wait, link);

		wait->done(wait, error);
	}
}

static int not_sent(struct deferred_error *deferred, const char *name, const char *what,
		    int error)
{
	if (error == -ENODEV)
		return deferred_error_set(deferred, error, "%s %s: the kernel has ended its "
					  "management socket, and gives no other one", what,
					  name);
	if (error == -ECONNRESET)
		return deferred_error_set(deferred, -ENODEV, "%s %s: the kernel has ended one "
					  "management socket after the other, without an answer",
					  what, name);
	if (error != -ETIMEDOUT)
		return deferred_error_set(deferred, error, "%s %s: the kernel does not take the "
					  "command: %s", what, name, ble_strerror(error));
	return deferred_error_set(deferred, error, "%s %s: the kernel did not answer", what,
				  name);
}

int setup_refused(const struct setup *setup, struct deferred_error *deferred,
		  const char *what, int error, uint8_t status)
{
	const char *name = setup->shown->name, *words;

	if (error)
		return not_sent(deferred, name, what, error);
	/* Set Powered on a blocked adapter ends with "failed" on current kernels. */
	words = power_rfkill_words(status == MGMT_FAILED || status == MGMT_RFKILLED
				   ? setup->rfkill(setup->mgmt->index) : RFKILL_NONE);
	if (words)
		return deferred_error_set(deferred, -ERFKILL, "%s %s", name, words);
	switch (status) {
	case MGMT_PERMISSION_DENIED:
		return deferred_error_permission(deferred, name, what, "CAP_NET_ADMIN");
	case MGMT_RFKILLED:
		return deferred_error_set(deferred, -ERFKILL,
					  "%s is blocked by rfkill: lift the block with "
					  "\"rfkill unblock bluetooth\", or with the switch of "
					  "this machine", name);
	case MGMT_INVALID_INDEX:
		return deferred_error_set(deferred, -ENODEV,
					  "%s is gone, or another program uses it "
					  "exclusively", name);
	case MGMT_NOT_SUPPORTED:
	case MGMT_REJECTED:
		return deferred_error_set(deferred, -EOPNOTSUPP,
					  "%s %s was refused (status 0x%02x): it cannot do "
					  "Low Energy as it is", what, name, status);
	default:
		return deferred_error_set(deferred, -EIO,
					  "%s %s failed (status 0x%02x): try to unplug the "
					  "adapter or to reload its driver", what, name, status);
	}
}

static int take_answer(struct setup *setup, struct ble_bytes params)
{
	struct mgmt_info *info = &setup->info;

	if (steps[setup->step].setting) {
		if (params.len >= 4)
			info->current = get_le32(params.data);
		/* Even if the reply lacks it: the command succeeded. */
		info->current |= steps[setup->step].setting;
	} else if (mgmt_parse_info(params, info)) {
		return deferred_error_set(&setup->deferred, -EBADMSG,
					  "the kernel's answer about %s is too short",
					  setup->shown->name);
	}
	setup->shown->powered = info->current & MGMT_POWERED;
	if (!(info->supported & MGMT_LE))
		return deferred_error_set(&setup->deferred, -EOPNOTSUPP,
					  "%s has no Low Energy: it is a classic Bluetooth "
					  "adapter", setup->shown->name);
	return 0;
}

static void command_done(struct mgmt_command *command, int error, uint8_t status,
			 struct ble_bytes params)
{
	struct setup *setup = container_of(command, struct setup, command);

	if (!error && status == MGMT_BUSY && setup->busy_left-- > 0) {
		loop_timer_in(setup->mgmt->loop, &setup->pause, BUSY_PAUSE_MS);
		return;
	}
	if (error || status)
		error = setup_refused(setup, &setup->deferred, steps[setup->step].what, error,
				      status);
	else
		error = take_answer(setup, params);
	if (error) {
		finish(setup, error);
		return;
	}
	setup->step++;
	advance(setup);
}

static void advance(struct setup *setup)
{
	while (setup->step < STEPS && steps[setup->step].setting &&
	       (setup->info.current & steps[setup->step].setting))
		setup->step++;
	if (setup->step == STEPS) {
		finish(setup, 0);
		return;
	}
	setup->command.opcode = steps[setup->step].opcode;
	setup->command.params[0] = 1;
	setup->command.len = steps[setup->step].setting ? 1 : 0;
	mgmt_submit(setup->mgmt, &setup->command);
}

static void pause_over(struct loop_timer *timer)
{
	advance(container_of(timer, struct setup, pause));
}

void setup_init(struct setup *setup, struct mgmt *mgmt,
		struct ble_adapter_info *shown)
{
	*setup = (struct setup){
		.mgmt = mgmt,
		.shown = shown,
		.rfkill = power_rfkill,
		.command.done = command_done,
		.pause.fire = pause_over,
	};
	list_init(&setup->waits);
}

static void start(struct setup *setup)
{
	if (setup->running || setup->held)
		return;
	setup->running = true;
	setup->step = 0;
	setup->busy_left = BUSY_TIMES;
	setup->deferred = (struct deferred_error){ 0 };
	advance(setup);
}

int setup_run(struct setup *setup, struct setup_wait *wait)
{
	if (setup->ready)
		return 1;
	list_append(&setup->waits, &wait->link);
	start(setup);
	return 0;
}

void setup_cancel(struct setup *setup, struct setup_wait *wait)
{
	(void)setup; /* the commands go on to their end */
	list_remove(&wait->link);
}

void setup_forget(struct setup *setup)
{
	setup->ready = false;
}

bool setup_changed(struct setup *setup, uint32_t settings)
{
	const uint32_t needed = MGMT_POWERED | MGMT_LE;
	bool lost = setup->ready && (settings & needed) != needed;

	setup->shown->powered = settings & MGMT_POWERED;
	if (lost)
		setup_forget(setup);
	return lost;
}

static void stop(struct setup *setup)
{
	setup->running = false;
	loop_timer_stop(&setup->pause);
	mgmt_cancel(setup->mgmt, &setup->command);
}

void setup_leave(struct setup *setup)
{
	if (setup->running && list_empty(&setup->waits))
		stop(setup);
}

void setup_hold(struct setup *setup)
{
	setup_forget(setup);
	setup->held = true;
	stop(setup);
}

void setup_release(struct setup *setup)
{
	setup->held = false;
	if (!list_empty(&setup->waits))
		start(setup);
}

void setup_close(struct setup *setup)
{
	while (list_pop(&setup->waits))
		;
	stop(setup);
}

/* -- Discovery ---------------------------------------------------------------- */

/* mgmt discovery types to try: 0, then 7 (LE and BR/EDR), 6 (LE), 1 (BR/EDR). */
const uint8_t discovery_types[DISCOVERY_TYPES] = { 0, 7, 6, 1 };

static void ask_stop(struct stop_discovery *stop)
{
	stop->command.opcode = MGMT_STOP_DISCOVERY;
	stop->command.params[0] = discovery_types[stop->next++];
	stop->command.len = 1;
	mgmt_submit(stop->mgmt, &stop->command);
}

static void stop_done(struct mgmt_command *command, int error, uint8_t status,
		      struct ble_bytes params)
{
	struct stop_discovery *stop = container_of(command, struct stop_discovery, command);

	(void)params;
	if (!error && status == MGMT_INVALID_PARAMS && stop->all_types &&
	    stop->next < DISCOVERY_TYPES) {
		ask_stop(stop);
		return;
	}
	stop->busy = false;
	if (!error && status == MGMT_PERMISSION_DENIED)
		error = -EPERM;
	/* Rejected: no discovery was active. After any other status the
	 * connect goes on, and reports its own error. */
	stop->done(stop, error);
}

void stop_discovery_init(struct stop_discovery *stop, struct mgmt *mgmt,
			 void (*done)(struct stop_discovery *stop, int error))
{
	*stop = (struct stop_discovery){
		.mgmt = mgmt,
		.command.done = stop_done,
		.done = done,
	};
}

void stop_discovery_start(struct stop_discovery *stop, bool all_types)
{
	stop->all_types = all_types || (stop->busy && stop->all_types);
	if (stop->busy)
		return;
	stop->busy = true;
	stop->next = 0;
	ask_stop(stop);
}

void stop_discovery_cancel(struct stop_discovery *stop)
{
	mgmt_cancel(stop->mgmt, &stop->command);
	stop->busy = false;
}
