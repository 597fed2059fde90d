/* SPDX-License-Identifier: MIT */
/* A port in memory: the host's stream at one end, the dongle at the other. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "tests/dongle/inside.h"

enum { ROOM = 256 }; /* octets queued for the dongle, at most */

struct plug {
	struct bgapi_stream stream;
	struct dongle_port port;
	struct dongle *dongle; /* NULL: it lost its power */
	struct ble_loop *loop;
	struct loop_task inward, closing;
	uint8_t octet[ROOM];
	size_t len;
	bool got;      /* octets were received since wait() began */
	bool waiting;  /* in wait(), which returns -ENODEV instead of calling closed() */
	bool freed;
	unsigned int inside; /* calls that run and need the memory */
};

static struct plug *plug_of(struct bgapi_stream *stream)
{
	return container_of(stream, struct plug, stream);
}

static void leave(struct plug *plug)
{
	if (!--plug->inside && plug->freed)
		free(plug);
}

/* -- To the host ----------------------------------------------------------- */

static size_t output(struct dongle_port *port, struct ble_bytes octets)
{
	struct plug *plug = container_of(port, struct plug, port);

	plug->got = true;
	plug->inside++;
	if (plug->stream.events)
		plug->stream.events->input(plug->stream.user, octets);
	leave(plug);
	return octets.len;
}

static void closing(struct loop_task *task)
{
	struct plug *plug = container_of(task, struct plug, closing);

	if (plug->stream.events)
		plug->stream.events->closed(plug->stream.user, -ENODEV);
}

static void gone(struct dongle_port *port)
{
	struct plug *plug = container_of(port, struct plug, port);

	plug->dongle = NULL;
	loop_undefer(&plug->inward);
	if (!plug->waiting)
		loop_defer(plug->loop, &plug->closing);
}

/* -- From the host --------------------------------------------------------- */

static void inward(struct loop_task *task)
{
	struct plug *plug = container_of(task, struct plug, inward);
	size_t len = plug->len;

	plug->len = 0;
	dongle_input(plug->dongle, bytes(plug->octet, len));
}

static int stream_send(struct bgapi_stream *stream, struct ble_bytes octets)
{
	struct plug *plug = plug_of(stream);

	if (!plug->dongle)
		return -ENODEV;
	if (octets.len > ROOM - plug->len)
		return -EAGAIN;
	memcpy(plug->octet + plug->len, octets.data, octets.len);
	plug->len += octets.len;
	loop_defer(plug->loop, &plug->inward);
	return 0;
}

static int stream_wait(struct bgapi_stream *stream, unsigned int ms)
{
	struct plug *plug = plug_of(stream);
	uint64_t deadline = loop_now(plug->loop) + ms * UINT64_C(1000000);
	int error = 0;

	plug->inside++;
	plug->waiting = true;
	plug->got = false;
	while (!error && !plug->got && plug->dongle) {
		uint64_t now = loop_now(plug->loop);

		if (now >= deadline)
			error = -ETIMEDOUT;
		else
			error = ble_loop_dispatch(
				plug->loop, (int)((deadline - now + 999999) / 1000000));
	}
	plug->waiting = false;
	loop_undefer(&plug->closing);
	if (plug->got) /* if the dongle is gone too, closed() is called later */
		error = 0;
	else if (!plug->dongle)
		error = -ENODEV;
	if (plug->got && !plug->dongle && !plug->freed)
		loop_defer(plug->loop, &plug->closing);
	leave(plug);
	return error;
}

static void stream_free(struct bgapi_stream *stream)
{
	struct plug *plug = plug_of(stream);

	if (plug->dongle)
		dongle_detach(plug->dongle, &plug->port);
	plug->dongle = NULL;
	loop_undefer(&plug->inward);
	loop_undefer(&plug->closing);
	plug->freed = true;
	if (!plug->inside)
		free(plug);
}

int dongle_plug(struct dongle *dongle, struct bgapi_stream **ret_stream)
{
	static const struct bgapi_stream_class class = { stream_send, stream_wait,
							 stream_free };
	struct plug *plug = calloc(1, sizeof(*plug));
	int error;

	if (!plug)
		return -ENOMEM;
	plug->stream.class = &class;
	plug->port = (struct dongle_port){ output, gone };
	plug->dongle = dongle;
	plug->loop = dongle->loop;
	plug->inward.run = inward;
	plug->closing.run = closing;
	error = dongle_attach(dongle, &plug->port);
	if (error) {
		free(plug);
		return error;
	}
	*ret_stream = &plug->stream;
	return 0;
}
