/* SPDX-License-Identifier: MIT */
/*
 * The commands that start and stop a scan, in order: two tables of steps. Legacy
 * and extended commands must not be mixed on one controller: the kernel uses the
 * extended ones where they are supported, and so does this. If the controller
 * refuses one family, the other is tried.
 */
#define _GNU_SOURCE /* for hci.h */
#include "base/bytes.h"
#include "base/error.h"
#include "hci/hci.h"

enum {
	COMMAND_MS = 2000, /* the kernel's own timeout for commands */
	FLIPS = 4,         /* changes of the family, in all */
};

/* Read Local Supported Commands, octet 37: both extended scan commands. The kernel
 * decides by the same bits. */
enum { COMMANDS_OCTET = 37, COMMANDS_EXTENDED = 0x60 };

static int send_command(struct scan *scan, uint16_t opcode, const uint8_t *params,
			size_t len)
{
	int error = raw_send(&scan->adapter->raw, opcode, bytes(params, len));

	if (error)
		return error;
	scan->opcode = opcode;
	scan->crossed = scan->taken = scan->disabling = false;
	loop_timer_in(scan->adapter->adapter.loop, &scan->limit, COMMAND_MS);
	return 0;
}

uint16_t scan_enable_opcode(const struct scan *scan)
{
	return scan->extended ? RAW_EXT_SCAN_ENABLE : RAW_SCAN_ENABLE;
}

/* Enable, filter duplicates (never: the layers above do), and in the extended
 * command duration and period (no limit). */
struct ble_bytes scan_enable_params(const struct scan *scan, bool on)
{
	static const uint8_t params[2][6] = { { 0 }, { 1 } };

	return bytes(params[on], scan->extended ? 6 : 2);
}

static int send_enable(struct scan *scan, bool on)
{
	struct ble_bytes params = scan_enable_params(scan, on);
	int error = send_command(scan, scan_enable_opcode(scan), params.data, params.len);

	scan->disabling = !on;
	return error;
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

/* Command Disallowed: it was off, as it usually is before a start. */
static int end_disable(struct scan *scan, struct ble_bytes result)
{
	(void)result;
	if (scan->on)
		scan->off_since = loop_now(scan->adapter->adapter.loop);
	scan->on = false;
	scan->dirty = false;
	return 0;
}

/* The raw socket gets Command Complete before the kernel has handled it. A kernel
 * that is told in between to stop discovery, or to connect, disables the scan that
 * is disabled already. If the controller refuses that (Command Disallowed), the
 * kernel's discovery state stays "stopping", and no program on this machine
 * connects any more. The kernel handles events in order, so Command Complete of
 * one more command shows that it has handled the first. */
static int begin_settle(struct scan *scan)
{
	return send_command(scan, SCAN_SETTLE, NULL, 0);
}

static int end_settle(struct scan *scan, struct ble_bytes result)
{
	(void)scan;
	(void)result;
	return 0;
}

static int begin_params(struct scan *scan)
{
	static const struct adapter_scan any = { .interval = 96, .window = 48 };
	const struct adapter_scan *desired = &scan->params;
	uint8_t own = scan->adapter->setup.info.current & MGMT_STATIC_ADDRESS ? 1 : 0;
	uint8_t type = desired->passive && !scan->kick_discovery ? 0 : 1;
	uint8_t legacy[7] = { type, 0, 0, 0, 0, own, 0 };
	uint8_t extended[8] = { own, 0, 1 /* LE 1M */, type };

	scan->running = desired->interval ? *desired : any;
	scan->running.passive = !type;
	put_le16(legacy + 1, scan->running.interval);
	put_le16(legacy + 3, scan->running.window);
	put_le16(extended + 4, scan->running.interval);
	put_le16(extended + 6, scan->running.window);
	return scan->extended
		? send_command(scan, RAW_EXT_SCAN_PARAMS, extended, sizeof(extended))
		: send_command(scan, RAW_SCAN_PARAMS, legacy, sizeof(legacy));
}

/* Refused: the other family of commands may be in use, or another program may have
 * started a scan since ours was disabled. */
static int refused(struct scan *scan, uint8_t status)
{
	int error = error_from_hci(status);

	if ((status == RAW_DISALLOWED || status == RAW_UNKNOWN_COMMAND ||
	     status == RAW_UNSUPPORTED) && ++scan->flips < FLIPS) {
		scan->extended = !scan->extended;
		return 1;
	}
	return deferred_error_set(&scan->deferred, error,
				  "%s refuses to scan: %s (0x%02x)%s", scan->adapter->name,
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
	/* From here on reports may arrive, and the kernel may start discovery. */
	scan->discovery_stuck = scan->discovery_stuck || !scan->running.passive;
	return send_enable(scan, true);
}

static int end_enable(struct scan *scan, struct ble_bytes result)
{
	if (result.data[0])
		return refused(scan, result.data[0]);
	scan->on = true;
	adapter_scan_resumed(&scan->adapter->adapter);
	scan->adapter->adapter.info.extended = scan->extended;
	return 0;
}

static int begin_stop_discovery(struct scan *scan)
{
	if (!scan->discovery_stuck)
		return 1;
	stop_discovery_start(&scan->stop_discovery, true);
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
	{ begin_settle, end_settle },
	{ begin_stop_discovery, NULL },
};

const struct scan_commands scan_starting = {
	start_steps, sizeof(start_steps) / sizeof(start_steps[0]),
};

const struct scan_commands scan_stopping = {
	stop_steps, sizeof(stop_steps) / sizeof(stop_steps[0]),
};
