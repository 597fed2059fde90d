/* SPDX-License-Identifier: MIT */
/*
 * Adapters that are gone: opens one again in its place. For the keepers this happens as
 * soon as it is back.
 */
#include <errno.h>

#include "api/internal.h"

/* A port that has just appeared may not have its owner yet, or another program looks at
 * it first. */
enum { AGAIN_MS = 1000, TRIES = 10 };

static const uint64_t ms_ns = 1000000;

static void stop_waiting(struct ble_adapter *adapter)
{
	struct adapter_watch *watch = adapter->watch;

	adapter->watch = NULL;
	loop_timer_stop(&adapter->again);
	if (watch)
		watch->free(watch);
}

int ble_adapter_reopen(struct ble_adapter *adapter)
{
	struct adapter *gone = adapter->backend, *backend;
	int error;

	if (!adapter->gone)
		return -EALREADY;
	adapter->next_reopen = loop_now(adapter->loop) + AGAIN_MS * ms_ns;
	if (!gone->reopen)
		return adapter_gone(adapter);
	error = gone->reopen(gone, &backend);
	if (error)
		return error;
	backend->scan_paused = gone->scan_paused;
	gone->class->free(gone);
	adapter_take_backend(adapter, backend);
	ble_adapter_info(adapter); /* its name may be another one now */
	adapter->gone = false;
	stop_waiting(adapter);
	list_for_each(l, &adapter->awaiting) {
		struct adapter_awaiting *awaiting = list_entry(l, struct adapter_awaiting, link);

		awaiting->back(awaiting);
	}
	return 0;
}

int adapter_reopen_in_turn(struct ble_adapter *adapter)
{
	if (!adapter->gone)
		return 0;
	if (loop_now(adapter->loop) < adapter->next_reopen)
		return adapter_gone(adapter);
	return ble_adapter_reopen(adapter);
}

static void again_fired(struct loop_timer *timer)
{
	struct ble_adapter *adapter = container_of(timer, struct ble_adapter, again);
	int error = ble_adapter_reopen(adapter);

	if (error && error != -ENODEV && adapter->tries_left-- > 0)
		loop_timer_in(adapter->loop, &adapter->again, AGAIN_MS);
}

static void on_change(void *user, bool arrived, const struct ble_adapter_info *info)
{
	struct ble_adapter *adapter = user;

	(void)info; /* whether it is this one, reopen finds out */
	if (!arrived)
		return;
	adapter->tries_left = TRIES;
	loop_timer_in(adapter->loop, &adapter->again, 0);
}

/* It may be back already, and without a watch keepers look for it when a wait of theirs
 * ends. */
static void await_back(struct ble_adapter *adapter)
{
	struct adapter *gone = adapter->backend;

	if (adapter->watch || list_empty(&adapter->awaiting))
		return;
	if (gone->watch && gone->watch(adapter->loop, on_change, adapter, &adapter->watch))
		adapter->watch = NULL;
	adapter->tries_left = TRIES;
	loop_timer_in(adapter->loop, &adapter->again, 0);
}

void adapter_await(struct ble_adapter *adapter, struct adapter_awaiting *awaiting)
{
	list_append(&adapter->awaiting, &awaiting->link);
	adapter->await_back = await_back;
	adapter->again.fire = again_fired;
	if (adapter->gone)
		await_back(adapter);
}

void adapter_await_no_more(struct ble_adapter *adapter, struct adapter_awaiting *awaiting)
{
	list_remove(&awaiting->link);
	if (list_empty(&adapter->awaiting))
		stop_waiting(adapter);
}
