/* SPDX-License-Identifier: MIT */
/*
 * A dongle's octets over a serial port of Windows. libserialport opens it and
 * sets it up; reading and writing are calls of our own, one of each under way.
 * Its event for "something came" cannot be waited for: where octets came while
 * it was set, it is set again with nothing there, and stays so. Windows itself
 * keeps a second program out.
 */
#include "bgapi/serial.h"

#include <errno.h>
#include <libserialport.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "base/bytes.h"
#include "bgapi/message.h"

enum {
	READ_MAX = 4096,
	OUT_MAX = 4 * (1 + BGAPI_FRAME_MAX), /* while others are on their way */
	LAST_MS = 100 /* for what is still to go when we let go of it */
};

struct com_out {
	size_t len;
	uint8_t octet[OUT_MAX];
};

struct com_stream {
	struct bgapi_stream stream;
	struct ble_loop *loop;
	struct sp_port *port;
	HANDLE handle; /* of the port */
	OVERLAPPED read, write;
	bool reading, writing; /* these are under way */
	struct loop_watch readable, writable; /* they are done */
	bool *freed; /* while input() runs: where its caller learns of a free */
	uint8_t in[READ_MAX];
	struct com_out flying, waiting;
};

static struct com_stream *com_of(struct bgapi_stream *stream)
{
	return container_of(stream, struct com_stream, stream);
}

/* What became of a call: -EAGAIN, it is still under way. */
static int outcome(struct com_stream *s, OVERLAPPED *call, size_t *ret_len)
{
	DWORD n;

	if (!GetOverlappedResult(s->handle, call, &n, FALSE))
		return GetLastError() == ERROR_IO_INCOMPLETE ? -EAGAIN : -ENODEV;
	*ret_len = n;
	return 0;
}

/* Whether one that returned this was begun. */
static bool begun(BOOL done)
{
	return done || GetLastError() == ERROR_IO_PENDING;
}

/* -- Out --------------------------------------------------------------------------- */

/* What was written before may have gone by now. */
static int land(struct com_stream *s)
{
	size_t len = 0;
	int error = s->writing ? outcome(s, &s->write, &len) : -EAGAIN;

	if (error == -EAGAIN)
		return 0;
	s->writing = false;
	return error || len < s->flying.len ? -ENODEV : 0;
}

static int launch(struct com_stream *s)
{
	int error = land(s);

	if (error || s->writing)
		return error;
	if (s->waiting.len) {
		s->flying = s->waiting;
		s->waiting.len = 0;
		s->writing = begun(WriteFile(s->handle, s->flying.octet,
					     (DWORD)s->flying.len, NULL, &s->write));
		error = s->writing ? land(s) : -ENODEV;
	}
	if (!s->writing)
		loop_unwatch(&s->writable);
	else if (!s->writable.loop)
		error = loop_watch(s->loop, &s->writable, s->write.hEvent, LOOP_WRITE);
	return error;
}

static int send_octets(struct bgapi_stream *stream, struct ble_bytes octets)
{
	struct com_stream *s = com_of(stream);
	int error;

	if (octets.len > 1 + BGAPI_FRAME_MAX)
		return -EMSGSIZE;
	if (!s->readable.loop)
		return -ENODEV; /* closed() was told */
	error = launch(s);
	if (!error && octets.len > sizeof(s->waiting.octet) - s->waiting.len)
		error = -EAGAIN;
	if (error)
		return error;
	memcpy(s->waiting.octet + s->waiting.len, octets.data, octets.len);
	s->waiting.len += octets.len;
	return launch(s);
}

/* -- In ------------------------------------------------------------------------------ */

/* libserialport opens ports without time-outs: a read ends when it has all that it
 * asked for. So one octet is waited for, and the others that came with it are
 * taken behind it. */
static int ask(struct com_stream *s)
{
	s->reading = begun(ReadFile(s->handle, s->in, 1, NULL, &s->read));
	return s->reading ? 0 : -ENODEV;
}

static size_t take_others(struct com_stream *s)
{
	DWORD errors, most = sizeof(s->in) - 1, n;
	COMSTAT now;

	if (!ClearCommError(s->handle, &errors, &now) || !now.cbInQue)
		return 0;
	if (now.cbInQue < most)
		most = now.cbInQue;
	/* They are there: it does not wait. */
	return begun(ReadFile(s->handle, s->in + 1, most, NULL, &s->read)) &&
	       GetOverlappedResult(s->handle, &s->read, &n, TRUE) ? n : 0;
}

/* -EAGAIN: nothing is there. *ret_freed: the user freed the stream. */
static int take(struct com_stream *s, bool *ret_freed)
{
	size_t len = 0;
	int error = s->reading ? outcome(s, &s->read, &len) : -ENODEV;

	if (error == -EAGAIN)
		return error;
	s->reading = false;
	if (error || !len)
		return -ENODEV;
	len += take_others(s);
	s->freed = ret_freed;
	s->stream.events->input(s->stream.user, bytes(s->in, len));
	if (*ret_freed)
		return 0;
	s->freed = NULL;
	return ask(s);
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
	if (launch(s))
		tell_closed(s);
}

static int wait_octets(struct bgapi_stream *stream, unsigned int ms)
{
	struct com_stream *s = com_of(stream);
	ULONGLONG end = GetTickCount64() + ms;

	for (;;) {
		HANDLE events[2] = { s->read.hEvent, s->write.hEvent };
		ULONGLONG now = GetTickCount64();
		bool freed = false;
		int error = launch(s);

		if (!error)
			error = take(s, &freed);
		if (error != -EAGAIN)
			return error;
		if (now >= end)
			return -ETIMEDOUT;
		WaitForMultipleObjects(s->writing ? 2 : 1, events, FALSE, (DWORD)(end - now));
	}
}

/* -- Its life -------------------------------------------------------------------------- */

/* The system writes into it until it is over. */
static void give_up(struct com_stream *s, OVERLAPPED *call)
{
	DWORD n;

	CancelIoEx(s->handle, call);
	GetOverlappedResult(s->handle, call, &n, TRUE);
}

static void free_stream(struct bgapi_stream *stream)
{
	struct com_stream *s = com_of(stream);

	if (s->freed)
		*s->freed = true;
	while (s->writing &&
	       WaitForSingleObject(s->write.hEvent, LAST_MS) == WAIT_OBJECT_0) {
		if (launch(s))
			break;
	}
	loop_unwatch(&s->readable);
	loop_unwatch(&s->writable);
	if (s->writing)
		give_up(s, &s->write);
	if (s->reading)
		give_up(s, &s->read);
	if (s->read.hEvent)
		CloseHandle(s->read.hEvent);
	if (s->write.hEvent)
		CloseHandle(s->write.hEvent);
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

static int set_up(struct com_stream *s)
{
	struct sp_port *port = s->port;

	if (sp_set_baudrate(port, 115200) != SP_OK || sp_set_bits(port, 8) != SP_OK ||
	    sp_set_parity(port, SP_PARITY_NONE) != SP_OK ||
	    sp_set_stopbits(port, 1) != SP_OK ||
	    sp_set_flowcontrol(port, SP_FLOWCONTROL_NONE) != SP_OK ||
	    sp_flush(port, SP_BUF_BOTH) != SP_OK ||
	    sp_get_port_handle(port, &s->handle) != SP_OK)
		return -EIO;
	return 0;
}

static int begin(struct com_stream *s)
{
	int error;

	s->read.hEvent = CreateEvent(NULL, TRUE, FALSE, NULL);
	s->write.hEvent = CreateEvent(NULL, TRUE, FALSE, NULL);
	if (!s->read.hEvent || !s->write.hEvent)
		return -ENOMEM;
	error = ask(s);
	return error ? error : loop_watch(s->loop, &s->readable, s->read.hEvent, LOOP_READ);
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
	if (set_up(s))
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
		error = begin(s);
	if (error)
		free_stream(&s->stream);
	else
		*ret_stream = &s->stream;
	return error;
}
