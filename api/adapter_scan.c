/* SPDX-License-Identifier: MIT */
/* Scans that end by themselves: when a device is found, or after a time. */
#include <errno.h>
#include <stdlib.h>

#include "api/internal.h"

struct find_call {
	struct ble_op op; /* without a client, in no list */
	struct ble_scanner *scanner;
	struct ble_device *device; /* borrowed */
	ble_found_func done;
};

static bool find_cancel(struct ble_op *op)
{
	struct find_call *call = container_of(op, struct find_call, op);

	call->scanner = ble_scanner_unref(call->scanner);
	return false;
}

static void find_call_back(struct ble_op *op, int error)
{
	struct find_call *call = container_of(op, struct find_call, op);

	if (call->done)
		call->done(op->user, error, call->device);
}

static void find_end(struct find_call *call, int error, struct ble_device *device)
{
	find_cancel(&call->op);
	call->device = device;
	op_end(&call->op, error);
}

/* scanner_report() holds the device meanwhile. */
static void on_seen(void *user, struct ble_device *device,
		    const struct ble_advertisement *adv)
{
	(void)adv;
	find_end(user, 0, device);
}

static void on_ended(void *user, int error)
{
	find_end(user, error, NULL);
}

static void on_timeout(struct loop_timer *timer)
{
	struct find_call *call = container_of(timer, struct find_call, op.deadline);

	loop_set_error(call->op.loop, -ETIMEDOUT, "no matching device was heard in time");
	find_end(call, -ETIMEDOUT, NULL);
}

int ble_adapter_find(struct ble_adapter *adapter,
		     const struct ble_scan_params *params, int timeout_ms,
		     ble_found_func done, void *user, struct ble_op **ret_op)
{
	static const struct op_class class = { find_cancel, find_call_back };
	struct find_call *call;
	int error;

	call = calloc(1, sizeof(*call));
	if (!call)
		return -ENOMEM;
	op_init(&call->op, adapter->loop, &class, NULL, user);
	call->op.deadline.fire = on_timeout;
	call->done = done;
	error = ble_scanner_new(adapter, on_seen, on_ended, call, &call->scanner);
	if (!error)
		error = ble_scanner_start(call->scanner, params);
	if (error) {
		ble_scanner_unref(call->scanner);
		free(call);
		return error;
	}
	ble_op_set_timeout(&call->op, timeout_ms);
	if (ret_op)
		*ret_op = &call->op;
	return 0;
}

/* -- Synchronous calls ---------------------------------------------------------------- */

struct sync_find {
	struct sync sync;
	struct ble_device *device;
};

static void sync_found(void *user, int error, struct ble_device *device)
{
	struct sync_find *find = user;

	if (device)
		find->device = ble_device_ref(device);
	sync_done(&find->sync, error);
}

int ble_adapter_find_sync(struct ble_adapter *adapter,
			  const struct ble_scan_params *params, int timeout_ms,
			  struct ble_device **ret_device)
{
	struct sync_find find = { .device = NULL };
	struct ble_loop *loop = adapter->loop;
	struct ble_op *op;
	int error = loop_may_run(loop);

	if (!error)
		error = ble_adapter_find(adapter, params, timeout_ms, sync_found, &find, &op);
	if (!error) {
		ble_adapter_ref(adapter); /* a callback may drop the user's */
		error = sync_wait(loop, &find.sync, op);
		ble_adapter_unref(adapter);
	}
	if (!error)
		*ret_device = find.device;
	return error;
}

struct sync_scan {
	struct sync sync;
	struct loop_timer end;
};

static void on_time(struct loop_timer *timer)
{
	sync_done(&container_of(timer, struct sync_scan, end)->sync, 0);
}

static void scan_broke(void *user, int error)
{
	struct sync_scan *scan = user;

	if (!scan->sync.done)
		sync_done(&scan->sync, error);
}

int ble_adapter_scan_sync(struct ble_adapter *adapter,
			  const struct ble_scan_params *params, int ms,
			  struct ble_scanner **ret_scanner)
{
	struct ble_scan_params keeping = { .keep = 0 };
	struct sync_scan scan = { .end = { .fire = on_time } };
	struct ble_loop *loop = adapter->loop;
	struct ble_scanner *scanner;
	int error = loop_may_run(loop);

	if (error)
		return error;
	if (params)
		keeping = *params;
	if (!keeping.keep)
		keeping.keep = MAX_DEVICES;
	error = ble_scanner_new(adapter, NULL, scan_broke, &scan, &scanner);
	if (error)
		return error;
	error = ble_scanner_start(scanner, &keeping);
	if (!error) {
		if (ms >= 0)
			loop_timer_in(loop, &scan.end, (unsigned int)ms);
		error = sync_wait(loop, &scan.sync, NULL);
		loop_timer_stop(&scan.end);
		ble_scanner_stop(scanner);
	}
	if (error) {
		ble_scanner_unref(scanner);
		return error;
	}
	/* Its user is on the stack of this call. */
	scanner->ended = NULL;
	*ret_scanner = scanner;
	return 0;
}
