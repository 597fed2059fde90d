/* SPDX-License-Identifier: MIT */
/*
 * The backend "hci": an adapter of the Linux kernel. Distributes the events of its
 * sockets to its parts, and ends them all. See hci.h for the parts.
 */
#define _GNU_SOURCE /* for hci.h */
#include "hci/hci.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "hci/l2cap.h"

/* -- Events ------------------------------------------------------------- */

static void heard_complete(void *user, uint16_t opcode, struct ble_bytes result,
			   bool theirs)
{
	struct hci_adapter *hci = user;

	conn_params_complete(hci, opcode, result, theirs);
	scan_complete(&hci->scan, opcode, result, theirs);
}

static void heard_command(void *user, uint16_t opcode, struct ble_bytes params)
{
	struct hci_adapter *hci = user;

	/* handle, reason */
	if (opcode == RAW_DISCONNECT && params.len >= 3 && params.data[2] == RAW_POWER_OFF)
		hci->powering_off = true;
	interference_command(&hci->scan, opcode, params);
	if (opcode == RAW_CREATE || opcode == RAW_EXT_CREATE)
		connect_initiating(&hci->connector, opcode, params);
}

static void note_reason(struct hci_adapter *hci, uint16_t handle, uint8_t reason)
{
	connect_disconnected(&hci->connector, handle, reason);
	list_for_each(l, &hci->links) {
		struct l2cap_link *link = list_entry(l, struct l2cap_link, link);

		if (link->conn_params.handle == handle)
			link->reason = reason;
	}
}

static void heard_event(void *user, uint8_t code, struct ble_bytes params,
			uint64_t time)
{
	struct hci_adapter *hci = user;

	/* status, handle, reason */
	if (code == RAW_DISCONNECTION && params.len >= 4 && params.data[0] == 0)
		note_reason(hci, get_le16(params.data + 1) & 0x0fff, params.data[3]);
	if (code != RAW_LE_META || params.len < 1)
		return;
	conn_params_meta(hci, params);
	if (params.data[0] == RAW_LE_CONNECTION ||
	    params.data[0] == RAW_LE_ENHANCED_CONNECTION) {
		hci->powering_off = false;
		interference_connected(&hci->scan);
		connect_established(&hci->connector, params);
	} else {
		scan_meta(&hci->scan, params, time);
	}
}

static void heard_lost(void *user)
{
	struct hci_adapter *hci = user;

	loop_defer(hci->adapter.loop, &hci->lost);
}

static const struct raw_events raw_events = {
	.complete = heard_complete,
	.command = heard_command,
	.event = heard_event,
	.lost = heard_lost,
};

static void settings_are(struct hci_adapter *hci, uint32_t settings)
{
	const char *words = power_off_words; /* or its LE was switched off */
	bool lost = setup_changed(&hci->setup, settings);
	int error;

	if (settings & MGMT_POWERED)
		hci->powering_off = false;
	if (!lost && settings & MGMT_POWERED)
		return;
	/* Index Removed is still to come, and ends all. */
	if (hci->power(hci->raw.watch.fd, hci->index) == POWER_GONE)
		return;
	error = hci_adapter_off(hci, &words);
	error = error ? error : -ENETDOWN;
	/* The error of a pending connect may come earlier: then it is at its set-up again. */
	connect_down(&hci->connector, error, words, lost);
	if (lost) {
		conn_params_down(&hci->conn_params);
		scan_down(&hci->scan, error, words);
	} else {
		setup_leave(&hci->setup);
	}
}

static void heard_mgmt(void *user, uint16_t event, uint16_t index, struct ble_bytes params)
{
	struct hci_adapter *hci = user;

	(void)index; /* ours */
	/* Index Added: the index is another adapter's now, even if Index Removed
	 * of ours was lost. */
	if (event == MGMT_INDEX_REMOVED || event == MGMT_INDEX_ADDED)
		heard_lost(hci);
	if (event == MGMT_NEW_SETTINGS && params.len >= 4)
		settings_are(hci, get_le32(params.data));
}

static void check_done(struct mgmt_command *command, int error, uint8_t status,
		       struct ble_bytes params)
{
	struct hci_adapter *hci = container_of(command, struct hci_adapter, check);
	struct mgmt_info info;

	if (!error && status == MGMT_INVALID_INDEX)
		heard_lost(hci);
	else if (!error && !status && !mgmt_parse_info(params, &info))
		settings_are(hci, info.current);
}

/* What was missed meanwhile is read, over the next socket. */
static void mgmt_ended(void *user)
{
	struct hci_adapter *hci = user;

	if (list_queued(&hci->check.link))
		return;
	hci->check.opcode = MGMT_READ_INFO;
	mgmt_submit(&hci->mgmt, &hci->check);
}

/* -- The end ------------------------------------------------------------------ */

static void release(struct deferred_free *memory)
{
	struct hci_adapter *hci = container_of(memory, struct hci_adapter, memory);

	batch_unref(hci->batch);
	free(hci);
}

static void close_all(struct hci_adapter *hci)
{
	connect_close(&hci->connector);
	scan_close(&hci->scan);
	reset_take(&hci->reset);
	setup_close(&hci->setup);
	loop_undefer(&hci->lost);
	mgmt_cancel(&hci->mgmt, &hci->check);
	mgmt_close(&hci->mgmt);
	raw_close(&hci->raw);
}

static void adapter_free(struct adapter *adapter)
{
	struct hci_adapter *hci = container_of(adapter, struct hci_adapter, adapter);

	close_all(hci);
	deferred_free(&hci->memory);
}

static int gone_error(struct hci_adapter *hci)
{
	return loop_set_error(hci->adapter.loop, -ENODEV, "%s %s", hci->name, power_gone_words);
}

/* Every callback in here may free the adapter. */
static void tell_gone(struct hci_adapter *hci)
{
	struct adapter *adapter = &hci->adapter;
	struct reset_op *reset = reset_take(&hci->reset);

	hci_adapter_end_all(hci, -ENODEV, power_gone_words);
	if (hci->memory.freed)
		return;
	close_all(hci);
	if (reset) {
		gone_error(hci);
		reset->done(reset, -ENODEV);
	}
	if (!hci->memory.freed && adapter->events)
		adapter->events->gone(adapter->user);
}

static void lost_run(struct loop_task *task)
{
	struct hci_adapter *hci = container_of(task, struct hci_adapter, lost);

	if (hci->gone)
		return;
	hci->gone = true;
	deferred_free_hold(&hci->memory);
	tell_gone(hci);
	deferred_free_release(&hci->memory);
}

/* -- The seam ----------------------------------------------------------------------- */

static struct hci_adapter *hci_of(struct adapter *adapter)
{
	return container_of(adapter, struct hci_adapter, adapter);
}

/* Why nothing can be begun: the adapter is gone, or it is the parent's. */
static int unusable(struct hci_adapter *hci)
{
	if (hci->gone)
		return gone_error(hci);
	return loop_inherited(hci->adapter.loop) ? -ECHILD : 0;
}

static int adapter_scan_start(struct adapter *adapter, const struct adapter_scan *scan)
{
	struct hci_adapter *hci = hci_of(adapter);
	int error = unusable(hci);

	return error ? error : scan_start(&hci->scan, scan);
}

static void adapter_scan_stop(struct adapter *adapter)
{
	struct hci_adapter *hci = hci_of(adapter);

	if (!hci->gone)
		scan_stop(&hci->scan);
}

static int adapter_connect(struct adapter *adapter, struct connect_op *op)
{
	struct hci_adapter *hci = hci_of(adapter);
	int error = unusable(hci);

	return error ? error : connect_submit(&hci->connector, op);
}

static void adapter_cancel(struct adapter *adapter, struct connect_op *op)
{
	struct hci_adapter *hci = hci_of(adapter);

	if (!hci->gone)
		connect_cancel(&hci->connector, op);
	else
		list_remove(&op->link);
}

static int adapter_reset(struct adapter *adapter, struct reset_op *op)
{
	struct hci_adapter *hci = hci_of(adapter);
	int error = unusable(hci);

	return error ? error : reset_start(&hci->reset, op);
}

static const struct adapter_class adapter_class = {
	.name = "hci",
	.scan_start = adapter_scan_start,
	.scan_stop = adapter_scan_stop,
	.connect = adapter_connect,
	.cancel_connect = adapter_cancel,
	.reset = adapter_reset,
	.free = adapter_free,
};

int hci_adapter_new(struct ble_loop *loop, uint16_t index, int mgmt_fd,
		    int raw_fd, const struct ble_adapter_info *info,
		    struct hci_adapter **ret_hci)
{
	struct hci_adapter *hci = calloc(1, sizeof(*hci));
	int error = -ENOMEM;

	if (!hci)
		return error;
	hci->batch = batch_new();
	if (!hci->batch)
		goto fail;
	hci->memory.free = release;
	hci->index = index;
	snprintf(hci->name, sizeof(hci->name), "hci%u", index);
	hci->adapter.class = &adapter_class;
	hci->adapter.loop = loop;
	hci->adapter.info = *info;
	hci->adapter.info.name = hci->name;
	hci->adapter.info.backend = "hci";
	hci->lost.run = lost_run;
	hci->l2cap_connect = l2cap_connect;
	hci->kernel_link = lingering_state;
	hci->power = power_state;
	hci->check.done = check_done;
	list_init(&hci->links);
	conn_params_init(&hci->conn_params);
	error = mgmt_init(&hci->mgmt, loop, mgmt_fd, index, heard_mgmt, mgmt_ended, hci);
	if (error)
		goto fail;
	error = raw_init(&hci->raw, loop, raw_fd, &hci->memory, hci->batch,
			 &raw_events, hci);
	if (error)
		goto fail_mgmt;
	setup_init(&hci->setup, &hci->mgmt, &hci->adapter.info);
	reset_init(&hci->reset, hci);
	scan_init(&hci->scan, hci);
	connect_init(&hci->connector, hci);
	*ret_hci = hci;
	return 0;
fail_mgmt:
	loop_unwatch(&hci->mgmt.watch);
fail:
	batch_unref(hci->batch);
	free(hci);
	return error;
}
