/* SPDX-License-Identifier: MIT */
/*
 * Scanning over a raw HCI socket: a reconcile loop. The owner sets the desired
 * state; scan_update() compares it with the controller's and sends the next
 * command. That holds after a connect, for which the kernel disabled the scan, after
 * another program disabled it, and after a program that was killed while scanning.
 */
#ifndef HCI_SCAN_H
#define HCI_SCAN_H

#include "att/adapter.h"
#include "hci/raw.h"
#include "hci/report.h"
#include "hci/setup.h"

struct hci_adapter;
struct scan;

/* A sequence of commands is a table of these. begin returns 0 if the step goes on,
 * 1 if there is nothing to do, or -errno. end gets the command's return parameters:
 * 0 continues, 1 starts the sequence again, or -errno. */
struct scan_step {
	int (*begin)(struct scan *scan);
	int (*end)(struct scan *scan, struct ble_bytes result);
};

struct scan_commands {
	const struct scan_step *steps;
	size_t count;
};

struct scan {
	struct hci_adapter *adapter;
	struct report_parser parser;

	/* desired */
	bool wanted;
	bool kick_discovery; /* a short active scan, see scan_kick_discovery() */
	struct adapter_scan params;

	/* actual */
	bool on;
	uint64_t off_since; /* when it was switched off, if it was on */
	bool dirty; /* the controller's state is unknown: disable first */
	bool stuck; /* it did not answer to that: not tried again before the next start */
	bool discovery_stuck; /* an active scan ran: the kernel may be "finding" */
	struct adapter_scan running;
	bool family_known, extended;
	unsigned int flips;

	/* the commands that run */
	const struct scan_commands *commands; /* NULL: none */
	size_t step;
	uint16_t opcode; /* of our command that has no answer yet; 0: none */
	/* Another program has sent this command, too, while ours had no answer: the
	 * outcome is not assumed, and the sequence begins again. */
	bool disabling; /* it switches the scan off */
	bool crossed;
	bool taken; /* an answer to this command was taken for another program's */
	unsigned int crossings; /* times that the sequence has begun again */
	struct loop_timer limit;
	struct setup_wait setup;
	struct stop_discovery stop_discovery;
	struct raw_listener listener; /* while scanning is desired or runs */

	/* scan commands of the kernel and of other programs: scan_interference.c */
	struct scan_interference {
		bool enabled, unfiltered, repeats, active; /* as they set it */
		unsigned int restarts; /* of our scan, recently */
		uint64_t latest;  /* command while we scan */
		uint64_t started; /* their latest scan */
		uint64_t initiating_since; /* the kernel makes a connection; 0: it does not */
		unsigned int reports; /* advertising reports so far, of whoever's scan */
		struct loop_timer restart;
	} interference;

	/* Set by the connector: no command of ours is under way, on tells the
	 * controller's state. May be called when nothing changed. */
	void (*idle)(struct scan *scan);

	struct deferred_error deferred;
	struct loop_task ended; /* calls scan_ended() */
	struct loop_timer down; /* delays ended: the adapter may have been removed */
};

/* The scan commands to use, from the return parameters of Read Local Supported
 * Commands, status first. */
enum scan_family { SCAN_LEGACY, SCAN_EXTENDED };
enum scan_family scan_family(struct ble_bytes result);

void scan_init(struct scan *scan, struct hci_adapter *adapter);
int scan_start(struct scan *scan, const struct adapter_scan *params);
void scan_stop(struct scan *scan);

/* Whether the owner has started a scan that has not ended. */
bool scan_running(const struct scan *scan);

/* If the kernel does not scan for the peer of a connect although no discovery runs.
 * It may have handled the two events that end a discovery in the wrong order. Then it
 * stays in the state "stopping". A short active scan makes it start a discovery,
 * which is then stopped. Ends with idle(). */
void scan_kick_discovery(struct scan *scan);

/* From the raw socket */
void scan_complete(struct scan *scan, uint16_t opcode, struct ble_bytes result,
		   bool theirs);
void interference_command(struct scan *scan, uint16_t opcode, struct ble_bytes params);
void interference_connected(struct scan *scan);
void interference_cancelled(struct scan *scan);
/* Whether the kernel or another program has begun to scan since then and goes on, or
 * makes a connection. */
bool interference_scans(const struct scan *scan, uint64_t since);
void scan_meta(struct scan *scan, struct ble_bytes meta, uint64_t time);

/* The adapter was switched off: error, and the words that follow its name. */
void scan_down(struct scan *scan, int error, const char *words);

/* The adapter is gone or about to be switched off: back to the initial state,
 * without a callback. True if the owner had a scan, which has ended. */
bool scan_drop(struct scan *scan);

/* Blocks for some 100 ms at most: disables our scan in the controller. */
void scan_close(struct scan *scan);

/* -- Between scan.c, scan_commands.c and scan_interference.c ----------------------- */

/* A command without effect, sent after the one that ends a scan. */
enum { SCAN_SETTLE = RAW_READ_COMMANDS };

extern const struct scan_commands scan_starting, scan_stopping;
uint16_t scan_enable_opcode(const struct scan *scan);
struct ble_bytes scan_enable_params(const struct scan *scan, bool on);

void scan_update(struct scan *scan);
void interference_init(struct scan *scan);
/* Whether a scan has to wait, because the kernel makes a connection. It is then
 * started afterwards. */
bool interference_defers(struct scan *scan);
/* Whether the kernel makes a connection now: some controllers refuse to scan meanwhile. */
bool interference_initiates(const struct scan *scan);
/* Has scan_update() called after a second. */
void interference_retry(struct scan *scan);
void interference_close(struct scan *scan);

#endif
