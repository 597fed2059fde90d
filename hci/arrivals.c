/* SPDX-License-Identifier: MIT */
/*
 * Tells which adapters the kernel gets and loses. It sends Index Added and Index Removed
 * to every management socket; the Extended ones only to a socket that asked for the
 * extended list, in place of these. Nothing here needs a privilege.
 */
#define _GNU_SOURCE /* for hci.h */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "hci/hci.h"

enum { AGAIN_MS = 1000 };

struct present {
	uint16_t index;
	bool asked; /* its information was read, or cannot be */
	bool quiet; /* it was there at first */
	char name[16];
	struct ble_adapter_info info;
};

struct arrivals {
	struct adapter_watch watch;
	struct deferred_free memory;
	struct mgmt mgmt;
	struct mgmt_command list, info; /* each is sent while the other is not */
	struct loop_timer again; /* lists once more */
	bool listed;  /* what is new from now on has arrived */
	bool missed;  /* events may have been lost: list again */
	adapter_changed changed;
	void *user;
	size_t count;
	struct present present[HCI_ADAPTERS_MAX];
};

void hci_describe(uint16_t index, const struct mgmt_info *read, char name[16],
		  struct ble_adapter_info *ret_info)
{
	snprintf(name, 16, "hci%u", index);
	*ret_info = (struct ble_adapter_info){
		.name = name,
		.backend = "hci",
		.address.type = read->current & MGMT_STATIC_ADDRESS
			? BLE_ADDRESS_RANDOM : BLE_ADDRESS_PUBLIC,
		.powered = read->current & MGMT_POWERED,
		.low_energy = read->supported & MGMT_LE,
	};
	memcpy(ret_info->address.octet, read->address, 6);
}

/* -- The table ------------------------------------------------------------------------ */

static struct present *find(struct arrivals *arrivals, uint16_t index)
{
	for (size_t i = 0; i < arrivals->count; i++)
		if (arrivals->present[i].index == index)
			return &arrivals->present[i];
	return NULL;
}

static void add(struct arrivals *arrivals, uint16_t index, bool quiet)
{
	struct present *present = &arrivals->present[arrivals->count];

	if (arrivals->count == HCI_ADAPTERS_MAX || find(arrivals, index))
		return;
	*present = (struct present){ .index = index, .quiet = quiet };
	snprintf(present->name, sizeof(present->name), "hci%u", index);
	present->info = (struct ble_adapter_info){
		.backend = "hci", .address.type = BLE_ADDRESS_UNKNOWN,
	};
	arrivals->count++;
}

/* One whose arrival was not told is forgotten silently. The callback may free it all. */
static void leave(struct arrivals *arrivals, struct present *present)
{
	struct present left = *present;

	*present = arrivals->present[--arrivals->count];
	left.info.name = left.name;
	if (left.quiet || left.asked)
		arrivals->changed(arrivals->user, false, &left.info);
}

/* -- Asking the kernel ------------------------------------------------------------------ */

static void advance(struct arrivals *arrivals)
{
	if (list_queued(&arrivals->list.link) || list_queued(&arrivals->info.link))
		return;
	if (arrivals->missed) {
		arrivals->missed = false;
		mgmt_submit(&arrivals->mgmt, &arrivals->list);
		return;
	}
	for (size_t i = 0; i < arrivals->count; i++) {
		if (arrivals->present[i].asked)
			continue;
		mgmt_submit_to(&arrivals->mgmt, arrivals->present[i].index, &arrivals->info);
		return;
	}
}

static void again_fired(struct loop_timer *timer)
{
	struct arrivals *arrivals = container_of(timer, struct arrivals, again);

	arrivals->missed = true;
	advance(arrivals);
}

static bool is_listed(struct ble_bytes list, uint16_t index)
{
	for (size_t at = 2; at + 2 <= list.len; at += 2)
		if (get_le16(list.data + at) == index)
			return true;
	return false;
}

static void compare(struct arrivals *arrivals, struct ble_bytes list)
{
	for (size_t i = arrivals->count; i-- > 0 && !arrivals->memory.freed;)
		if (i < arrivals->count && !is_listed(list, arrivals->present[i].index))
			leave(arrivals, &arrivals->present[i]);
	if (arrivals->memory.freed)
		return;
	for (size_t at = 2; at + 2 <= list.len; at += 2)
		add(arrivals, get_le16(list.data + at), !arrivals->listed);
	arrivals->listed = true;
}

static void list_done(struct mgmt_command *command, int error, uint8_t status,
		      struct ble_bytes params)
{
	struct arrivals *arrivals = container_of(command, struct arrivals, list);

	if (error || status || params.len < 2) {
		loop_timer_in(arrivals->mgmt.loop, &arrivals->again, AGAIN_MS);
		return;
	}
	deferred_free_hold(&arrivals->memory);
	compare(arrivals, params);
	if (!arrivals->memory.freed)
		advance(arrivals);
	deferred_free_release(&arrivals->memory);
}

/* One that has arrived and cannot be asked is no adapter yet. */
static void forget(struct arrivals *arrivals, struct present *present, bool ask_again)
{
	*present = arrivals->present[--arrivals->count];
	if (ask_again)
		loop_timer_in(arrivals->mgmt.loop, &arrivals->again, AGAIN_MS);
}

static void info_done(struct mgmt_command *command, int error, uint8_t status,
		      struct ble_bytes params)
{
	struct arrivals *arrivals = container_of(command, struct arrivals, info);
	struct present *present = find(arrivals, command->index), arrived;
	struct mgmt_info info;
	bool failed = error || status || mgmt_parse_info(params, &info);

	deferred_free_hold(&arrivals->memory);
	if (present && failed && !present->quiet) {
		forget(arrivals, present, status != MGMT_INVALID_INDEX);
	} else if (present) {
		present->asked = true;
		if (!failed)
			hci_describe(present->index, &info, present->name, &present->info);
		arrived = *present;
		arrived.info.name = arrived.name;
		if (!arrived.quiet)
			arrivals->changed(arrivals->user, true, &arrived.info);
	}
	if (!arrivals->memory.freed)
		advance(arrivals);
	deferred_free_release(&arrivals->memory);
}

/* -- Events ------------------------------------------------------------------------------- */

static void heard(void *user, uint16_t event, uint16_t index, struct ble_bytes params)
{
	struct arrivals *arrivals = user;
	struct present *present = find(arrivals, index);

	(void)params;
	if (event != MGMT_INDEX_ADDED && event != MGMT_INDEX_REMOVED)
		return;
	deferred_free_hold(&arrivals->memory);
	if (present)
		leave(arrivals, present);
	if (!arrivals->memory.freed && event == MGMT_INDEX_ADDED) {
		add(arrivals, index, false);
		advance(arrivals);
	}
	deferred_free_release(&arrivals->memory);
}

static void ended(void *user)
{
	struct arrivals *arrivals = user;

	arrivals->missed = true;
	loop_timer_in(arrivals->mgmt.loop, &arrivals->again, 0);
}

/* -- The object ----------------------------------------------------------------------------- */

static void release(struct deferred_free *memory)
{
	free(container_of(memory, struct arrivals, memory));
}

static void arrivals_free(struct adapter_watch *watch)
{
	struct arrivals *arrivals = container_of(watch, struct arrivals, watch);

	loop_timer_stop(&arrivals->again);
	mgmt_close(&arrivals->mgmt);
	deferred_free(&arrivals->memory);
}

int hci_arrivals_new(struct ble_loop *loop, int (*open)(int *ret_fd), adapter_changed changed,
		     void *user, struct adapter_watch **ret_watch)
{
	struct arrivals *arrivals = calloc(1, sizeof(*arrivals));
	int fd = -1, error = arrivals ? open(&fd) : -ENOMEM;

	if (!error)
		error = mgmt_init(&arrivals->mgmt, loop, fd, MGMT_INDEX_NONE, heard, ended, arrivals);
	if (error) {
		if (fd >= 0)
			close(fd);
		free(arrivals);
		return error;
	}
	arrivals->mgmt.open = open;
	arrivals->watch.free = arrivals_free;
	arrivals->memory.free = release;
	arrivals->list.opcode = MGMT_READ_INDEX_LIST;
	arrivals->list.done = list_done;
	arrivals->info.opcode = MGMT_READ_INFO;
	arrivals->info.done = info_done;
	arrivals->again.fire = again_fired;
	arrivals->changed = changed;
	arrivals->user = user;
	arrivals->missed = true;
	advance(arrivals);
	*ret_watch = &arrivals->watch;
	return 0;
}
