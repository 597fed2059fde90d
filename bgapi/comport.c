/* SPDX-License-Identifier: MIT */
/*
 * A dongle's octets over a serial port of Windows. libserialport opens it and
 * sets it up; reading and writing are calls of our own, one of each under way.
 * libserialport's event for "something came" cannot be waited for: where octets
 * came while it was set, it is set again with nothing there, and stays so.
 * Windows itself keeps a second program out.
 *
 * The end of a port may be met outside of dispatch. It is kept then, and the event
 * set of which the loop hears it.
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
	LAST_MS = 100 /* how long letting go waits for what is under way */
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
	bool aborted; /* the latest read was, and nothing came since */
	bool failed;  /* a write did: octets are missing */
	struct loop_watch readable, writable; /* they are done */
	bool *freed; /* while input() runs: where its caller learns of a free */
	uint8_t in[READ_MAX];
	struct com_out flying, waiting;
};

static struct com_stream *com_of(struct bgapi_stream *stream)
{
	return container_of(stream, struct com_stream, stream);
}

/* Whether a call that returned this was begun. */
static bool begun(BOOL done)
{
	return done || GetLastError() == ERROR_IO_PENDING;
}

static bool is_over(const OVERLAPPED *call, DWORD ms)
{
	return WaitForSingleObject(call->hEvent, ms) == WAIT_OBJECT_0;
}

/* Whether the system is done with it. */
static bool give_up(struct com_stream *s, OVERLAPPED *call)
{
	CancelIoEx(s->handle, call);
	return is_over(call, LAST_MS);
}

/* -- Out --------------------------------------------------------------------------- */

static int write_failed(struct com_stream *s)
{
	s->failed = true;
	SetEvent(s->write.hEvent);
	if (s->writable.loop)
		loop_watch_change(&s->writable, LOOP_WRITE);
	return -ENODEV;
}

/* What was written before may have gone by now. */
static int land(struct com_stream *s)
{
	DWORD n;

	if (s->failed)
		return -ENODEV;
	if (!s->writing)
		return 0;
	if (GetOverlappedResult(s->handle, &s->write, &n, FALSE)) {
		s->writing = false;
		return n < s->flying.len ? write_failed(s) : 0;
	}
	if (GetLastError() == ERROR_IO_INCOMPLETE)
		return 0;
	s->writing = false;
	return write_failed(s);
}

static int launch(struct com_stream *s)
{
	int error = land(s);

	if (!error && !s->writing && s->waiting.len) {
		s->flying = s->waiting;
		s->waiting.len = 0;
		s->writing = begun(WriteFile(s->handle, s->flying.octet,
					     (DWORD)s->flying.len, NULL, &s->write));
		error = s->writing ? land(s) : write_failed(s);
	}
	if (!error && s->writable.loop)
		loop_watch_change(&s->writable, s->writing ? LOOP_WRITE : 0);
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

/* A port has no time-outs once it is open: a read ends when it has all that it
 * asked for. So one octet is waited for, and the others that came with it are taken
 * behind it. */
static int ask(struct com_stream *s)
{
	s->reading = begun(ReadFile(s->handle, s->in, 1, NULL, &s->read));
	if (s->reading)
		return 0;
	SetEvent(s->read.hEvent);
	return -ENODEV;
}

/* They are there, so it waits only where a driver counts wrong. */
static size_t take_others(struct com_stream *s)
{
	DWORD errors, most = sizeof(s->in) - 1, n = 0;
	COMSTAT now;

	if (!ClearCommError(s->handle, &errors, &now) || !now.cbInQue)
		return 0;
	if (now.cbInQue < most)
		most = now.cbInQue;
	if (!begun(ReadFile(s->handle, s->in + 1, most, NULL, &s->read)))
		return 0;
	if (!is_over(&s->read, LAST_MS))
		give_up(s, &s->read);
	GetOverlappedResult(s->handle, &s->read, &n, FALSE);
	return n;
}

/* What of a read that failed is no end: a driver may break off what is under way
 * when the line had an error, or when it likes. */
static bool goes_on(struct com_stream *s)
{
	DWORD errors;

	if (GetLastError() != ERROR_OPERATION_ABORTED || s->aborted)
		return false;
	s->aborted = true;
	return ClearCommError(s->handle, &errors, NULL);
}

/* -EAGAIN: nothing is there. *ret_freed: the user freed the stream. */
static int take(struct com_stream *s, bool *ret_freed)
{
	DWORD n = 0;
	size_t len;

	if (!s->reading)
		return -ENODEV;
	if (!GetOverlappedResult(s->handle, &s->read, &n, FALSE)) {
		if (GetLastError() == ERROR_IO_INCOMPLETE)
			return -EAGAIN;
		s->reading = false;
		if (!goes_on(s))
			return -ENODEV;
		if (!n)
			return ask(s) ? -ENODEV : -EAGAIN;
	}
	s->reading = false;
	if (!n)
		return -ENODEV;
	s->aborted = false;
	len = n + take_others(s);
	s->freed = ret_freed;
	s->stream.events->input(s->stream.user, bytes(s->in, len));
	if (*ret_freed)
		return 0;
	s->freed = NULL;
	ask(s); /* if that fails, whoever comes next hears of it */
	return 0;
}

/* What came is handed over before an end is told. */
static void serve(struct com_stream *s)
{
	bool freed = false;
	int error = take(s, &freed);

	if (freed)
		return;
	if (!error || error == -EAGAIN)
		error = launch(s);
	if (!error)
		return;
	loop_unwatch(&s->readable);
	loop_unwatch(&s->writable);
	s->stream.events->closed(s->stream.user, -ENODEV);
}

static void on_readable(struct loop_watch *watch, unsigned int events)
{
	(void)events;
	serve(container_of(watch, struct com_stream, readable));
}

static void on_writable(struct loop_watch *watch, unsigned int events)
{
	(void)events;
	serve(container_of(watch, struct com_stream, writable));
}

static int wait_octets(struct bgapi_stream *stream, unsigned int ms)
{
	struct com_stream *s = com_of(stream);
	ULONGLONG end = GetTickCount64() + ms;

	for (;;) {
		HANDLE events[2] = { s->read.hEvent, s->write.hEvent };
		ULONGLONG now = GetTickCount64();
		bool freed = false;
		int error = take(s, &freed);

		if (error == -EAGAIN && !launch(s) && now < end) {
			WaitForMultipleObjects(s->writing ? 2 : 1, events, FALSE,
					       (DWORD)(end - now));
			continue;
		}
		if (error != -EAGAIN)
			return error;
		return s->failed ? -ENODEV : -ETIMEDOUT;
	}
}

/* -- Its life -------------------------------------------------------------------------- */

/* The last words have some time to leave. What a driver does not let go of is lost:
 * the system may still write into it. */
static void free_stream(struct bgapi_stream *stream)
{
	struct com_stream *s = com_of(stream);
	ULONGLONG now = GetTickCount64(), end = now + LAST_MS;
	bool read_stuck, write_stuck;

	if (s->freed)
		*s->freed = true;
	for (; s->writing && now < end; now = GetTickCount64())
		if (is_over(&s->write, (DWORD)(end - now)) && launch(s))
			break;
	loop_unwatch(&s->readable);
	loop_unwatch(&s->writable);
	write_stuck = s->writing && !give_up(s, &s->write);
	read_stuck = s->reading && !give_up(s, &s->read);
	if (s->port) {
		sp_close(s->port);
		sp_free_port(s->port);
	}
	if ((write_stuck && !is_over(&s->write, LAST_MS)) ||
	    (read_stuck && !is_over(&s->read, LAST_MS)))
		return;
	if (s->read.hEvent)
		CloseHandle(s->read.hEvent);
	if (s->write.hEvent)
		CloseHandle(s->write.hEvent);
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

/* Some versions of libserialport leave it to the driver to break off everything at an
 * error of the line, until somebody asks what it was. */
static void keep_going(HANDLE handle)
{
	DCB dcb = { .DCBlength = sizeof(dcb) };
	DWORD errors;

	ClearCommError(handle, &errors, NULL);
	if (!GetCommState(handle, &dcb))
		return; /* then it takes no other setting either */
	dcb.fAbortOnError = FALSE;
	SetCommState(handle, &dcb);
}

static int set_up(struct com_stream *s)
{
	struct sp_port *port = s->port;

	if (sp_get_port_handle(port, &s->handle) != SP_OK)
		return -EIO;
	keep_going(s->handle);
	if (sp_set_baudrate(port, 115200) != SP_OK || sp_set_bits(port, 8) != SP_OK ||
	    sp_set_parity(port, SP_PARITY_NONE) != SP_OK ||
	    sp_set_stopbits(port, 1) != SP_OK ||
	    sp_set_flowcontrol(port, SP_FLOWCONTROL_NONE) != SP_OK ||
	    sp_flush(port, SP_BUF_BOTH) != SP_OK)
		return -EIO;
	/* As Linux does: somebody is here. Not every port has the line. */
	sp_set_dtr(port, SP_DTR_ON);
	/* Ends the wait that libserialport began and would leave behind. */
	SetCommMask(s->handle, 0);
	return 0;
}

static int begin(struct com_stream *s, const char *path)
{
	int error;

	s->read.hEvent = CreateEvent(NULL, TRUE, FALSE, NULL);
	s->write.hEvent = CreateEvent(NULL, TRUE, FALSE, NULL);
	if (!s->read.hEvent || !s->write.hEvent)
		return -ENOMEM;
	if (ask(s))
		return loop_say(s->loop, -ENODEV, "%s cannot be read from (Windows' error "
				"%lu): replug the dongle", path, GetLastError());
	error = loop_watch(s->loop, &s->readable, s->read.hEvent, LOOP_READ);
	return error ? error : loop_watch(s->loop, &s->writable, s->write.hEvent, 0);
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
		error = begin(s, path);
	if (error)
		free_stream(&s->stream);
	else
		*ret_stream = &s->stream;
	return error;
}
