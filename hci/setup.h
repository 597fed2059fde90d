/* SPDX-License-Identifier: MIT */
/*
 * What a system without bluetoothd has to do for itself before an adapter scans
 * or connects: LE on, power on. It reads first and switches on only what is
 * missing, and nothing is ever switched off again.
 */
#ifndef HCI_SETUP_H
#define HCI_SETUP_H

#include "hci/deferred_error.h"
#include "hci/mgmt.h"

/* One who waits for it. */
struct setup_wait {
	struct list link;
	/* error 0: scan and connect can go on; else setup's fault tells. */
	void (*done)(struct setup_wait *wait, int error);
};

struct setup {
	struct mgmt *mgmt; /* borrowed, as the next */
	struct ble_adapter_info *shown; /* kept up to date */
	struct mgmt_command command;
	struct loop_timer pause;
	struct list waits;
	size_t step;
	unsigned int patience; /* times that the kernel may still say "busy" */
	bool running;
	bool held;
	bool ready;            /* until somebody switches the adapter off */
	struct mgmt_info info;
	struct deferred_error deferred;
};

void setup_init(struct setup *setup, struct mgmt *mgmt,
		struct ble_adapter_info *shown);

/* 1: ready already, done never comes. 0: done comes, from dispatch. */
int setup_run(struct setup *setup, struct setup_wait *wait);
void setup_cancel(struct setup *setup, struct setup_wait *wait);

/* The adapter turned out not to be ready: the next run looks again. */
void setup_forget(struct setup *setup);

/* What somebody switched on or off. True: power or LE is now missing, on an
 * adapter that was ready. */
bool setup_changed(struct setup *setup, uint32_t settings);

/* In between, those who want it ready wait: somebody is about to switch the
 * adapter off. */
void setup_hold(struct setup *setup);
void setup_release(struct setup *setup);

void setup_close(struct setup *setup);

/* Words what the kernel's status to a change of the adapter's power or LE means.
 * Returns the error. */
int setup_refused(struct deferred_error *deferred, const char *name, const char *what,
		  uint8_t status);

/*
 * The kernel's discovery state. A raw active scan leaves it "finding" on
 * kernels from about 6.8, and the scan that a connect begins with then never
 * starts. mgmt Stop Discovery cures that; it wants the type that was started,
 * which is 0 unless somebody used mgmt's own discovery before.
 */
struct stop_discovery {
	struct mgmt *mgmt; /* borrowed */
	struct mgmt_command command;
	size_t next;
	bool busy;
	/* 0: nothing is in the way any more. -EPERM: CAP_NET_ADMIN is wanted. */
	void (*done)(struct stop_discovery *stop, int error);
};

/* The discovery types, likeliest first. */
enum { DISCOVERY_TYPES = 4 };
extern const uint8_t discovery_types[DISCOVERY_TYPES];

void stop_discovery_init(struct stop_discovery *stop, struct mgmt *mgmt,
	       void (*done)(struct stop_discovery *stop, int error));
void stop_discovery_start(struct stop_discovery *stop); /* fine while it runs */
void stop_discovery_cancel(struct stop_discovery *stop);

#endif
