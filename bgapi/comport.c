/* SPDX-License-Identifier: MIT */
/*
 * A dongle's octets over a serial port of Windows, by libserialport, which has
 * an event for "something came" and one for "the last write is done". Windows
 * itself keeps a second program out.
 */
#include "bgapi/serial.h"

#include <errno.h>
#include <libserialport.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "base/bytes.h"
#include "bgapi/message.h"

enum { READ_MAX = 4096 };

struct com_stream {
	struct bgapi_stream stream;
	struct ble_loop *loop;
	struct sp_port *port;
	struct sp_event_set *in, *out; /* one event each */
	struct loop_watch readable, writable;
	bool *freed; /* while input() runs: where its caller learns of a free */
	size_t unsent;
	uint8_t octet[1 + BGAPI_FRAME_MAX]; /* the unsent end of a message */
};

static struct com_stream *com_of(struct bgapi_stream *stream)
{
	return container_of(stream, struct com_stream, stream);
}

/* -- Out --------------------------------------------------------------------------- */

/* Keeps what does not go, and watches for the moment when it will. */
static int put(struct com_stream *s, struct ble_bytes octets)
{
	int n = sp_nonblocking_write(s->port, octets.data, octets.len);

	if (n < 0)
		return -ENODEV;
	s->unsent = octets.len - (size_t)n;
	memmove(s->octet, octets.data + n, s->unsent);
	if (s->unsent && !s->writable.loop)
		return loop_watch(s->loop, &s->writable,
				  ((HANDLE *)s->out->handles)[0], LOOP_WRITE);
	if (!s->unsent)
		loop_unwatch(&s->writable);
	return 0;
}

static int flush(struct com_stream *s)
{
	return s->unsent ? put(s, bytes(s->octet, s->unsent)) : 0;
}

static int send_octets(struct bgapi_stream *stream, struct ble_bytes octets)
{
	struct com_stream *s = com_of(stream);
	int error;

	if (octets.len > sizeof(s->octet))
		return -EMSGSIZE;
	error = flush(s);
	if (!error && s->unsent)
		error = -EAGAIN;
	return error ? error : put(s, octets);
}

/* -- In ------------------------------------------------------------------------------ */

/* -EAGAIN: nothing is there. *ret_freed: the user freed the stream. */
static int take(struct com_stream *s, bool *ret_freed)
{
	uint8_t octets[READ_MAX];
	int n = sp_nonblocking_read(s->port, octets, sizeof(octets));

	if (n <= 0)
		return n ? -ENODEV : -EAGAIN;
	s->freed = ret_freed;
	s->stream.events->input(s->stream.user, bytes(octets, (size_t)n));
	if (!*ret_freed)
		s->freed = NULL;
	return 0;
}

static void tell_closed(struct com_stream *s)
{
	loop_unwatch(&s->readable);
	loop_unwatch(&s->writable);
	s->stream.events->closed(s->stream.user, -ENODEV);
}

static void on_readable(struct loop_watch *watch, unsigned int events)
{
	struct com_stream *s = container_of(watch, struct com_stream, readable);
	bool freed = false;
	int error = take(s, &freed);

	(void)events;
	if (!freed && error && error != -EAGAIN)
		tell_closed(s);
}

static void on_writable(struct loop_watch *watch, unsigned int events)
{
	struct com_stream *s = container_of(watch, struct com_stream, writable);

	(void)events;
	if (flush(s))
		tell_closed(s);
}

static int wait_octets(struct bgapi_stream *stream, unsigned int ms)
{
	struct com_stream *s = com_of(stream);
	bool freed = false;
	int error = flush(s);

	if (!error)
		error = take(s, &freed);
	if (error != -EAGAIN)
		return error;
	/* 0 would be for ever. */
	if (sp_wait(s->in, ms ? ms : 1) != SP_OK)
		return -ENODEV;
	error = take(s, &freed);
	return error == -EAGAIN ? -ETIMEDOUT : error;
}

/* -- Its life -------------------------------------------------------------------------- */

static void free_stream(struct bgapi_stream *stream)
{
	struct com_stream *s = com_of(stream);

	if (s->freed)
		*s->freed = true;
	loop_unwatch(&s->readable);
	loop_unwatch(&s->writable);
	if (s->in)
		sp_free_event_set(s->in);
	if (s->out)
		sp_free_event_set(s->out);
	if (s->port) {
		sp_close(s->port);
		sp_free_port(s->port);
	}
	free(s);
}

static const struct bgapi_stream_class com_class = {
	.send = send_octets,
	.wait = wait_octets,
	.free = free_stream,
};

static int open_error(struct ble_loop *loop, const char *path)
{
	switch (sp_last_error_code()) {
	case ERROR_FILE_NOT_FOUND:
	case ERROR_PATH_NOT_FOUND:
		return loop_say(loop, -ENODEV, "there is no %s: plug the dongle in; its "
				"port may have another number now, and bled112 finds it by "
				"its USB id", path);
	case ERROR_ACCESS_DENIED:
	case ERROR_SHARING_VIOLATION:
		return loop_say(loop, -EBUSY, "another program is using %s: end that one",
				path);
	default:
		return loop_say(loop, -EIO, "cannot open %s: Windows' error %d", path,
				sp_last_error_code());
	}
}

static int set_up(struct sp_port *port)
{
	if (sp_set_baudrate(port, 115200) != SP_OK || sp_set_bits(port, 8) != SP_OK ||
	    sp_set_parity(port, SP_PARITY_NONE) != SP_OK ||
	    sp_set_stopbits(port, 1) != SP_OK ||
	    sp_set_flowcontrol(port, SP_FLOWCONTROL_NONE) != SP_OK ||
	    sp_flush(port, SP_BUF_BOTH) != SP_OK)
		return -EIO;
	return 0;
}

static int watch(struct com_stream *s)
{
	if (sp_new_event_set(&s->in) != SP_OK || sp_new_event_set(&s->out) != SP_OK ||
	    sp_add_port_events(s->in, s->port, SP_EVENT_RX_READY) != SP_OK ||
	    sp_add_port_events(s->out, s->port, SP_EVENT_TX_READY) != SP_OK)
		return -ENOMEM;
	return loop_watch(s->loop, &s->readable, ((HANDLE *)s->in->handles)[0], LOOP_READ);
}

static int open_port(struct com_stream *s, const char *path)
{
	/* libserialport puts this in front itself. */
	const char *name = strncmp(path, "\\\\.\\", 4) ? path : path + 4;
	enum sp_return result = sp_get_port_by_name(name, &s->port);

	if (result == SP_ERR_MEM)
		return -ENOMEM;
	if (result == SP_ERR_ARG)
		SetLastError(ERROR_FILE_NOT_FOUND);
	if (result != SP_OK)
		return open_error(s->loop, path);
	if (sp_open(s->port, SP_MODE_READ_WRITE) != SP_OK) {
		int error = open_error(s->loop, path);

		sp_free_port(s->port);
		s->port = NULL;
		return error;
	}
	if (set_up(s->port))
		return loop_say(s->loop, -EIO, "%s takes no settings: replug the dongle",
				path);
	return 0;
}

int bgapi_serial_open(struct ble_loop *loop, const char *path,
		      struct bgapi_stream **ret_stream)
{
	struct com_stream *s = calloc(1, sizeof(*s));
	int error;

	if (!s)
		return -ENOMEM;
	s->stream.class = &com_class;
	s->loop = loop;
	s->readable.ready = on_readable;
	s->writable.ready = on_writable;
	error = open_port(s, path);
	if (!error)
		error = watch(s);
	if (error)
		free_stream(&s->stream);
	else
		*ret_stream = &s->stream;
	return error;
}
