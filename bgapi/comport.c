/* SPDX-License-Identifier: MIT */
/*
 * A stream over a serial port of Windows. libserialport opens and configures the port.
 * Reading and writing are overlapped calls of our own, at most one of each.
 * libserialport's event for "octets arrived" is not used: it stays set after the octets
 * were read. Windows lets only one program open a port.
 *
 * A port may fail outside of dispatch. Then the failure is kept and the event is set, so
 * that the loop reports it.
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
	OUT_MAX = 4 * (1 + BGAPI_FRAME_MAX), /* queued behind a write */
	FREE_MS = 100 /* how long freeing waits for a call to end */
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
	bool reading, writing; /* the call is running */
	bool aborted; /* the last read was aborted, and none succeeded since */
	bool failed;  /* a write failed: octets are missing */
	struct loop_watch readable, writable; /* the events of read and write */
	bool *freed; /* while input() runs: set by free() for the caller */
	uint8_t in[READ_MAX];
	struct com_out in_flight, queued;
};

static struct com_stream *com_of(struct bgapi_stream *stream)
{
	return container_of(stream, struct com_stream, stream);
}

/* Whether an overlapped call was started. done: what it returned. */
static bool is_started(BOOL done)
{
	return done || GetLastError() == ERROR_IO_PENDING;
}

static bool is_over(const OVERLAPPED *call, DWORD ms)
{
	return WaitForSingleObject(call->hEvent, ms) == WAIT_OBJECT_0;
}

/* Cancels a call. False: the system still uses its buffer. */
static bool cancel_io(struct com_stream *s, OVERLAPPED *call)
{
	CancelIoEx(s->handle, call);
	return is_over(call, FREE_MS);
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

/* Whether the last write has ended, and how. */
static int check_write(struct com_stream *s)
{
	DWORD n;

	if (s->failed)
		return -ENODEV;
	if (!s->writing)
		return 0;
	if (GetOverlappedResult(s->handle, &s->write, &n, FALSE)) {
		s->writing = false;
		return n < s->in_flight.len ? write_failed(s) : 0;
	}
	if (GetLastError() == ERROR_IO_INCOMPLETE)
		return 0;
	s->writing = false;
	return write_failed(s);
}

static int start_write(struct com_stream *s)
{
	int error = check_write(s);

	if (!error && !s->writing && s->queued.len) {
		s->in_flight = s->queued;
		s->queued.len = 0;
		s->writing = is_started(WriteFile(s->handle, s->in_flight.octet,
					     (DWORD)s->in_flight.len, NULL, &s->write));
		error = s->writing ? check_write(s) : write_failed(s);
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
	error = start_write(s);
	if (!error && octets.len > sizeof(s->queued.octet) - s->queued.len)
		error = -EAGAIN;
	if (error)
		return error;
	memcpy(s->queued.octet + s->queued.len, octets.data, octets.len);
	s->queued.len += octets.len;
	return start_write(s);
}

/* -- In ------------------------------------------------------------------------------ */

/* libserialport sets no timeouts: a read ends when it has all octets that it asked for. So
 * this reads one octet, and read_rest() those behind it. */
static int start_read(struct com_stream *s)
{
	s->reading = is_started(ReadFile(s->handle, s->in, 1, NULL, &s->read));
	if (s->reading)
		return 0;
	SetEvent(s->read.hEvent);
	return -ENODEV;
}

/* Reads what has arrived. It waits only if the driver's count is wrong. */
static size_t read_rest(struct com_stream *s)
{
	DWORD errors, most = sizeof(s->in) - 1, n = 0;
	COMSTAT now;

	if (!ClearCommError(s->handle, &errors, &now) || !now.cbInQue)
		return 0;
	if (now.cbInQue < most)
		most = now.cbInQue;
	if (!is_started(ReadFile(s->handle, s->in + 1, most, NULL, &s->read)))
		return 0;
	if (!is_over(&s->read, FREE_MS))
		cancel_io(s, &s->read);
	GetOverlappedResult(s->handle, &s->read, &n, FALSE);
	return n;
}

/* Whether a read that failed may be repeated: a driver may abort it after a line error, or
 * without a reason. */
static bool may_retry(struct com_stream *s)
{
	DWORD errors;

	if (GetLastError() != ERROR_OPERATION_ABORTED || s->aborted)
		return false;
	s->aborted = true;
	return ClearCommError(s->handle, &errors, NULL);
}

/* -EAGAIN: nothing is there. *ret_freed: the user freed the stream. */
static int read_some(struct com_stream *s, bool *ret_freed)
{
	DWORD n = 0;
	size_t len;

	if (!s->reading)
		return -ENODEV;
	if (!GetOverlappedResult(s->handle, &s->read, &n, FALSE)) {
		if (GetLastError() == ERROR_IO_INCOMPLETE)
			return -EAGAIN;
		s->reading = false;
		if (!may_retry(s))
			return -ENODEV;
		if (!n)
			return start_read(s) ? -ENODEV : -EAGAIN;
	}
	s->reading = false;
	if (!n)
		return -ENODEV;
	s->aborted = false;
	len = n + read_rest(s);
	s->freed = ret_freed;
	s->stream.events->input(s->stream.user, bytes(s->in, len));
	if (*ret_freed)
		return 0;
	s->freed = NULL;
	start_read(s); /* the next call reports an error */
	return 0;
}

/* Passes on the octets before it reports the end. */
static void handle_events(struct com_stream *s)
{
	bool freed = false;
	int error = read_some(s, &freed);

	if (freed)
		return;
	if (!error || error == -EAGAIN)
		error = start_write(s);
	if (!error)
		return;
	loop_unwatch(&s->readable);
	loop_unwatch(&s->writable);
	s->stream.events->closed(s->stream.user, -ENODEV);
}

static void on_readable(struct loop_watch *watch, unsigned int events)
{
	(void)events;
	handle_events(container_of(watch, struct com_stream, readable));
}

static void on_writable(struct loop_watch *watch, unsigned int events)
{
	(void)events;
	handle_events(container_of(watch, struct com_stream, writable));
}

static int wait_octets(struct bgapi_stream *stream, unsigned int ms)
{
	struct com_stream *s = com_of(stream);
	ULONGLONG end = GetTickCount64() + ms;

	for (;;) {
		HANDLE events[2] = { s->read.hEvent, s->write.hEvent };
		ULONGLONG now = GetTickCount64();
		bool freed = false;
		int error = read_some(s, &freed);

		if (error == -EAGAIN && !start_write(s) && now < end) {
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

/* Waits a while for the last write. If a driver does not end a call, the memory is leaked,
 * because the system may still write into it. */
static void free_stream(struct bgapi_stream *stream)
{
	struct com_stream *s = com_of(stream);
	ULONGLONG now = GetTickCount64(), end = now + FREE_MS;
	bool read_stuck, write_stuck;

	if (s->freed)
		*s->freed = true;
	for (; s->writing && now < end; now = GetTickCount64())
		if (is_over(&s->write, (DWORD)(end - now)) && start_write(s))
			break;
	loop_unwatch(&s->readable);
	loop_unwatch(&s->writable);
	write_stuck = s->writing && !cancel_io(s, &s->write);
	read_stuck = s->reading && !cancel_io(s, &s->read);
	if (s->port) {
		sp_close(s->port);
		sp_free_port(s->port);
	}
	if ((write_stuck && !is_over(&s->write, FREE_MS)) ||
	    (read_stuck && !is_over(&s->read, FREE_MS)))
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
		return loop_set_error(loop, -ENODEV, "there is no %s: plug the dongle in; its "
				      "port may have another number now, and bled112 finds it by "
				      "its USB id", path);
	case ERROR_ACCESS_DENIED:
	case ERROR_SHARING_VIOLATION:
		return loop_set_error(loop, -EBUSY, "another program is using %s: end that one",
				      path);
	default:
		return loop_set_error(loop, -EIO, "cannot open %s: Windows' error %d", path,
				      sp_last_error_code());
	}
}

/* Some versions of libserialport leave fAbortOnError set: then a line error aborts all
 * calls until ClearCommError(). */
static void clear_abort_on_error(HANDLE handle)
{
	DCB dcb = { .DCBlength = sizeof(dcb) };
	DWORD errors;

	ClearCommError(handle, &errors, NULL);
	if (!GetCommState(handle, &dcb))
		return;
	dcb.fAbortOnError = FALSE;
	SetCommState(handle, &dcb);
}

static int set_up(struct com_stream *s)
{
	struct sp_port *port = s->port;

	if (sp_get_port_handle(port, &s->handle) != SP_OK)
		return -EIO;
	clear_abort_on_error(s->handle);
	if (sp_set_baudrate(port, 115200) != SP_OK || sp_set_bits(port, 8) != SP_OK ||
	    sp_set_parity(port, SP_PARITY_NONE) != SP_OK ||
	    sp_set_stopbits(port, 1) != SP_OK ||
	    sp_set_flowcontrol(port, SP_FLOWCONTROL_NONE) != SP_OK ||
	    sp_flush(port, SP_BUF_BOTH) != SP_OK)
		return -EIO;
	/* As Linux does. Not every port has the line. */
	sp_set_dtr(port, SP_DTR_ON);
	/* Ends the wait that libserialport started. */
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
	if (start_read(s))
		return loop_set_error(s->loop, -ENODEV, "%s cannot be read from (Windows' error "
				      "%lu): replug the dongle", path, GetLastError());
	error = loop_watch(s->loop, &s->readable, s->read.hEvent, LOOP_READ);
	return error ? error : loop_watch(s->loop, &s->writable, s->write.hEvent, 0);
}

static int open_port(struct com_stream *s, const char *path)
{
	/* libserialport adds this prefix itself. */
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
		return loop_set_error(s->loop, -EIO, "%s takes no settings: replug the dongle",
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
