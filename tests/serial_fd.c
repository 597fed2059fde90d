/* SPDX-License-Identifier: MIT */
/* The stream over a descriptor, on socket pairs and ptys: partial messages, a full
 * pipe, hang-ups, and a free at every moment. */
#define _XOPEN_SOURCE 700
#define _DEFAULT_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "bgapi/message.h"
#include "bgapi/stream.h"
#include "tests/failmalloc.h"
#include "tests/line.h"
#include "tests/patience.h"
#include "tests/test_serial.h"

static int peer; /* the other end of the line; -1: it hung up */

static struct line *line_new(int fd, int other)
{
	struct line *line = line_start();

	peer = other;
	REQUIRE(bgapi_stream_fd(line->loop, fd, &line->stream) == 0);
	line_listen(line);
	return line;
}

static struct line *socket_line(void)
{
	int fd[2];

	REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0);
	return line_new(fd[0], fd[1]);
}

/* The stream has the slave's side, as a program has of an emulator's pty. */
static struct line *pty_line(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave;
	struct termios raw;

	REQUIRE(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	REQUIRE(slave >= 0 && tcgetattr(slave, &raw) == 0);
	cfmakeraw(&raw);
	REQUIRE(tcsetattr(slave, TCSANOW, &raw) == 0);
	return line_new(slave, master);
}

static void line_end(struct line *line)
{
	line_drop(line);
	if (peer >= 0)
		close(peer);
	ble_loop_unref(line->loop);
}

static void hang_up(void)
{
	close(peer);
	peer = -1;
}

static void peer_writes(const void *data, size_t len)
{
	REQUIRE(write(peer, data, len) == (ssize_t)len);
}

static void turn(struct line *line)
{
	CHECK_INT(ble_loop_dispatch(line->loop, 0), 0);
}

/* What goes through a pty takes a moment. */
static void turn_until(struct line *line, size_t inputs)
{
	while (line->inputs < inputs && !line->closes)
		CHECK_INT(ble_loop_dispatch(line->loop, -1), 0);
}

static int send_text(struct line *line, const char *text)
{
	return line->stream->class->send(line->stream, bytes(text, strlen(text)));
}

/* -- Octets in ------------------------------------------------------------------- */

static void comes_in_pieces(struct line *line)
{
	turn(line);
	CHECK_INT(line->inputs, 0);
	peer_writes("ab", 2);
	turn_until(line, 1);
	peer_writes("cde", 3);
	turn_until(line, 2);
	turn(line);
	CHECK_INT(line->inputs, 2);
	CHECK_INT(line->len, 5);
	CHECK_MEM(line->octet, "abcde", 5);
	CHECK_INT(line->closes, 0);
	line_end(line);
}

static void pieces_of_a_socket(void)
{
	comes_in_pieces(socket_line());
}

static void pieces_of_a_pty(void)
{
	comes_in_pieces(pty_line());
}

static void one_input_for_many_messages(void)
{
	struct line *line = socket_line();
	uint8_t burst[3000];
	unsigned long before;

	memset(burst, 0x5a, sizeof(burst));
	turn(line);
	peer_writes(burst, sizeof(burst));
	before = failmalloc_count();
	turn(line);
	CHECK_INT(failmalloc_count() - before, 0);
	CHECK_INT(line->inputs, 1);
	CHECK_INT(line->len, sizeof(burst));
	line_end(line);
}

/* -- Octets out -------------------------------------------------------------------- */

static void goes_out(struct line *line)
{
	char text[8];

	CHECK_INT(send_text(line, "hello"), 0);
	CHECK_INT(read(peer, text, sizeof(text)), 5);
	CHECK_MEM(text, "hello", 5);
	line_end(line);
}

static void out_of_a_socket(void)
{
	goes_out(socket_line());
}

static void out_of_a_pty(void)
{
	goes_out(pty_line());
}

static void too_long_for_a_message(void)
{
	struct line *line = socket_line();
	uint8_t octets[2 + BGAPI_FRAME_MAX] = { 0 };

	CHECK_INT(line->stream->class->send(line->stream, bytes(octets, sizeof(octets))),
		  -EMSGSIZE);
	CHECK_INT(line->stream->class->send(line->stream,
					    bytes(octets, sizeof(octets) - 1)), 0);
	line_end(line);
}

/* Sends messages that number themselves until one is refused. */
static unsigned int fill(struct line *line)
{
	uint8_t octets[BGAPI_FRAME_MAX];
	unsigned int n = 0;
	int error;

	do {
		for (size_t i = 0; i < sizeof(octets); i++)
			octets[i] = (uint8_t)(n + i);
		error = line->stream->class->send(line->stream,
						  bytes(octets, sizeof(octets)));
		n += error == 0;
	} while (!error && n < 100000);
	CHECK_INT(error, -EAGAIN);
	return n;
}

static size_t read_some(size_t seen)
{
	uint8_t octets[1000];
	ssize_t n = recv(peer, octets, sizeof(octets), MSG_DONTWAIT);

	for (ssize_t i = 0; i < n; i++, seen++)
		REQUIRE(octets[i] ==
			(uint8_t)(seen / BGAPI_FRAME_MAX + seen % BGAPI_FRAME_MAX));
	return seen;
}

/* Every octet that was taken comes, in order, once; where a socket is full in
 * the middle of a message, too. */
static void finishes_what_it_took(bool by_wait)
{
	struct line *line = socket_line();
	unsigned int n;
	size_t seen = 0;

	/* An odd size, so that it does not end with a message. */
	setsockopt(peer, SOL_SOCKET, SO_RCVBUF, &(int){ 4001 }, sizeof(int));
	n = fill(line);
	CHECK(n > 1);
	for (unsigned int i = 0; i < 20000 && seen < (size_t)n * BGAPI_FRAME_MAX; i++) {
		seen = read_some(seen);
		if (by_wait)
			CHECK_INT(line->stream->class->wait(line->stream, 0), -ETIMEDOUT);
		else
			turn(line);
	}
	CHECK_INT(seen, (size_t)n * BGAPI_FRAME_MAX);
	CHECK_INT(send_text(line, "more"), 0);
	turn(line);
	line_end(line);
}

static void finished_in_dispatch(void)
{
	finishes_what_it_took(false);
}

static void finished_in_wait(void)
{
	finishes_what_it_took(true);
}

/* A pty takes half a message where its other side is slow. */
static void half_a_message(void)
{
	struct line *line = pty_line();
	uint8_t octets[4096];
	size_t seen = 0, all;
	ssize_t n;

	fcntl(peer, F_SETFL, O_NONBLOCK);
	all = (size_t)fill(line) * BGAPI_FRAME_MAX;
	for (int i = 0; i < 1000 && seen < all; i++) {
		n = read(peer, octets, sizeof(octets));
		for (ssize_t k = 0; k < n; k++, seen++)
			REQUIRE(octets[k] == (uint8_t)(seen / BGAPI_FRAME_MAX +
						       seen % BGAPI_FRAME_MAX));
		CHECK_INT(ble_loop_dispatch(line->loop, 1), 0);
	}
	CHECK_INT(seen, all);
	line_end(line);
}

/* -- The end --------------------------------------------------------------------------- */

static void ends_once(struct line *line)
{
	hang_up();
	for (int i = 0; i < 4; i++)
		turn(line);
	CHECK_INT(line->closes, 1);
	CHECK_INT(line->error, -ENODEV);
	line_end(line);
}

static void socket_hangs_up(void)
{
	ends_once(socket_line());
}

static void pty_hangs_up(void)
{
	ends_once(pty_line());
}

static void last_words_come(void)
{
	struct line *line = socket_line();

	peer_writes("bye", 3);
	hang_up();
	for (int i = 0; i < 4; i++)
		turn(line);
	CHECK_INT(line->len, 3);
	CHECK_INT(line->closes, 1);
	line_end(line);
}

/* No SIGPIPE: this would be the end of the test. */
static void send_to_nobody(struct line *line)
{
	int error;

	hang_up();
	error = send_text(line, "hello");
	CHECK(error == -ENODEV || error == 0);
	CHECK_INT(line->closes, 0);
	turn(line);
	CHECK_INT(line->closes, 1);
	CHECK_INT(line->error, -ENODEV);
	line_end(line);
}

static void send_to_no_socket(void)
{
	send_to_nobody(socket_line());
}

static void send_to_no_pty(void)
{
	send_to_nobody(pty_line());
}

static void hang_up_while_unsent(void)
{
	struct line *line = socket_line();

	fill(line);
	hang_up();
	for (int i = 0; i < 4; i++)
		turn(line);
	CHECK_INT(line->closes, 1);
	CHECK_INT(line->error, -ENODEV);
	line_end(line);
}

/* -- Freed by a callback ------------------------------------------------------------------ */

static void freed_in_input(void)
{
	struct line *line = socket_line();

	line->free_on_input = true;
	fill(line); /* LOOP_WRITE is wanted, too */
	peer_writes("x", 1);
	turn(line);
	turn(line);
	CHECK(!line->stream);
	CHECK_INT(line->closes, 0);
	line_end(line);
}

static void freed_in_input_of_wait(void)
{
	struct line *line = socket_line();

	line->free_on_input = true;
	peer_writes("x", 1);
	CHECK_INT(line->stream->class->wait(line->stream, 1000), 0);
	CHECK(!line->stream);
	line_end(line);
}

static void freed_in_closed(void)
{
	struct line *line = socket_line();

	line->free_on_close = true;
	hang_up();
	turn(line);
	CHECK(!line->stream);
	CHECK_INT(line->closes, 1);
	line_end(line);
}

/* -- Outside of dispatch --------------------------------------------------------------------- */

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void wait_for_octets(void)
{
	struct line *line = socket_line();
	uint64_t start = now_ms();

	CHECK_INT(line->stream->class->wait(line->stream, 0), -ETIMEDOUT);
	CHECK_INT(line->stream->class->wait(line->stream, 30), -ETIMEDOUT);
	CHECK(now_ms() - start >= 29);
	peer_writes("abc", 3);
	CHECK_INT(line->stream->class->wait(line->stream, 5000), 0);
	CHECK_INT(line->len, 3);
	hang_up();
	CHECK_INT(line->stream->class->wait(line->stream, 5000), -ENODEV);
	CHECK_INT(line->closes, 0);
	line_end(line);
}

static volatile sig_atomic_t signals;

static void on_signal(int number)
{
	(void)number;
	signals = signals + 1;
}

/* Signals that come meanwhile neither end the wait nor prolong it. */
static void wait_through_signals(void)
{
	struct line *line = socket_line();
	struct sigaction quiet = { .sa_handler = on_signal }, before;
	struct timespec pause = { 0, 20000000 };
	uint64_t start = now_ms();
	pid_t child;

	sigaction(SIGUSR1, &quiet, &before);
	signals = 0;
	child = fork();
	if (child == 0) {
		for (int i = 0; i < 5; i++) {
			nanosleep(&pause, NULL);
			kill(getppid(), SIGUSR1);
		}
		_exit(write(peer, "x", 1) != 1);
	}
	REQUIRE(child > 0);
	CHECK_INT(line->stream->class->wait(line->stream, patience_ms()), 0);
	CHECK(signals > 0);
	CHECK_INT(line->len, 1);
	CHECK(now_ms() - start < patience_ms());
	waitpid(child, NULL, 0);
	sigaction(SIGUSR1, &before, NULL);
	line_end(line);
}

/* -- A callback that forks, and returns in the child ------------------------------- */

static bool is_child;

static void forking_input(void *user, struct ble_bytes octets)
{
	struct line *line = user;

	line->inputs++;
	line->len += octets.len;
	is_child = harness_fork_first();
}

static void no_close(void *user, int error)
{
	(void)user;
	CHECK_INT(error, 0);
	CHECK(false);
}

/* The descriptor is writable, too: what is left of a message is the parent's to send. */
static void forked_in_input(void)
{
	static const struct bgapi_stream_events events = { forking_input, no_close };
	struct line *line = socket_line();
	size_t all = (size_t)fill(line) * BGAPI_FRAME_MAX, seen = 0, last;
	int error;

	do {
		last = seen;
		seen = read_some(seen);
	} while (seen > last);
	CHECK(seen < all);
	line->stream->events = &events;
	is_child = false;
	peer_writes("x", 1);
	error = ble_loop_dispatch(line->loop, 0);
	CHECK_INT(line->inputs, 1);
	CHECK_INT(line->len, 1);
	if (is_child) {
		CHECK_INT(error, -ECHILD);
		line_end(line);
		harness_end_child();
	}
	CHECK_INT(error, 0);
	for (int i = 0; i < 20000 && seen < all; i++) {
		turn(line);
		seen = read_some(seen);
	}
	CHECK_INT(seen, all);
	CHECK_INT(read_some(seen), all);
	line_end(line);
}

/* -- Making it ---------------------------------------------------------------------------------- */

static int make_one(void *user)
{
	struct bgapi_stream *stream;
	struct ble_loop *loop;
	int fd[2], error;

	(void)user;
	error = ble_loop_new(&loop);
	if (error)
		return error;
	REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0);
	error = bgapi_stream_fd(loop, fd[0], &stream);
	if (!error)
		stream->class->free(stream);
	close(fd[1]);
	ble_loop_unref(loop);
	return error;
}

static void without_memory(void)
{
	CHECK(fail_each(make_one, NULL) >= 2);
}

/* epoll takes no plain file: the descriptor is closed all the same. */
static void not_to_be_watched(void)
{
	struct bgapi_stream *stream = NULL;
	struct ble_loop *loop;
	int fd;

	REQUIRE(ble_loop_new(&loop) == 0);
	fd = open("/proc/self/exe", O_RDONLY);
	REQUIRE(fd >= 0);
	CHECK_INT(bgapi_stream_fd(loop, fd, &stream), -EPERM);
	CHECK(!stream);
	CHECK(fcntl(fd, F_GETFD) < 0);
	ble_loop_unref(loop);
}

const struct test_case serial_fd[] = {
	TEST(pieces_of_a_socket),
	TEST(pieces_of_a_pty),
	TEST(one_input_for_many_messages),
	TEST(out_of_a_socket),
	TEST(out_of_a_pty),
	TEST(too_long_for_a_message),
	TEST(finished_in_dispatch),
	TEST(finished_in_wait),
	TEST(half_a_message),
	TEST(socket_hangs_up),
	TEST(pty_hangs_up),
	TEST(last_words_come),
	TEST(send_to_no_socket),
	TEST(send_to_no_pty),
	TEST(hang_up_while_unsent),
	TEST(freed_in_input),
	TEST(freed_in_input_of_wait),
	TEST(freed_in_closed),
	TEST(wait_for_octets),
	TEST(wait_through_signals),
	TEST(forked_in_input),
	TEST(without_memory),
	TEST(not_to_be_watched),
	{ 0 },
};
