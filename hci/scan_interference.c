/* SPDX-License-Identifier: MIT */
/*
 * What others do to the scan. The raw socket hears every command that the
 * kernel and other programs send, so a scan that was switched off, or replaced
 * by the kernel's own for somebody's connect, is noticed and started again:
 * soon, but later each time, so that two programs that want different things
 * of one controller do not fight over it for ever.
 */
#define _GNU_SOURCE /* for hci.h */
#include "hci/hci.h"

enum {
	REPAIR_MS = 200,     /* after the latest command of others */
	REPAIR_DOUBLINGS = 8,
	CALM_MS = 120000,    /* after which the count begins anew */
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

/* Their scan serves us as well: the same reports arrive here. */
static bool serves(const struct scan *scan)
{
	const struct foreign *f = &scan->foreign;

	return f->enabled && f->unfiltered && f->repeats &&
	       (f->active || scan->params.passive);
}

static void repair(struct loop_timer *timer)
{
	struct scan *scan = container_of(timer, struct scan, foreign.repair);
	struct foreign *f = &scan->foreign;

	if (!scan->on || scan->sequence || serves(scan))
		return;
	f->repaired++;
	scan->on = false;
	scan->dirty = true;
	scan_update(scan);
}

static void note_params(struct foreign *f, uint16_t opcode, struct ble_bytes p)
{
	bool extended = opcode == RAW_EXT_SCAN_PARAMS;

	/* legacy: type, interval, window, own address, filter policy;
	 * extended: own address, filter policy, PHYs, type, ... */
	if (p.len < 7)
		return;
	f->unfiltered = (extended ? p.data[1] : p.data[6]) == 0;
	f->active = (extended ? p.data[3] : p.data[0]) == 1;
}

void scan_foreign(struct scan *scan, uint16_t opcode, struct ble_bytes params)
{
	struct foreign *f = &scan->foreign;
	struct ble_loop *loop = scan->adapter->adapter.loop;
	uint8_t kind = kind_of(opcode);
	uint64_t now = loop_now(loop);
	unsigned int doublings;

	if (!kind)
		return;
	f->pending |= kind;
	if (kind == KIND_PARAMS)
		note_params(f, opcode, params);
	if (kind == KIND_ENABLE && params.len >= 2) {
		f->enabled = params.data[0] == 1;
		f->started = f->enabled ? now : f->started;
		f->repeats = params.data[1] == 0;
	}
	if (kind == KIND_RESET)
		f->enabled = false;
	if (!scan->wanted || scan->paused)
		return;
	if (now - f->latest > CALM_MS * UINT64_C(1000000))
		f->repaired = 0;
	f->latest = now;
	doublings = f->repaired < REPAIR_DOUBLINGS ? f->repaired : REPAIR_DOUBLINGS;
	loop_timer_in(loop, &f->repair, (unsigned int)REPAIR_MS << doublings);
}

/* The controller takes commands one after the other, so of two of a kind the
 * other program's, seen on its way, ends first. */
bool foreign_ended(struct scan *scan, uint16_t opcode)
{
	uint8_t kind = kind_of(opcode);

	if (!(scan->foreign.pending & kind))
		return false;
	scan->foreign.pending &= (uint8_t)~kind;
	return true;
}

void foreign_init(struct scan *scan)
{
	scan->foreign.repair.fire = repair;
}

void foreign_close(struct scan *scan)
{
	loop_timer_stop(&scan->foreign.repair);
}
