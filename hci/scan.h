/* SPDX-License-Identifier: MIT */
/*
 * Scanning over a raw HCI socket. The owner says what it wants; this brings the
 * controller there and keeps it there: after a connect that had to interrupt
 * the scan, after another program or the kernel switched it off, after a
 * program that was killed in mid-scan.
 */
#ifndef HCI_SCAN_H
#define HCI_SCAN_H

#include "att/adapter.h"
#include "hci/raw.h"
#include "hci/report.h"
#include "hci/setup.h"

struct hci_adapter;
struct scan;

/* A sequence of commands is a table of these. begin returns 0 if it waits for
 * scan_step_ended(), 1 if there is nothing to do, or -errno. end looks at a
 * command's status: 0 goes on, 1 starts the sequence again, or -errno. */
struct scan_step {
	int (*begin)(struct scan *scan);
	int (*end)(struct scan *scan, struct ble_bytes result);
};

struct scan_sequence {
	const struct scan_step *steps;
	size_t count;
};

struct scan {
	struct hci_adapter *adapter;
	struct report_parser parser;

	/* what is wanted */
	bool wanted, paused;
	bool jolt; /* a moment of active scanning, see scan_jolt() */
	struct adapter_scan params;

	/* what is */
	bool on;
	bool dirty; /* the controller's state is not known: off it first */
	bool stuck; /* an active scan ran: the kernel's discovery state too */
	struct adapter_scan running;
	bool family_known, extended;
	unsigned int flips;

	/* the way there */
	const struct scan_sequence *sequence; /* NULL: at rest */
	size_t step;
	uint16_t opcode; /* of our command on its way; 0: none */
	struct loop_timer limit;
	struct setup_wait setup;
	struct cure cure;

	/* other people's commands, see scan_interference.c */
	struct foreign {
		uint8_t pending; /* a bit for each kind of command on its way */
		bool enabled, unfiltered, repeats, active; /* what they set */
		unsigned int repaired; /* times of late */
		uint64_t latest;  /* command, while we scan */
		uint64_t started; /* the latest scan of theirs */
		struct loop_timer repair;
	} foreign;

	struct fault fault;
	struct loop_task ended; /* tells the user */
	struct loop_timer down; /* before it is told: was the adapter pulled? */
};

/* The scan commands to use, from what Read Local Supported Commands ended
 * with, status first. */
enum scan_family { SCAN_LEGACY, SCAN_EXTENDED };
enum scan_family scan_family(struct ble_bytes result);

void scan_init(struct scan *scan, struct hci_adapter *adapter);
int scan_start(struct scan *scan, const struct adapter_scan *params);
void scan_stop(struct scan *scan);

/* As far as the owner knows. */
bool scan_running(const struct scan *scan);

/* Off for a connect. True: it is off already, otherwise connect_scan_off() is
 * called once it is. */
bool scan_pause(struct scan *scan);
void scan_resume(struct scan *scan);

/* While paused: the kernel does not look for the peer of an attempt, though
 * there is no discovery to stop. Told to stop one it may remember the two halves
 * of that in the wrong order, and then waits for good for an end that has been.
 * An active scan makes it begin a discovery anew, which is then stopped. Ends
 * with connect_scan_off(). */
void scan_jolt(struct scan *scan);

/* From the raw socket */
void scan_complete(struct scan *scan, uint16_t opcode, struct ble_bytes result);
void scan_foreign(struct scan *scan, uint16_t opcode, struct ble_bytes params);
void scan_meta(struct scan *scan, struct ble_bytes meta, uint64_t time);

/* The adapter was switched off. */
void scan_down(struct scan *scan);

/* The adapter is to be switched off, or gone: as at first, silently. Whether the
 * owner has a scan that ended with that. */
bool scan_drop(struct scan *scan);

/* Blocking: leaves the controller without our scan, within some 100 ms. */
void scan_close(struct scan *scan);

/* -- Between scan.c, scan_commands.c and scan_interference.c -------------------------------- */

/* A command that changes nothing, after the one that ends a scan. */
enum { SCAN_SETTLE = RAW_READ_COMMANDS };

extern const struct scan_sequence scan_starting, scan_stopping;
uint16_t scan_enable_opcode(const struct scan *scan);
struct ble_bytes scan_enable_params(const struct scan *scan, bool on);

void scan_update(struct scan *scan);
void foreign_init(struct scan *scan);
/* Whether this end of a command belongs to somebody else's. */
bool foreign_ended(struct scan *scan, uint16_t opcode);
void foreign_close(struct scan *scan);

#endif
