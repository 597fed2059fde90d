/* SPDX-License-Identifier: MIT */
/*
 * A stream over a descriptor: a tty, a pty or a stream socket. POSIX.
 *
 * One read() takes all octets that are there, of any number of messages, and nothing
 * is allocated for them.
 */
#include "bgapi/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "bgapi/message.h"

#ifndef MSG_NOSIGNAL /* macOS: the socket has an option for it */
#define MSG_NOSIGNAL 0
#endif

enum { READ_MAX = 4096 };

struct fd_stream {
	struct bgapi_stream stream;
	struct ble_loop *loop;
	struct loop_watch watch;
	bool is_socket;
	bool *freed; /* while input() runs: set by free() for the caller */
	size_t unsent;
	uint8_t out[1 + BGAPI_FRAME_MAX]; /* the rest of a message, not sent yet */
};

static struct fd_stream *fd_of(struct bgapi_stream *stream)
{
	return container_of(stream, struct fd_stream, stream);
}

/* A tty gives the first three errors when its device is unplugged, a socket the others. */
static int error_of(int number)
{
	switch (number) {
	case EIO:
	case ENXIO:
	case ENODEV:
	case EPIPE:
	case ECONNRESET:
		return -ENODEV;
	default:
		return -number;
	}
}

/* -- Out ----------------------------------------------------------------------- */

/* *ret_len: how many octets were written; 0 if the descriptor takes none now. */
static int write_some(const struct fd_stream *s, struct ble_bytes octets, size_t *ret_len)
{
	ssize_t n;

	do {
		n = s->is_socket
			? send(s->watch.fd, octets.data, octets.len, MSG_NOSIGNAL)
			: write(s->watch.fd, octets.data, octets.len);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
		return error_of(errno);
	*ret_len = n < 0 ? 0 : (size_t)n;
	return 0;
}

static int flush(struct fd_stream *s)
{
	size_t len = 0;
	int error = s->unsent ? write_some(s, bytes(s->out, s->unsent), &len) : 0;

	if (error)
		return error;
	s->unsent -= len;
	memmove(s->out, s->out + len, s->unsent);
	return s->unsent ? 0 : loop_watch_change(&s->watch, LOOP_READ);
}

static int send_octets(struct bgapi_stream *stream, struct ble_bytes octets)
{
	struct fd_stream *s = fd_of(stream);
	size_t len = 0;
	int error;

	if (octets.len > sizeof(s->out))
		return -EMSGSIZE;
	if (!s->watch.loop)
		return -ENODEV; /* closed() was called */
	if (loop_inherited(s->loop))
		return -ECHILD;
	error = flush(s);
	if (!error && s->unsent)
		error = -EAGAIN;
	if (!error)
		error = write_some(s, octets, &len);
	if (error || len == octets.len)
		return error;
	s->unsent = octets.len - len;
	memcpy(s->out, octets.data + len, s->unsent);
	return loop_watch_change(&s->watch, LOOP_READ | LOOP_WRITE);
}

/* -- In ------------------------------------------------------------------------ */

/* -EAGAIN: nothing to read. -ECHILD: input() forked, and this is the child, which leaves
 * the rest to its parent. *ret_freed: input() freed the stream. */
static int read_some(struct fd_stream *s, bool *ret_freed)
{
	uint8_t octets[READ_MAX];
	ssize_t n;

	do {
		n = read(s->watch.fd, octets, sizeof(octets));
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EWOULDBLOCK ? -EAGAIN : error_of(errno);
	if (n == 0)
		return -ENODEV;
	s->freed = ret_freed;
	s->stream.events->input(s->stream.user, bytes(octets, (size_t)n));
	if (*ret_freed)
		return 0;
	s->freed = NULL;
	return loop_inherited(s->loop) ? -ECHILD : 0;
}

/* Reads and writes as the events say. 0: input() was called. -EAGAIN: it was not. */
static int handle_events(struct fd_stream *s, unsigned int events, bool *ret_freed)
{
	int error = -EAGAIN, failed = 0;

	if (events & (LOOP_READ | LOOP_HANGUP))
		error = read_some(s, ret_freed);
	if (*ret_freed)
		return 0;
	if (error == -EAGAIN && events & LOOP_HANGUP)
		error = -ENODEV;
	if (events & LOOP_WRITE && (!error || error == -EAGAIN))
		failed = flush(s);
	return failed ? failed : error;
}

static void on_ready(struct loop_watch *watch, unsigned int events)
{
	struct fd_stream *s = container_of(watch, struct fd_stream, watch);
	bool freed = false;
	int error = handle_events(s, events, &freed);

	if (freed || !error || error == -EAGAIN || error == -ECHILD)
		return;
	loop_unwatch(&s->watch);
	s->stream.events->closed(s->stream.user, error);
}

/* -- Outside of dispatch --------------------------------------------------------- */

/* Not the loop's clock: a test may have frozen that, and poll() waits in real time. */
static uint64_t clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
}

static unsigned int events_of(short events)
{
	return (events & POLLIN ? LOOP_READ : 0u) |
	       (events & POLLOUT ? LOOP_WRITE : 0u) |
	       (events & (POLLHUP | POLLERR | POLLNVAL) ? LOOP_HANGUP : 0u);
}

static int wait_octets(struct bgapi_stream *stream, unsigned int ms)
{
	struct fd_stream *s = fd_of(stream);
	uint64_t now = clock_ms(), end = now + ms;
	bool freed = false;
	int error = loop_inherited(s->loop) ? -ECHILD : -EAGAIN;

	while (error == -EAGAIN) {
		struct pollfd p = {
			.fd = s->watch.fd,
			.events = (short)(POLLIN | (s->unsent ? POLLOUT : 0)),
		};
		int n = poll(&p, 1, (int)(end > now ? end - now : 0));

		if (n > 0)
			error = handle_events(s, events_of(p.revents), &freed);
		else if (n < 0 && errno != EINTR)
			return -errno;
		now = clock_ms();
		if (error == -EAGAIN && now >= end)
			return -ETIMEDOUT;
	}
	return error;
}

/* -- Its life ----------------------------------------------------------------------- */

/* A child of fork() may have the descriptor too, and keeps it open. So what closing it
 * does is done first: a socket is shut down, tty.c's locks are removed. The child itself
 * does neither. */
static void release_fd(const struct fd_stream *s)
{
	if (loop_inherited(s->loop))
		return;
	if (s->is_socket) {
		shutdown(s->watch.fd, SHUT_RDWR);
		return;
	}
#ifdef TIOCNXCL
	ioctl(s->watch.fd, TIOCNXCL);
#endif
	flock(s->watch.fd, LOCK_UN);
}

static void free_stream(struct bgapi_stream *stream)
{
	struct fd_stream *s = fd_of(stream);

	if (s->freed)
		*s->freed = true;
	release_fd(s);
	loop_unwatch(&s->watch);
	close(s->watch.fd);
	free(s);
}

static const struct bgapi_stream_class fd_class = {
	.send = send_octets,
	.wait = wait_octets,
	.free = free_stream,
};

static int set_up(int fd, bool *ret_socket)
{
	int flags = fcntl(fd, F_GETFL);
	struct stat status;

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) || fstat(fd, &status))
		return -errno;
	*ret_socket = S_ISSOCK(status.st_mode);
#ifdef SO_NOSIGPIPE
	if (*ret_socket &&
	    setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &(int){ 1 }, sizeof(int)))
		return -errno;
#endif
	return 0;
}

int bgapi_stream_fd(struct ble_loop *loop, int fd, struct bgapi_stream **ret_stream)
{
	struct fd_stream *s = calloc(1, sizeof(*s));
	int error = s ? set_up(fd, &s->is_socket) : -ENOMEM;

	if (!error) {
		s->stream.class = &fd_class;
		s->loop = loop;
		s->watch.ready = on_ready;
		error = loop_watch(loop, &s->watch, fd, LOOP_READ);
	}
	if (error) {
		close(fd);
		free(s);
		return error;
	}
	*ret_stream = &s->stream;
	return 0;
}
