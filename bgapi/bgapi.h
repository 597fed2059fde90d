/* SPDX-License-Identifier: MIT */
/* The adapter that a dongle is, and the ways to one. */
#ifndef BGAPI_BGAPI_H
#define BGAPI_BGAPI_H

#include "att/adapter.h"
#include "bgapi/serial.h"

/*
 * Makes an adapter of the dongle at the other end of a stream, which it takes
 * over, also on failure. name is what errors call it, and info.name.
 *
 * Blocks while it puts the dongle in order, some 50 ms, at most 3 s where it
 * does not answer: input that an earlier program left is thrown away, the
 * dongle greeted, advertising, scan and connect ended, links closed. It is not
 * reset. -ENODEV: not a dongle, or gone. -ETIMEDOUT: nothing answers.
 */
int bgapi_open(struct ble_loop *loop, const char *name, struct bgapi_stream *stream,
	       struct adapter **ret_adapter);

/* Opens the port of that name, as opening an adapter does. */
int bgapi_port_open(struct ble_loop *loop, const char *name,
		    struct bgapi_stream **ret_stream);

/* The name by which the dongle of this one is found after it was away, too. */
void bgapi_lasting_name(struct ble_loop *loop, const char *name,
			char ret_name[BGAPI_PORT_NAME]);

#endif
