/* SPDX-License-Identifier: MIT */
/* Makes an adapter of a dongle, and opens the dongle's port. */
#ifndef BGAPI_BGAPI_H
#define BGAPI_BGAPI_H

#include "att/adapter.h"
#include "bgapi/serial.h"

/*
 * How a reset opens the dongle's port again. A dongle on USB leaves the bus during
 * its reset and may come back as another port.
 */
struct bgapi_reopen {
	/* Before the reset: the name that finds the dongle of this name afterwards. */
	void (*stable_name)(struct ble_loop *loop, const char *name,
			    char ret_name[BGAPI_PORT_NAME]);
	/* Opens the port of a stable name. 0 or -errno with its text. */
	int (*open)(struct ble_loop *loop, const char *name,
		    struct bgapi_stream **ret_stream);
};

/*
 * Makes an adapter of the dongle at the other end of a stream. It takes over the
 * stream, also on failure. name is used in error texts and as info.name. reopen is
 * static; NULL: a dongle whose stream closes during a reset is gone (-ENODEV).
 *
 * Blocks while it initialises the dongle: some 50 ms, at most 3 s if the dongle does
 * not answer. It drops input that was meant for an earlier program, sends hello, ends
 * advertising, scan and connect, and closes all links. It does not reset the dongle.
 * -ENODEV: not a dongle, or unplugged. -ETIMEDOUT: no answer.
 */
int bgapi_open(struct ble_loop *loop, const char *name, struct bgapi_stream *stream,
	       const struct bgapi_reopen *reopen, struct adapter **ret_adapter);

/*
 * The same in place of an adapter that is gone, without blocking: the dongle is
 * initialised from dispatch. Scans and connects that are requested meanwhile wait. If it
 * fails, they end with -ENODEV and its reason, and the adapter is gone, too. -ENOMEM.
 */
int bgapi_open_again(const struct adapter *gone, const char *name, struct bgapi_stream *stream,
		     const struct bgapi_reopen *reopen, struct adapter **ret_adapter);

/* A dongle that is not open: its address is not known. */
void bgapi_describe(const struct bgapi_port *port, struct ble_adapter_info *ret_info);

/* arrivals.c: see struct backend. list is bgapi_ports(); tests give another. */
typedef int (*bgapi_lister)(struct ble_loop *loop, struct bgapi_ports *ret_ports);
int bgapi_arrivals_new(struct ble_loop *loop, bgapi_lister list, adapter_changed changed,
		       void *user, struct adapter_watch **ret_watch);

/* The functions of a struct bgapi_reopen for serial ports. */
int bgapi_port_open(struct ble_loop *loop, const char *name,
		    struct bgapi_stream **ret_stream);
void bgapi_stable_name(struct ble_loop *loop, const char *name,
		       char ret_name[BGAPI_PORT_NAME]);

#endif
