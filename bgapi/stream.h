/* SPDX-License-Identifier: MIT */
/*
 * What carries octets to a dongle and back: a descriptor (fd.c), a port of
 * Windows (comport.c), or memory in a test. The dongle's core knows no other.
 */
#ifndef BGAPI_STREAM_H
#define BGAPI_STREAM_H

#include "base/loop.h"

struct bgapi_stream;

struct bgapi_stream_class {
	/* Takes all octets, at most BGAPI_FRAME_MAX + 1, and sends them in
	 * order, later what cannot go at once. 0, or -errno: the dongle is
	 * gone, or it has not taken what was sent before (-EAGAIN). */
	int (*send)(struct bgapi_stream *stream, struct ble_bytes octets);

	/* Outside of dispatch, for an adapter that is being opened: waits up to
	 * ms milliseconds for octets and hands what came to input() before it
	 * returns 0. -ETIMEDOUT: nothing came. Another -errno: gone, without
	 * closed(). */
	int (*wait)(struct bgapi_stream *stream, unsigned int ms);

	/* Lets go of it, silently, from any callback too. */
	void (*free)(struct bgapi_stream *stream);
};

struct bgapi_stream_events {
	/* Octets as they came, in any pieces. Valid during the call, which may
	 * free the stream. From dispatch, and from wait(). */
	void (*input)(void *user, struct ble_bytes octets);

	/* From dispatch, once: no more will come. -ENODEV where the dongle was
	 * pulled out or the other end closed, otherwise what the system said.
	 * The one thing left to do with the stream is to free it. */
	void (*closed)(void *user, int error);
};

struct bgapi_stream {
	const struct bgapi_stream_class *class;
	const struct bgapi_stream_events *events; /* set by the user */
	void *user;
};

/* Takes over an open descriptor (tty, pty, stream socket), also on failure; it
 * is made non-blocking. 0, -ENOMEM, or what the loop says. fd.c: POSIX. */
int bgapi_stream_fd(struct ble_loop *loop, int fd, struct bgapi_stream **ret_stream);

#endif
