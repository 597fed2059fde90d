/* SPDX-License-Identifier: MIT */
/*
 * The set-up of an adapter before it scans or connects, on systems without
 * bluetoothd: LE on, power on. It reads the settings first and switches on only
 * what is off. It switches nothing off.
 */
#ifndef HCI_SETUP_H
#define HCI_SETUP_H

#include "hci/deferred_error.h"
#include "hci/mgmt.h"
#include "hci/power.h"

/* Embedded in an owner that waits for the set-up. */
struct setup_wait {
	struct list link;
	/* error 0: the adapter is ready; otherwise setup->deferred has the sentence. */
	void (*done)(struct setup_wait *wait, int error);
};

struct setup {
	struct mgmt *mgmt; /* borrowed, as the next */
	struct ble_adapter_info *shown; /* powered is kept up to date */
	struct mgmt_command command;
	struct loop_timer pause;
	struct list waits;
	size_t step;
	unsigned int busy_left; /* times that the kernel may still answer "busy" */
	bool running;
	bool held;
	bool ready;            /* until the adapter is switched off */
	struct mgmt_info info;
	struct deferred_error deferred;
	enum rfkill (*rfkill)(uint16_t index); /* tests replace it */
};

void setup_init(struct setup *setup, struct mgmt *mgmt,
		struct ble_adapter_info *shown);

/* 1: ready already, done is not called. 0: done will be called, from dispatch. */
int setup_run(struct setup *setup, struct setup_wait *wait);
void setup_cancel(struct setup *setup, struct setup_wait *wait);

/* The adapter may not be ready any more: the next setup_run() reads the settings. */
void setup_forget(struct setup *setup);

/* Ends a set-up that nobody waits for any more. */
void setup_leave(struct setup *setup);

/* New Settings. True: an adapter that was ready has lost power or LE. */
bool setup_changed(struct setup *setup, uint32_t settings);

/* Callers of setup_run() queue between hold and release: a reset switches the
 * adapter off. */
void setup_hold(struct setup *setup);
void setup_release(struct setup *setup);

void setup_close(struct setup *setup);

/* Sets the sentence for a command that ended with error or with a mgmt status: Read
 * Controller Information, Set Powered, Set Low Energy. Returns the error. */
int setup_refused(const struct setup *setup, struct deferred_error *deferred,
		  const char *what, int error, uint8_t status);

/*
 * mgmt Stop Discovery. A raw active scan leaves the discovery state of kernels
 * from about 6.8 at "finding", and the scan that a connect needs then never
 * starts. Stop Discovery ends that state. Its parameter is the type that was
 * started: 0, unless a program used mgmt Start Discovery before.
 */
struct stop_discovery {
	struct mgmt *mgmt; /* borrowed */
	struct mgmt_command command;
	size_t next;
	bool busy, all_types;
	/* 0: no discovery is active. -EPERM: it needs CAP_NET_ADMIN. */
	void (*done)(struct stop_discovery *stop, int error);
};

/* mgmt discovery types, in the order to try. */
enum { DISCOVERY_TYPES = 4 };
extern const uint8_t discovery_types[DISCOVERY_TYPES];

void stop_discovery_init(struct stop_discovery *stop, struct mgmt *mgmt,
			 void (*done)(struct stop_discovery *stop, int error));
/* Allowed while it runs. all_types: it also ends a discovery that a program began with
 * mgmt Start Discovery, as bluetoothd does: only where it is known to be stuck. */
void stop_discovery_start(struct stop_discovery *stop, bool all_types);
void stop_discovery_cancel(struct stop_discovery *stop);

#endif
