/* SPDX-License-Identifier: MIT */
/*
 * Commands of the kernel and of other programs that disturb the scan. The raw
 * socket receives each of them. A scan that they disabled, or that the kernel
 * replaced by its own for a connect, is started again: after a delay that doubles
 * each time, so that two programs that want different scans do not restart
 * theirs for ever.
 */
#define _GNU_SOURCE /* for hci.h */
#include "hci/hci.h"

enum {
	RESTART_MS = 200,    /* after their latest command */
	RESTART_DOUBLINGS = 8,
	CALM_MS = 120000,    /* without a command: the delay is RESTART_MS again */
	/* The kernel cancels LE Create Connection after 4 s (6.1, HCI_LE_AUTOCONN_TIMEOUT)
	 * or 20 s (6.12). A scan waits for a part of that only. */
	INITIATING_MS = 21000,
	DEFER_MS = 5000,
	CANCEL_MS = 1000, /* until a cancelled one is over */
	RETRY_MS = 1000,
};

enum { KIND_ENABLE = 1, KIND_PARAMS = 2, KIND_RESET = 4 };

static const struct {
	uint16_t opcode;
	uint8_t kind;
} kinds[] = {
	{ RAW_SCAN_ENABLE, KIND_ENABLE },
	{ RAW_EXT_SCAN_ENABLE, KIND_ENABLE },
	{ RAW_SCAN_PARAMS, KIND_PARAMS },
	{ RAW_EXT_SCAN_PARAMS, KIND_PARAMS },
	{ RAW_RESET, KIND_RESET },
};

static uint8_t kind_of(uint16_t opcode)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].opcode == opcode)
			return kinds[i].kind;
	return 0;
}

/* Whether their scan gives us the same reports as ours would. */
static bool sufficient(const struct scan *scan)
{
	const struct scan_interference *f = &scan->interference;

	return f->enabled && f->unfiltered && f->repeats &&
	       (f->active || scan->params.passive);
}

/* While connects of ours are pending, it is them that the kernel scans for: that is no
 * other program that wants a different scan. */
static bool for_our_connects(const struct scan *scan)
{
	return !list_empty(&scan->adapter->connector.attempts);
}

static void restart(struct loop_timer *timer)
{
	struct scan *scan = container_of(timer, struct scan, interference.restart);
	struct scan_interference *f = &scan->interference;

	if (scan->commands)
		return;
	if (scan->on) {
		if (sufficient(scan)) {
			adapter_scan_resumed(&scan->adapter->adapter);
			return;
		}
		if (!for_our_connects(scan))
			f->restarts++;
		scan->on = false;
		scan->dirty = true;
	}
	scan_update(scan);
}

bool interference_scans(const struct scan *scan, uint64_t since)
{
	const struct scan_interference *f = &scan->interference;

	return (f->enabled && f->started >= since) || interference_initiates(scan);
}

static bool initiates(const struct scan *scan, unsigned int ms)
{
	uint64_t since = scan->interference.initiating_since;

	return since && loop_now(scan->adapter->adapter.loop) - since < ms * UINT64_C(1000000);
}

bool interference_initiates(const struct scan *scan)
{
	return initiates(scan, INITIATING_MS);
}

void interference_retry(struct scan *scan)
{
	loop_timer_in(scan->adapter->adapter.loop, &scan->interference.restart, RETRY_MS);
}

bool interference_defers(struct scan *scan)
{
	struct scan_interference *f = &scan->interference;

	if (scan->kick_discovery || !initiates(scan, DEFER_MS))
		return false;
	if (scan->wanted)
		adapter_scan_paused(&scan->adapter->adapter);
	loop_timer_at(scan->adapter->adapter.loop, &f->restart,
		      f->initiating_since + DEFER_MS * UINT64_C(1000000));
	return true;
}

static void restart_soon(struct scan *scan)
{
	if (scan->wanted)
		loop_timer_in(scan->adapter->adapter.loop, &scan->interference.restart,
			      RESTART_MS);
}

/* Our connects were cancelled, and with them LE Create Connection. Its end is not received
 * without a listener. */
void interference_cancelled(struct scan *scan)
{
	struct scan_interference *f = &scan->interference;
	uint64_t now = loop_now(scan->adapter->adapter.loop);

	if (!f->initiating_since)
		return;
	f->initiating_since = now - (INITIATING_MS - CANCEL_MS) * UINT64_C(1000000);
	restart_soon(scan);
}

/* A connect of ours is no other program that wants a different scan. */
void interference_connected(struct scan *scan)
{
	struct scan_interference *f = &scan->interference;

	f->initiating_since = 0;
	f->restarts = 0;
	restart_soon(scan);
}

static void note_params(struct scan_interference *f, uint16_t opcode, struct ble_bytes p)
{
	bool extended = opcode == RAW_EXT_SCAN_PARAMS;

	/* legacy: type, interval, window, own address, filter policy;
	 * extended: own address, filter policy, PHYs, type, ... */
	if (p.len < 7)
		return;
	f->unfiltered = (extended ? p.data[1] : p.data[6]) == 0;
	f->active = (extended ? p.data[3] : p.data[0]) == 1;
}

/* Of two commands that disable the scan it does not matter which is the first. */
static void note_crossing(struct scan *scan, uint16_t opcode, struct ble_bytes params)
{
	bool off = kind_of(opcode) == KIND_ENABLE && params.len && !params.data[0];

	if (opcode == RAW_RESET || (opcode == scan->opcode && !(off && scan->disabling)))
		scan->crossed = true;
}

void interference_command(struct scan *scan, uint16_t opcode, struct ble_bytes params)
{
	struct scan_interference *f = &scan->interference;
	struct ble_loop *loop = scan->adapter->adapter.loop;
	uint8_t kind = kind_of(opcode);
	uint64_t now = loop_now(loop);
	unsigned int doublings;

	if (opcode == RAW_CREATE || opcode == RAW_EXT_CREATE)
		f->initiating_since = now;
	if (!kind)
		return;
	note_crossing(scan, opcode, params);
	if (kind == KIND_PARAMS)
		note_params(f, opcode, params);
	if (kind == KIND_ENABLE && params.len >= 2) {
		f->enabled = params.data[0] == 1;
		f->started = f->enabled ? now : f->started;
		f->repeats = params.data[1] == 0;
	}
	if (kind == KIND_RESET)
		f->enabled = false;
	if (!scan->wanted)
		return;
	if (scan->on && !sufficient(scan))
		adapter_scan_paused(&scan->adapter->adapter);
	if (now - f->latest > CALM_MS * UINT64_C(1000000) || for_our_connects(scan))
		f->restarts = 0;
	f->latest = now;
	doublings = f->restarts < RESTART_DOUBLINGS ? f->restarts : RESTART_DOUBLINGS;
	loop_timer_in(loop, &f->restart, (unsigned int)RESTART_MS << doublings);
}

void interference_init(struct scan *scan)
{
	scan->interference.restart.fire = restart;
}

void interference_close(struct scan *scan)
{
	loop_timer_stop(&scan->interference.restart);
}
