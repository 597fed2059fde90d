/* SPDX-License-Identifier: MIT */
/*
 * A byte stream to a dongle: a descriptor (fd.c), a port of Windows (comport.c), or
 * memory in a test.
 */
#ifndef BGAPI_STREAM_H
#define BGAPI_STREAM_H

#include "base/loop.h"

struct bgapi_stream;

struct bgapi_stream_class {
	/* Sends all octets, at most BGAPI_FRAME_MAX + 1; those that cannot be
	 * written at once are written later. 0. -EAGAIN: the octets of an
	 * earlier call are still unsent. Another -errno: the dongle is gone. */
	int (*send)(struct bgapi_stream *stream, struct ble_bytes octets);

	/* Outside of dispatch, while an adapter is opened or freed: waits up to
	 * ms milliseconds for octets, passes them to input() and returns 0.
	 * -ETIMEDOUT: there were none. Another -errno: the dongle is gone;
	 * closed() is not called. */
	int (*wait)(struct bgapi_stream *stream, unsigned int ms);

	/* Frees it without a callback. Allowed in any callback. In a child of
	 * fork() this only closes descriptors, and the others fail (-ECHILD). */
	void (*free)(struct bgapi_stream *stream);
};

struct bgapi_stream_events {
	/* Octets from the dongle, in pieces of any size, valid during the call.
	 * The call may free the stream. From dispatch, and from wait(). */
	void (*input)(void *user, struct ble_bytes octets);

	/* From dispatch, once: the end of the stream. -ENODEV: the dongle was
	 * unplugged or the other end closed; otherwise the system's error.
	 * Afterwards the stream can only be freed. */
	void (*closed)(void *user, int error);
};

struct bgapi_stream {
	const struct bgapi_stream_class *class;
	const struct bgapi_stream_events *events; /* set by the user */
	void *user;
};

/* Makes a stream of an open descriptor (tty, pty, stream socket). Takes over the
 * descriptor, also on failure, and makes it non-blocking. 0, -ENOMEM, or the loop's
 * error. In fd.c (POSIX). */
int bgapi_stream_fd(struct ble_loop *loop, int fd, struct bgapi_stream **ret_stream);

#endif
